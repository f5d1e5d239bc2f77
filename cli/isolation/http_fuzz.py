"""HTTP fuzz: every route of the application, asked by one twin's people with all that they could know of the other."""

import asyncio
import itertools
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from aiohttp import web

from cli.isolation.instances import EMOJI, Instances
from cli.isolation.lookout import Lookout
from cli.isolation.scratch import Ground
from cli.isolation.tally import Tally
from cli.isolation.twins import HOSTED, Twin
from server.op import Route

API = "/api/v1"
ACTORS = ("owner", "student", "visitor", HOSTED)
AT_ONCE = 6
# They end the attacker's own sign-in or membership, and show nothing.
ENDING = ("sign-out", "/devices/", "/leave", "/auth/refresh", "/socket.io", "/metrics")
# Joining, or buying, is how one becomes a member of any open channel, and changes that channel.
JOINING = ("/join", "/enrol", "/enroll", "/buy")
# Whoever knows a certificate's code may see the certificate, and the keys that it was signed with.
VERIFYING = (
    f"{API}/certificates/{{code}}",
    "/verify/{code}",
    "/verify/{code}.pdf",
    "/verify/{code}/credential.json",
    "/c/{slug}/did.json",
)
# Lists of all open channels.
LISTING = ("/", "/sitemap.xml", f"{API}/channels")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: who asks, what, and the pattern of the route that it is for."""

    actor: str
    method: str
    pattern: str
    path: str
    body: str | None

    @property
    def verifies(self) -> bool:
        """Whether it shows a certificate to whoever knows its code."""
        return self.pattern in VERIFYING

    def at_home(self, slug: str) -> bool:
        """Whether it asks at the other channel's own address, or for the list of all."""
        return f"/{slug}" in self.path if "{slug}" in self.pattern else self.pattern in LISTING


def patterns(app: web.Application) -> list[tuple[str, str]]:
    """Method and pattern of each route of the application, as it serves them."""
    found = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method not in ("HEAD", "OPTIONS", "*")
    }
    return sorted(pair for pair in found if not any(part in pair[1] for part in ENDING))


class Requests:
    """Makes requests of one twin's people about the other's rows."""

    def __init__(self, ground: Ground, app: web.Application, routes: tuple[Route, ...], seed: int) -> None:
        self._own, self._other = ground.own, ground.other
        self._patterns = patterns(app)
        self._models = {(route.method, API + route.path): route.operation for route in routes}
        self._random = random.Random(seed)  # noqa: S311 - a fuzz wants to be repeatable, not secret
        self._ids = ground.other.ids()
        self._baits = ground.other.baits()

    def rounds(self) -> Iterator[Asked]:
        """Each route as each actor at each channel, again and again, never with the same ids."""
        while True:
            for (method, pattern), actor in itertools.product(self._patterns, ACTORS):
                homes = (self._own, self._other) if "{slug}" in pattern else (self._own,)
                for home in homes:
                    if home is self._own or not pattern.endswith(JOINING):
                        yield self._ask(actor, method, pattern, home)

    def _ask(self, actor: str, method: str, pattern: str, home: Twin) -> Asked:
        names = re.findall(r"\{(\w+)\}", pattern)
        path = pattern
        for place, name in enumerate(names):
            last = place == len(names) - 1
            value = home.slug if name == "slug" else self._segment(pattern, name, own=not last)
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        operation = self._models.get((method, pattern))
        query = self._query(operation)
        return Asked(actor, method, pattern, path + query, self._body(method, pattern, operation))

    def _segment(self, pattern: str, name: str, *, own: bool) -> str:
        """An id for a place in the path; one's own may stand before, so that a foreign one is reached through it."""
        if name == "emoji":
            return EMOJI
        twin = self._own if own and self._random.random() < 0.6 else self._other
        before = re.search(rf"/([\w-]+)/\{{{name}\}}", pattern)
        return self._id(twin, name, before.group(1) if before else "")

    def _id(self, twin: Twin, name: str, collection: str = "") -> str:
        stem = name.removesuffix("_id")
        tables = (
            f"{stem}s",
            f"{stem}es",
            collection,
            f"live_{collection}".replace("-", "_"),
            collection.replace("-", "_"),
        )
        rows = next((twin.rows[table] for table in tables if twin.rows.get(table)), [])
        column = "code" if stem in ("code", "certificate") else "slug" if self._random.random() < 0.2 else "id"
        if stem == "code":
            rows = twin.rows["certificates"]
        if stem == "address":
            rows, column = twin.rows["incoming_webhooks"], "address"
        values = [str(row[column]) for row in rows if row.get(column)] or [
            str(row["id"]) for row in rows if "id" in row
        ]
        if values and (twin is self._own or self._random.random() < 0.7):
            return self._random.choice(values)
        return self._random.choice(self._ids)

    def _query(self, operation: Any) -> str:
        if operation is None or operation.query is None:
            return "" if self._random.random() < 0.7 else f"?{urlencode({'after': self._random.choice(self._ids)})}"
        given = self._instances().make(operation.query.model_json_schema())
        if "q" in given:
            given["q"] = self._random.choice([self._other.mark, "canary", "plain", given["q"]])
        return f"?{urlencode({name: value for name, value in given.items() if value is not None})}"

    def _body(self, method: str, pattern: str, operation: Any) -> str | None:
        if operation is None:
            fields = ("id", "room", "body", "code", "course", "lesson", "session", "next", "slug", "reply_to", "batch")
            return None if method == "GET" else urlencode({name: self._id(self._other, name) for name in fields})
        if operation.body is None:
            return None
        made = self._instances().make(operation.body.model_json_schema())
        if pattern == f"{API}/channels/{{slug}}":
            made.pop("slug", None)  # a channel that moves away could no longer attack
        return json.dumps(made)

    def _instances(self) -> Instances:
        return Instances(self._random, lambda name: self._id(self._other, name), self._baits)


