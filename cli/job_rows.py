"""Jobs as rows of text, for the operator's eyes: the relay's view, put into words."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import orjson

from cli.stop import Stop
from settings import Settings
from tenants import relay
from tenants.errors import Refusal
from tenants.jobs import QUEUES
from tenants.relay import Failed, Standing
from tenants.scope import Tenancy

Row = tuple[str, str]
Result = TypeVar("Result")
MOST = 50


def overview(settings: Settings) -> tuple[list[Row], list[Row]]:
    """A row for each queue, and a row for each of the newest 50 jobs that were given up."""

    async def look(tenancy: Tenancy) -> tuple[list[Standing], list[Failed]]:
        return await relay.standing(tenancy), await relay.failed(tenancy, MOST)

    standing, failed = _asked(settings, look)
    known = {each.queue: each for each in standing}
    queues = [(name, _stands(known.get(name))) for name in (*QUEUES, *sorted(known.keys() - {*QUEUES}))]
    return queues, [
        (str(each.id), f"{each.name}, {each.created_at:%Y-%m-%d %H:%M} UTC: {each.error}") for each in failed
    ]


def facts(settings: Settings, job_id: UUID) -> list[Row]:
    """A row for each thing known of a job; empty when there is none of that id."""

    async def look(tenancy: Tenancy) -> list[Row]:
        row = await relay.show(tenancy, job_id)
        return [(name, _said(value)) for name, value in row.items() if value is not None] if row else []

    return _asked(settings, look)


def run_again(settings: Settings, job_id: UUID) -> bool:
    """Have a failed job done after all; False when there is none of that id."""

    async def ask(tenancy: Tenancy) -> bool:
        return await relay.run_again(tenancy, job_id)

    return _asked(settings, ask)


def _asked(settings: Settings, ask: Callable[[Tenancy], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        tenancy = Tenancy.open(settings.role_url("guildhall_app"), settings.role_url("guildhall_relay"), size=1)
        try:
            return await ask(tenancy)
        except Refusal as refusal:
            raise Stop(refusal.message) from None
        finally:
            await tenancy.close()

    return asyncio.run(run())


def _stands(standing: Standing | None) -> str:
    if standing is None:
        return "nothing waits"
    late = f", the oldest for {standing.oldest:.0f} s" if standing.oldest >= 1 else ""
    return f"{standing.waiting} wait{late}; {standing.failed} failed"


def _said(value: object) -> str:
    return orjson.dumps(value).decode() if isinstance(value, dict) else str(value)
