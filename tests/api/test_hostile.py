"""Hostile input to every operation of the route table: refused in words, with nothing written and nothing broken."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import orjson
import pytest

from server import routes
from server.op import Route
from tenants.scope import Tenancy
from tests.api.asking import JSON, ask, at, count_rows, label
from tests.api.stage import Stage, set_stage
from tests.webapp import API, Web

MB = 1024 * 1024
TAKING = [route for route in routes.API if route.operation.body is not None]
ASKING = [route for route in routes.API if route.operation.query is not None]
NAMED = [route for route in routes.API if "{" in route.path]
HOSTILE_TEXTS = (
    "../../../../etc/passwd", "'; drop table people; --", "\" or 1=1 --", "<script>alert(1)</script>", "\u202edlrow",
    "{{7*7}}", "%s%n", "a" * 4000, "0", "-1", "1e400", "9" * 400, "null", "\ufffe", "\x7f\x1b[2J",
    "00000000-0000-0000-0000-000000000000", "\U0001f3fa" * 50, ".", "..", " ", "%", "\\", "true",
)  # fmt: skip
HOSTILE_PATHS = ("%00", "%ff%fe", "%ed%a0%80", "%", "%zz", "..%2f..%2fme", "%2e%2e", "a" * 3000, "%0d%0aX-Evil:%201")
# Each is JSON of the wrong kind, or none at all; none may ever be taken.
HOSTILE_BODIES = (
    b"null", b"[]", b'"text"', b"1e999", b"NaN", b"{", b'{"a":1', b"\xff\xfe{}", b"{'a': 1}", b"{} {}",
    b'{"\\u0000":1}', b'{"zzz":"\\u0000"}', b'{"zzz":"\\ud800"}', b'{"\\udfff":1}', b'{"__proto__":{"a":1}}',
    b"[" * 1_000_000, b'{"a":' * 1_000_000, b'{"zzz":' + b"[" * 400_000 + b"]" * 400_000 + b"}",
    b'{"zzz":' + b"9" * 100_000 + b"}", b"{" + b'"zzz":1,' * 50_000 + b'"zzz":1}',
)  # fmt: skip


@pytest.fixture
async def stage(tenancy: Tenancy) -> Stage:
    return await set_stage(tenancy)


@pytest.fixture
async def unchanged(database: str, stage: Stage) -> AsyncIterator[None]:
    """What stands in the database afterwards is what stood in it before."""
    before = await count_rows(database)
    yield
    assert await count_rows(database) == before


@pytest.mark.parametrize("route", TAKING, ids=label)
async def test_bodies_that_are_none_of_ours_are_refused(web: Web, stage: Stage, unchanged: None, route: Route) -> None:
    for body in HOSTILE_BODIES:
        status, _ = await ask(web, stage, route.method, at(route, stage), data=body, headers=JSON)
        assert status in {400, 404, 409, 413, 422}, (body[:40], status)


@pytest.mark.parametrize("route", TAKING, ids=label)
async def test_hostile_texts_in_any_field_are_a_refusal_or_plain_text(
    web: Web, stage: Stage, unchanged: None, route: Route
) -> None:
    assert route.operation.body is not None
    for name in [*route.operation.body.model_fields, "zzz"]:
        values: tuple[object, ...] = ({"a": 1}, [[[]]], 2**62, -1e308, True, *HOSTILE_TEXTS)
        for value in values:
            body = orjson.dumps({name: value, "zz": 1})
            status, _ = await ask(web, stage, route.method, at(route, stage), data=body, headers=JSON)
            assert status in {404, 422}, (name, value)


@pytest.mark.parametrize("route", TAKING, ids=label)
async def test_other_types_encodings_and_duplicate_keys_are_refused(
    web: Web, stage: Stage, unchanged: None, route: Route
) -> None:
    path = at(route, stage)
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=utf-16"},
        {**JSON, "Content-Encoding": "gzip"},
    ):
        status, _ = await ask(web, stage, route.method, path, data=b"{}", headers=headers)
        assert status == 415, headers


@pytest.mark.parametrize("route", TAKING, ids=label)
async def test_ten_megabytes_of_json_are_refused(web: Web, stage: Stage, unchanged: None, route: Route) -> None:
    body = b'{"name":"' + b"a" * (10 * MB) + b'"}'
    status, problem = await ask(web, stage, route.method, at(route, stage), data=body, headers=JSON)
    assert (status, problem["code"]) == (413, "too_large")


@pytest.mark.parametrize("route", TAKING, ids=label)
async def test_a_hundred_megabytes_are_refused_when_announced_and_when_streamed(
    web: Web, stage: Stage, unchanged: None, route: Route
) -> None:
    port = int(web.url.rpartition(":")[2])
    head = (
        f"{route.method} {at(route, stage)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {stage.school.ana.token}\r\n"
    )
    announced = await answer_to(port, head + f"Content-Length: {100 * MB}\r\n\r\n", [])
    assert b" 413 " in announced.partition(b"\r\n")[0]
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    streamed = await answer_to(port, head + "Transfer-Encoding: chunked\r\n\r\n", [chunk] * (100 * 16))
    assert b" 413 " in streamed.partition(b"\r\n")[0]


async def answer_to(port: int, head: str, body: list[bytes]) -> bytes:
    """What comes back for a request that goes on sending until it is no longer listened to."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = asyncio.create_task(reader.readuntil(b"\r\n"))
    try:
        writer.write(head.encode())
        for piece in body:
            if answered.done():
                break
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(answered, 10)
    finally:
        writer.close()