async def fuzz_http(
    ground: Ground, url: str, requests: Iterator[Asked], many: int, lookout: Lookout | None = None
) -> Tally:
    """Send `many` requests, a few at once, and look at every answer: status line, headers and body."""
    tally, lookout = Tally("HTTP fuzz"), lookout or Lookout(ground.other)
    queue = itertools.islice(requests, many)

    async def attack(client: aiohttp.ClientSession) -> None:
        for asked in queue:
            tally.tried[f"{asked.actor} {asked.method}"] += 1
            await _send(client, url, asked, ground, lookout, tally)

    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        await asyncio.gather(*(attack(client) for _ in range(AT_ONCE)))
    return tally


async def _send(
    client: aiohttp.ClientSession, url: str, asked: Asked, ground: Ground, lookout: Lookout, tally: Tally
) -> None:
    api = asked.pattern.startswith(API)
    headers = {"X-Forwarded-For": f"10.{random.randrange(256)}.{random.randrange(256)}.9"}  # noqa: S311
    if asked.body is not None:
        headers["Content-Type"] = "application/json" if api else "application/x-www-form-urlencoded"
    if asked.actor == HOSTED:
        headers |= ground.own.at_host | {"Sec-Fetch-Site": "same-origin"}
    elif token := ground.own.tokens.get(asked.actor):
        headers |= {"Authorization": f"Bearer {token}"} if api else {"Cookie": f"guildhall={token}"}
        headers["Sec-Fetch-Site"] = "same-origin"
    async with client.request(
        asked.method, url + asked.path, data=asked.body, headers=headers, allow_redirects=False
    ) as answer:
        text = f"{answer.headers} {(await answer.read()).decode('utf-8', 'replace')}"
    tally.outcomes[str(answer.status)] += 1
    if asked.verifies:
        return
    at_home = asked.at_home(ground.other.slug)
    what = f"{asked.method} {asked.pattern} as {asked.actor}"
    request = f"{asked.path} {asked.body or ''}"
    if found := lookout.seen(text, request, at_home=at_home, as_text=not api and asked.body is not None):
        tally.leak(f"{what} showed {found}: {request[:200]}")
    if answer.status == 500:
        tally.leak(f"{what} answered {answer.status}: {request[:200]}")
