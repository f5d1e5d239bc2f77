"""What every operation promises, over a real socket."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from server.op import Route, mount, op
from tests.server.toy import ANA, BEN, FIRST, House, list_bowls, show_bowl, talk, toy_house

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    async with toy_house() as open_house:
        yield open_house


@pytest.fixture
async def client(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(house.url) as session:
        yield session


async def post_raw(client: aiohttp.ClientSession, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """Post bytes to the bowls as ana; status and JSON of the answer."""
    async with client.post("/api/v1/bowls", data=body, headers={**JSON, **ANA, **headers}) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_it_reads_a_model_and_shows_a_model(client: aiohttp.ClientSession, house: House) -> None:
    status, bowl = await post_raw(client, b'{"name":"blue"}')
    assert (status, bowl) == (201, {"id": str(FIRST), "name": "blue"})
    assert "blue" in house.kiln.committed


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        (b'{"name":"x","colour":"red"}', 422, "unknown", "/colour"),
        (b"{}", 422, "required", "/name"),
        (b'{"name":7}', 422, "string_type", "/name"),
        (b'{"name":"x","id":"nonsense"}', 422, "uuid_parsing", "/id"),
        (b'{"name":"a\\u0000b"}', 422, "nul", "/name"),
        (b'{"name":"x","notes":{"deep":["a\\u0000"]}}', 422, "nul", "/notes/deep/0"),
        (b'{"name":"x","notes":{"a\\u0000":1}}', 422, "nul", "/notes"),
        (b'{"name":"x\\ud800"}', 422, "surrogate", ""),
        (b'{"name":"\\udc00x"}', 422, "surrogate", ""),
        (b'{"name":"x","notes":' + b"[" * 1000 + b"]" * 1000 + b"}", 422, "too_deep", ""),
        (b"[" * 1_000_000, 422, "too_deep", ""),
        (b"[]", 422, "model_type", ""),
        (b'{"name":"wrong"}', 422, "ugly", "/name"),
    ],
)
async def test_wrong_fields_are_named_with_a_pointer(
    client: aiohttp.ClientSession, body: bytes, status: int, code: str, pointer: str
) -> None:
    answered, problem = await post_raw(client, body)
    assert answered == status
    assert {"pointer": pointer, "code": code} in [
        {name: error[name] for name in ("pointer", "code")} for error in problem["errors"]
    ]
    assert all(error["detail"].endswith(".") for error in problem["errors"])


@pytest.mark.parametrize(
    "body", [b"{", b'{"name": NaN', b"\xff\xfe", b'{"name":"\xff"}', b'{"name":"\xed\xa0\x80"}', b"{'name':1}"]
)
async def test_what_is_no_json_is_400(client: aiohttp.ClientSession, body: bytes) -> None:
    status, problem = await post_raw(client, body)
    assert (status, problem["code"]) == (400, "malformed_json")


async def test_an_escaped_backslash_before_u0000_is_no_nul(client: aiohttp.ClientSession) -> None:
    status, bowl = await post_raw(client, b'{"name":"\\\\u0000"}')
    assert (status, bowl["name"]) == (201, "\\u0000")


async def test_another_media_type_is_415(client: aiohttp.ClientSession) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"):
        status, problem = await post_raw(client, b'{"name":"x"}', **{"Content-Type": kind})
        assert (status, problem["code"]) == (415, "unsupported_media_type")
    status, problem = await post_raw(client, b'{"name":"x"}', **{"Content-Encoding": "gzip"})
    assert (status, problem["code"]) == (415, "unsupported_encoding")


async def test_ten_megabytes_are_413_by_length_and_by_stream(client: aiohttp.ClientSession) -> None:
    body = io.BytesIO(b'{"name":"' + b"x" * 10_000_000 + b'"}')
    async with client.post("/api/v1/bowls", data=body, headers={**JSON, **ANA}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (413, "too_large")

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"x" * 1000

    async with client.post("/api/v1/bowls", data=stream(), headers={**JSON, **ANA}) as answer:
        assert answer.status == 413


async def test_many_wrong_fields_are_cut_at_twenty(client: aiohttp.ClientSession) -> None:
    body = b'{"name":"x",' + b",".join(b'"field%d":1' % number for number in range(1000)) + b"}"
    status, problem = await post_raw(client, body)
    assert status == 422
    assert len(problem["errors"]) == 20


async def test_bytes_made_elsewhere_pass_through_with_their_headers(client: aiohttp.ClientSession) -> None:
    async with client.get(f"/api/v1/bowls/{FIRST}") as answer:
        assert await answer.json() == {"id": str(FIRST), "name": "raw"}
        assert answer.headers["ETag"] == '"1"'
        assert answer.content_type == "application/json"


async def test_no_content_has_no_body(client: aiohttp.ClientSession) -> None:
    async with client.delete(f"/api/v1/bowls/{FIRST}", headers=ANA) as answer:
        assert (answer.status, await answer.read()) == (204, b"")


@pytest.mark.parametrize("bowl", ["nonsense", "%00", "a%00b", "..%2F..%2Fetc", "%FF", "%ED%A0%80", "%", "';drop"])
async def test_an_id_of_the_wrong_shape_is_not_found(house: House, bowl: str) -> None:
    answer = await talk(house.port, f"GET /api/v1/bowls/{bowl} HTTP/1.0\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] in {b"404", b"400"}, answer


async def test_the_query_is_checked_like_a_body(client: aiohttp.ClientSession) -> None:
    for query, pointer in [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("limit=x", "/query/limit"),
        ("colour=red", "/query/colour"),
        ("limit=1&limit=2", "/query/limit"),
        ("after=garbage", "/query/after"),
        ("after=%00", "/query"),
    ]:
        async with client.get(f"/api/v1/bowls?{query}") as answer:
            problem = await answer.json(content_type=None)
            assert (answer.status, problem["errors"][0]["pointer"]) == (422, pointer)
    async with client.delete(f"/api/v1/bowls/{FIRST}?colour=red", headers=ANA) as answer:
        assert answer.status == 422


async def test_pages_follow_one_another_to_the_end(client: aiohttp.ClientSession) -> None:
    names: list[str] = []
    after = ""
    while True:
        async with client.get("/api/v1/bowls?limit=50" + after) as answer:
            page = await answer.json()
        names += [bowl["name"] for bowl in page["items"]]
        if page["next"] is None:
            break
        after = "&after=" + page["next"]
    assert names == [f"bowl {number}" for number in range(120)]


async def test_signing_in_is_asked_for_before_anything_is_read(client: aiohttp.ClientSession) -> None:
    async with client.post("/api/v1/bowls", data=b"{", headers=JSON) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for token in ("Bearer wrong", "Bearer", "Basic YTpi", "Bearer a b"):
        async with client.get("/api/v1/bowls", headers={"Authorization": token}) as answer:
            assert answer.status == 401, token


async def test_the_same_key_gives_the_same_answer_once_done(client: aiohttp.ClientSession, house: House) -> None:
    key = {"Idempotency-Key": "a-key-of-ana"}
    first = await post_raw(client, b'{"name":"once"}', **key)
    again = await post_raw(client, b'{"name":"once"}', **{"Idempotency-Key": '"a-key-of-ana"'})
    assert first == again
    assert house.kiln.committed.count("once") == 1
    status, problem = await post_raw(client, b'{"name":"other"}', **key)
    assert (status, problem["code"]) == (422, "idempotency_key_reused")


async def test_a_key_still_running_is_a_conflict(client: aiohttp.ClientSession) -> None:
    key = {"Idempotency-Key": "a-key-that-failed-before-it-finished"}
    assert (await post_raw(client, b'{"name":"taken"}', **key))[1]["code"] == "name_taken"
    assert (await post_raw(client, b'{"name":"taken"}', **key))[1]["code"] == "still_running"


async def test_keys_are_visible_ascii_and_needed_where_money_moves(client: aiohttp.ClientSession) -> None:
    for key in ("", "a b", "x" * 256, "schlüssel"):
        status, problem = await post_raw(client, b'{"name":"x"}', **{"Idempotency-Key": key})
        assert (status, problem["code"]) == (400, "idempotency_key"), key
    async with client.post("/api/v1/payments", data=b'{"name":"x"}', headers={**JSON, **BEN}) as answer:
        assert (await answer.json(content_type=None))["code"] == "idempotency_key_required"


async def test_a_failing_handler_commits_nothing(client: aiohttp.ClientSession, house: House) -> None:
    before = [*house.kiln.committed]
    await post_raw(client, b'{"name":"taken"}')
    assert house.kiln.committed == before


async def test_a_handler_that_never_ends_is_given_up(client: aiohttp.ClientSession) -> None:
    async with client.post("/api/v1/fire") as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (503, "too_slow")


async def test_head_answers_like_get_without_a_body(client: aiohttp.ClientSession) -> None:
    async with client.head(f"/api/v1/bowls/{FIRST}") as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_a_body_broken_off_is_no_fault_of_ours(house: House) -> None:
    head = b"POST /api/v1/bowls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-of-ana-1234\r\n"
    head += b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    assert b" 500 " not in await talk(house.port, head, b'{"name":', end=True)
    chunked = head.replace(b"Content-Length: 100", b"Transfer-Encoding: chunked")
    answer = await talk(house.port, chunked, b"zz\r\n")
    assert b" 400 Bad Request" in answer


def test_a_wrong_declaration_is_found_at_import() -> None:
    with pytest.raises(TypeError, match="not \\['form'\\]"):

        @op("Wrong")
        async def wrong(context: object, *, form: int) -> None: ...

    with pytest.raises(TypeError, match="must be a model"):

        @op("Wrong too")
        async def wrong_too(context: object, *, body: int) -> None: ...


def test_a_path_that_its_model_does_not_know_is_found_at_start() -> None:
    with pytest.raises(TypeError, match="disagree about \\['bowl'"):
        mount(aiohttp.web.Application(), "", [Route("GET", "/x/{other}", show_bowl)])


async def test_concurrent_requests_do_not_mix(client: aiohttp.ClientSession) -> None:
    answers = await asyncio.gather(*(post_raw(client, b'{"name":"n%d"}' % number) for number in range(30)))
    assert [bowl["name"] for _, bowl in answers] == [f"n{number}" for number in range(30)]


def test_operations_keep_their_names() -> None:
    assert list_bowls.name == "list_bowls"
