"""`guildhall doctor`: names each problem and its cure, in one line each."""

import asyncio
from dataclasses import dataclass

import asyncpg
import redis
from rich.markup import escape

from cli.console import OUT
from cli.ground import full, old_python, unwritable
from cli.listening import answers, bind
from cli.servers import running_servers
from cli.stop import Stop
from providers import ProviderDown, ProviderRefused
from providers.embedded import ServerFault
from providers.pdf.chromium import find
from providers.pdf.errors import PrinterDown
from server.__main__ import close_house, make_house
from server.leaning import Service, services
from settings import DATABASE_ROLES, Settings
from tenants.errors import Refusal

OLDEST_POSTGRES = 15
SERVICE_SECONDS = 15


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what is wrong with it and how to cure it (nothing: it is well)."""

    what: str
    problem: str


def doctor(settings: Settings) -> None:
    """Print every finding; Stop if there is a problem."""
    findings = examine(settings)
    for finding in findings:
        mark = (
            f"[red]✘[/red] {finding.what}: {escape(finding.problem)}"
            if finding.problem
            else f"[green]✔[/green] {finding.what}"
        )
        OUT.print(mark)
    if problems := [finding for finding in findings if finding.problem]:
        raise Stop(f"{len(problems)} of {len(findings)} need a cure.")


def examine(settings: Settings) -> list[Finding]:
    """Look at everything, the ground first; what stands on bad ground is not looked at."""
    ground = [
        Finding("Python", old_python()),
        Finding("Folder", unwritable(settings.home)),
        Finding("Disk", "" if unwritable(settings.home) else full(settings.home)),
    ]
    if any(finding.problem for finding in ground):
        return ground
    return [
        *ground,
        Finding("Port", port_problem(settings)),
        Finding("Proxy", proxy_problem(settings)),
        *examine_servers(settings),
        *asyncio.run(examine_services(settings)),
        Finding("Chromium", chromium_problem(settings)),
    ]


def port_problem(settings: Settings) -> str:
    """Why the port cannot be had; none if we ourselves answer there."""
    try:
        bind(settings).close()
    except Stop as stop:
        return "" if answers(settings) else str(stop)
    return ""


def proxy_problem(settings: Settings) -> str:
    """We speak no TLS ourselves, so an https address means a proxy in front, whose word on addresses must count."""
    if settings.base_url.startswith("https:") and not settings.trusted_proxies:
        return (
            "BASE_URL is https, so a proxy stands in front, but TRUSTED_PROXIES is 0: every visitor counts as one "
            "address, and limits meant for one stop all. Set TRUSTED_PROXIES=1."
        )
    return ""


async def examine_services(settings: Settings) -> list[Finding]:
    """Ask each service behind a port whether it is well; one that cannot even be made is told by its setting."""
    try:
        house = make_house(settings)
    except ValueError as wrong:
        return [Finding("Services", str(wrong))]
    try:
        return list(await asyncio.gather(*(examine_service(service) for service in services(house))))
    finally:
        await close_house(house)


async def examine_service(service: Service) -> Finding:
    """What is wrong with one service, which setting names it, and what is lost until it is cured."""
    name = f"{service.name.capitalize()} ({service.setting})"
    try:
        async with asyncio.timeout(SERVICE_SECONDS):
            await service.ask()
    except (ProviderDown, ProviderRefused, Refusal) as fault:
        return Finding(name, f"{fault.message} Until then: {service.loss}")
    except TimeoutError:
        return Finding(name, f"it does not answer within {SERVICE_SECONDS} s. Until then: {service.loss}")
    return Finding(name, "")


def examine_servers(settings: Settings) -> list[Finding]:
    """Look at PostgreSQL and Redis, embedded ones started for the time of it."""
    try:
        with running_servers(settings) as addresses:
            return [Finding("PostgreSQL", postgres_problem(addresses)), Finding("Redis", redis_problem(addresses))]
    except ServerFault as fault:
        return [Finding("Embedded servers", str(fault))]


def postgres_problem(settings: Settings) -> str:
    """What is wrong with the database server."""
    try:
        return asyncio.run(ask_postgres(settings))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        return f"cannot be reached ({fault}): check that it runs and that DATABASE_URL is right."


async def ask_postgres(settings: Settings) -> str:
    """What is wrong with its version or roles."""
    connection = await asyncpg.connect(settings.database_url, timeout=5, command_timeout=5)
    try:
        if connection.get_server_version().major < OLDEST_POSTGRES:
            return f"version {connection.get_server_version().major} is too old: use {OLDEST_POSTGRES} or newer."
        rows = await connection.fetch("select rolname from pg_roles where rolname = any($1)", DATABASE_ROLES)
    finally:
        await connection.close(timeout=5)
    missing = sorted(set(DATABASE_ROLES) - {row["rolname"] for row in rows})
    return f"it lacks {', '.join(missing)}: run `guildhall migrate`." if missing else ""


def redis_problem(settings: Settings) -> str:
    """What is wrong with Redis: unreachable, or set so that it could lose jobs."""
    try:
        with redis.Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5) as line:
            policy = line.config_get("maxmemory-policy").get("maxmemory-policy")
            append = line.config_get("appendonly").get("appendonly")
    except redis.ResponseError:
        return "it does not show its configuration: see to it yourself that it has noeviction and an append-only file."
    except redis.RedisError as fault:
        return f"cannot be reached ({fault}): check that it runs and that REDIS_URL is right."
    if policy not in ("noeviction", b"noeviction"):
        return "it may evict jobs: set maxmemory-policy to noeviction."
    return "" if append in ("yes", b"yes") else "a restart would lose jobs: set appendonly to yes."


def chromium_problem(settings: Settings) -> str:
    """Why certificates could not be printed."""
    try:
        find(settings.chromium)
    except PrinterDown as fault:
        return str(fault)
    return ""
