"""Asking any operation of the route table, and telling what stands in the database afterwards."""

import io
import re
from typing import Any
from urllib.parse import quote

import asyncpg
import orjson
import yarl

from server.op import Route
from tests.api.stage import Stage
from tests.webapp import API, Web

PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
JSON = {"Content-Type": "application/json"}


def label(route: Route) -> str:
    """What a test is called by."""
    return f"{route.method} {route.path}"


def at(route: Route, stage: Stage, **other: str) -> str:
    """The route's path on the stage; what the stage lacks gets something that looks right."""
    named = {"emoji": quote("👍")} | stage.named | other
    return API + re.sub(r"\{(\w+)\}", lambda name: named.get(name[1], stage.named["course"]), route.path)


async def ask(
    web: Web, stage: Stage, method: str, path: str, *, data: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Status and body of one call as the owner; an answer that says no is checked to be a problem in full."""
    url, sent = yarl.URL(web.url + path, encoded=True), {**stage.school.ana.bearer, **(headers or {})}
    body = io.BytesIO(data) if data is not None else None
    async with web.session.request(method, url, headers=sent, data=body, allow_redirects=False) as answer:
        raw, what = await answer.read(), (method, path[:200], answer.status)
        if answer.status < 400:
            return answer.status, raw
        assert answer.status < 500, (what, raw[:500])
        assert answer.content_type == "application/problem+json", (what, raw[:500])
        problem = orjson.loads(raw)
        assert problem.keys() >= PROBLEM, (what, problem)
        assert problem["status"] == answer.status
        assert problem["detail"].endswith("."), problem["detail"]
        assert len(raw) < 20_000, what
        return answer.status, problem


async def count_rows(database: str) -> dict[str, int]:
    """How many rows each table holds, whoever they belong to."""
    owner = await asyncpg.connect(database)
    try:
        names = [row[0] for row in await owner.fetch("select tablename from pg_tables where schemaname = 'public'")]
        transaction = owner.transaction()
        await transaction.start()
        for name in names:
            await owner.execute(f'alter table "{name}" no force row level security')
        counts = {name: await owner.fetchval(f'select count(*) from "{name}"') for name in names}
        await transaction.rollback()
        return counts
    finally:
        await owner.close()
