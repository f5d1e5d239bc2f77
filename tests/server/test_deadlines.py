"""Slow, huge and half-sent requests, by raw sockets: each ends, none holds a connection for long."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from server.deadlines import Deadlines
from tests.server.toy import House, talk, toy_house
from tests.waiting import until

SHORT = Deadlines(
    headers=0.3, stalled_body=0.3, stalled_reader=0.3, keep_alive=0.6, linger=0.3, connections=20, sweep=0.05
)
GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /api/v1/bowls HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
POST += b"Authorization: Bearer token-of-ana-1234\r\n"


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    async with toy_house(SHORT) as open_house:
        yield open_house


async def test_a_connection_that_says_nothing_is_closed(house: House) -> None:
    assert await talk(house.port) == b""


async def test_half_a_header_gets_408(house: House) -> None:
    assert (await talk(house.port, b"GET / HTTP/1.1\r\nHost")).startswith(b"HTTP/1.1 408")


async def test_headers_that_drip_get_408_all_the_same(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    reading = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
    writer.write(b"GET / HTTP/1.1\r\n")
    while not reading.done():
        writer.write(b"X: y\r\n")
        await asyncio.wait([reading], timeout=0.05)
    assert (await reading).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_half_a_second_request_gets_408_after_the_first_answer(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(GET)
    first = await reader.readuntil(b'"alive"}')
    writer.write(b"GET /livez HTT")
    assert first.startswith(b"HTTP/1.1 200")
    assert (await reader.read()).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_an_idle_connection_is_kept_for_a_while_and_then_closed(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    for _ in range(3):
        writer.write(GET)
        assert (await reader.readuntil(b'"alive"}')).startswith(b"HTTP/1.1 200")
    assert await reader.read() == b""
    writer.close()


async def test_a_body_that_stalls_gets_408(house: House) -> None:
    answer = await talk(house.port, POST + b"Content-Length: 100\r\n\r\n", b'{"name":')
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"too_slow" in answer


async def test_an_upload_that_stalls_gets_408_and_one_that_flows_is_taken(house: House) -> None:
    head = b"POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    assert (await talk(house.port, head % 10, b"12345")).startswith(b"HTTP/1.1 408")
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(head % 12)
    for _ in range(12):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)
    assert b'{"size": 12}' in await reader.read()
    writer.close()


async def test_a_hundred_megabytes_are_refused_without_being_read(house: House) -> None:
    size = 100 * 1024 * 1024
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(POST + b"Content-Length: %d\r\n\r\n" % size)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"Connection: close" in answer
    sent = 0
    try:
        while sent < size:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536
    except ConnectionError:
        pass
    assert sent < size // 2
    writer.close()


async def test_an_answer_nobody_reads_is_given_up(house: House) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", house.port, limit=1024)
    writer.write(b"GET /pour HTTP/1.1\r\nHost: x\r\n\r\n")
    server = house.runner.server
    assert server is not None
    here = writer.get_extra_info("sockname")

    async def gone() -> bool:
        return here not in [each.peername for each in server.connections]

    await until(gone)
    writer.close()


async def test_too_many_connections_are_told_to_come_back(house: House) -> None:
    held = [await asyncio.open_connection("127.0.0.1", house.port) for _ in range(SHORT.connections)]
    assert (await talk(house.port)).startswith(b"HTTP/1.1 503")
    for _, writer in held:
        writer.close()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/bowls/\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/bowls?after=\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /%ff%00%ed%a0%80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/bowls/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET //////../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET http://[::1/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET http://other.test:99999/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/nowhere HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/nowhere HTTP/1.1\r\nHost: \xff\r\nCookie: guildhall=\xff\r\nConnection: close\r\n\r\n",
        b"POST /form HTTP/1.1\r\nHost: x\r\nCookie: guildhall=\xff\r\nOrigin: \xff\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/bowls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/no HTTP/1.0\r\nX-Forwarded-For: \xff, x\r\nUser-Agent: \xff\r\nX-Request-ID: \xff\r\n\r\n",
        b"POST /livez HTTP/1.1\r\nHost: x\r\nExpect: everything\r\nConnection: close\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
async def test_what_is_malformed_is_our_senders_fault(house: House, request_bytes: bytes) -> None:
    answer = await talk(house.port, request_bytes)
    status = answer.split(b" ", 2)[1]
    assert b"400" <= status < b"500" or (status == b"200" and b"/bowls" in request_bytes), answer[:300]


async def test_a_smuggled_second_request_is_not_answered(house: House) -> None:
    answer = await talk(
        house.port,
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + GET,
    )
    assert b"alive" not in answer


async def test_pipelined_requests_are_answered_in_order(house: House) -> None:
    closing = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    answer = await talk(house.port, GET * 40 + closing)
    assert answer.count(b"HTTP/1.1 200 OK") == 41


async def test_a_sender_that_leaves_mid_answer_harms_nobody(house: House) -> None:
    for _ in range(SHORT.connections // 2):
        sock = socket.create_connection(("127.0.0.1", house.port))
        sock.sendall(b"GET /pour HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.close()
    assert b"alive" in await talk(house.port, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))


async def test_headers_beyond_the_limit_are_431_and_no_version_of_ours_is_told(house: House) -> None:
    long = b"a" * 20_000
    for line, header in [(b"/" + long, b"y"), (b"/", long)]:
        answer = await talk(house.port, b"GET " + line + b" HTTP/1.1\r\nHost: x\r\nX: " + header + b"\r\n\r\n")
        assert b" 431 " in answer
        assert b"aiohttp" not in answer
    assert b"aiohttp" not in await talk(house.port, b"GET /livez HTTP/1.0\r\n\r\n")
