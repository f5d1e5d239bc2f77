"""How a no is said: as a problem for programs, as a page for people, and never with our insides."""

import io
import sys
from collections.abc import AsyncIterator

import aiohttp
import orjson
import pytest

from logs import set_up_logs
from tests.server.toy import ANA, FIRST, House, talk, toy_house


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    async with toy_house(error_page=lambda refusal, request: f"<h1>{refusal.status} {refusal.message}</h1>") as house:
        yield house


@pytest.fixture
async def client(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(house.url) as session:
        yield session


async def test_a_problem_has_exactly_the_members_of_the_contract(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/v1/bowls/" + str(FIRST)[:-1] + "9") as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
        assert await answer.json(content_type=None) == {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "There is nothing here by that name.",
            "code": "not_found",
            "request_id": answer.headers["X-Request-ID"],
        }


async def test_a_422_adds_errors(client: aiohttp.ClientSession) -> None:
    async with client.post("/api/v1/bowls", json={}, headers=ANA) as answer:
        problem = await answer.json(content_type=None)
    assert problem["errors"] == [{"pointer": "/name", "code": "required", "detail": "This is required."}]
    assert problem["detail"] == "This is required.", "what is wrong with the only field is the whole message"
    assert set(problem) == {"type", "title", "status", "detail", "code", "request_id", "errors"}


async def test_an_unknown_route_is_404_and_a_wrong_method_405_with_allow(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/v1/nowhere") as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (404, "not_found")
    async with client.put("/api/v1/bowls", headers=ANA) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
        assert (await answer.json(content_type=None))["code"] == "method_not_allowed"


async def test_people_get_a_page_and_programs_a_problem(client: aiohttp.ClientSession) -> None:
    async with client.get("/nowhere", headers={"Accept": "text/html,*/*"}) as answer:
        assert (answer.status, answer.content_type) == (404, "text/html")
        assert await answer.text() == "<h1>404 There is nothing here by that name.</h1>"
    async with client.get("/nowhere", headers={"Accept": "application/json"}) as answer:
        assert answer.content_type == "application/problem+json"


async def test_a_redirect_passes_with_its_cookies(client: aiohttp.ClientSession) -> None:
    async with client.get("/pages/x", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"], answer.cookies["seen"].value) == (302, "/sign-in", "1")


async def test_a_fault_of_ours_is_told_by_its_request_id_only_and_logged_with_its_traceback(house: House) -> None:
    lines = io.StringIO()
    set_up_logs("json", lines)
    try:
        answer = await talk(house.port, b"POST /api/v1/drop HTTP/1.0\r\nX-Request-ID: given-by-me-1\r\n\r\n")
    finally:
        set_up_logs("console", sys.stderr)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 500 " in head
    assert b"hunter2" not in body
    assert orjson.loads(body)["request_id"] == "given-by-me-1"
    logged = [orjson.loads(line) for line in lines.getvalue().splitlines()]
    fault = next(line for line in logged if line["level"] == "error")
    assert fault["request_id"] == "given-by-me-1"
    assert "RuntimeError" in fault["exception"]


async def test_a_form_beyond_the_limit_is_413(client: aiohttp.ClientSession) -> None:
    form = io.BytesIO(b"x=" + b"y" * 2_000_000)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with client.post("/form", data=form, headers=headers) as answer:
        assert answer.status == 413
