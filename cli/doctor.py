"""`guildhall doctor`: names each problem and its cure, in one line each."""

import asyncio
from dataclasses import dataclass

from rich.markup import escape

from cli.console import OUT
from cli.ground import full, old_python, unwritable
from cli.listening import answers, bind
from cli.server_checks import postgres_problem, redis_problem
from cli.servers import running_servers
from cli.stop import Stop
from providers import ProviderDown, ProviderRefused
from providers.embedded import ServerFault
from providers.pdf.chromium import find
from providers.pdf.errors import PrinterDown
from realtime.engine import EngineServer
from server.__main__ import close_house, make_house
from server.leaning import Service, services
from settings import Settings
from tenants.errors import Refusal

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
        Finding("Live wire", asyncio.run(wire_problem())),
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


async def wire_problem() -> str:
    """Why sockets would run on the slower path of their engine."""
    engine = EngineServer()
    await engine.examine()
    if not engine.fallback:
        return ""
    return (
        f"sockets stay with aiohttp and take more memory ({engine.fallback}): install what uv.lock names (`uv sync`)."
    )


def chromium_problem(settings: Settings) -> str:
    """Why certificates could not be printed."""
    try:
        find(settings.chromium)
    except PrinterDown as fault:
        return str(fault)
    return ""