@pytest.mark.parametrize("route", NAMED, ids=label)
async def test_hostile_names_in_paths_name_nothing(web: Web, stage: Stage, unchanged: None, route: Route) -> None:
    for name in re.findall(r"\{(\w+)\}", route.path):
        for text in (*HOSTILE_PATHS, *(quote(each, safe="") for each in HOSTILE_TEXTS if each not in {".", ".."})):
            status, _ = await ask(
                web, stage, route.method, at(route, stage, **{name: text}), data=b'{"zz":1}', headers=JSON
            )
            assert status in {400, 404, 409, 414, 422, 431} or name == "emoji", (name, text, status)


@pytest.mark.parametrize("route", ASKING, ids=label)
async def test_hostile_queries_are_refused(web: Web, stage: Stage, unchanged: None, route: Route) -> None:
    assert route.operation.query is not None
    path = at(route, stage)
    for name in [*route.operation.query.model_fields, "zzz"]:
        if name == "q":
            continue
        for text in (*(quote(each, safe="") for each in HOSTILE_TEXTS), *HOSTILE_PATHS, "", "eyJhIjoxfQ", "W10", "MQ"):
            status, _ = await ask(web, stage, route.method, f"{path}?q=clay&{name}={text}")
            assert status in {400, 422, 431} or (name, text) in {("after", "0"), ("before", "0")}, (name, text, status)
        assert (await ask(web, stage, route.method, f"{path}?{name}=1&{name}=2"))[0] == 422


async def test_other_methods_are_told_which_ones_there_are(web: Web, stage: Stage, unchanged: None) -> None:
    served: dict[str, set[str]] = {}
    for route in routes.API:
        served.setdefault(at(route, stage), set()).add(route.method)
    for path, methods in served.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - methods:
            status, problem = await ask(web, stage, method, path)
            assert (status, problem["code"]) == (405, "method_not_allowed"), (method, path)
            assert set(problem["allow"].split(", ")) - {"HEAD"} == methods


async def test_a_method_that_nobody_knows_is_no_http(web: Web, stage: Stage, unchanged: None) -> None:
    status, problem = await ask(web, stage, "BREW", f"{API}/me")
    assert (status, problem["code"]) == (400, "malformed_request")


async def test_strange_tokens_are_told_to_sign_in(web: Web, stage: Stage, unchanged: None) -> None:
    for value in ("Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer " + "x" * 5000, "Bearer 'or 1=1--", "ä"):
        status, problem = await ask(web, stage, "GET", f"{API}/me", headers={"Authorization": value})
        assert status == 401, value
        assert problem["code"]


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ä"])
async def test_strange_idempotency_keys_are_refused(web: Web, stage: Stage, unchanged: None, key: str) -> None:
    path = f"{API}/channels/{stage.school.slug}/rooms"
    headers = {**JSON, "Idempotency-Key": key}
    status, problem = await ask(web, stage, "POST", path, data=b'{"name":"Kilns"}', headers=headers)
    assert (status, problem["code"]) == (400, "idempotency_key")


async def test_one_connection_stays_sane_through_all_kinds_of_refusals(web: Web, stage: Stage) -> None:
    port, slug, token = int(web.url.rpartition(":")[2]), stage.school.slug, stage.school.ana.token
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for body, status in refused_then_taken(slug):
            head = (
                f"POST {API}/channels/{slug}/rooms HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Authorization: Bearer {token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert f" {status} ".encode() in answer.partition(b"\r\n")[0]
            length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
            assert length is not None
            await reader.readexactly(int(length[1]))
    finally:
        writer.close()


def refused_then_taken(slug: str) -> Iterator[tuple[bytes, int]]:
    """Bodies and what each is answered, on one connection."""
    yield b"{", 400
    yield b"[" * 500_000, 422
    yield b'{"name":"\\ud800"}', 422
    yield b'{"name":"Kilns","zzz":1}', 422
    yield b'{"name":"Kilns"}', 201
