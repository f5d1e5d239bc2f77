"""nginx before the real product: TLS, HTTP/2, headers, limits, senders, the live wire."""

import asyncio
import io
import re
import secrets
import ssl
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import orjson
import pytest
import socketio

from providers.storage import GRAIN
from server.bodies import JSON_LIMIT
from server.headers import SECURITY_HEADERS, YEAR_OF_HTTPS
from tests.nginx import http2
from tests.nginx.conftest import CUSTOM
from tests.nginx.front import HOST, Running, handshake, program
from tests.realtime.clients import NAMESPACE, Client
from tests.server.test_community_api import make_room
from tests.server.test_pages import SET_HOST
from tests.webapp import Reply, Web
from tests.world import World

OWN_HEADERS = SECURITY_HEADERS | {"Strict-Transport-Security": YEAR_OF_HTTPS}


def once(answer: Reply, name: str) -> str:
    """The value of a header that must be there exactly once."""
    (value,) = answer.headers.getall(name)
    return str(value)


async def test_plain_http_leads_to_https_at_the_same_address(front: Running) -> None:
    for host in (HOST, CUSTOM):
        url = f"http://{host}:{front.ports.http}/c/pottery?x=1"
        async with front.session.get(url, allow_redirects=False) as answer:
            assert answer.status == 301
            assert answer.headers["Location"] == f"https://{host}:{front.ports.https}/c/pottery?x=1"


async def test_tls_begins_at_1_2(front: Running) -> None:
    for version, agreed in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        assert (await asyncio.to_thread(handshake, front, HOST, version=version))[0] == agreed


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
async def test_older_tls_is_refused(front: Running) -> None:
    with pytest.raises(ssl.SSLError):
        await asyncio.to_thread(handshake, front, HOST, version=ssl.TLSVersion.TLSv1_1)


async def test_each_host_shows_its_own_certificate_and_a_strange_one_gets_none(front: Running) -> None:
    for host in (HOST, f"pottery.{HOST}", CUSTOM):
        assert (await asyncio.to_thread(handshake, front, host, "h2"))[1] == "h2"
    for strange in ("stranger.example", "localhost"):
        with pytest.raises(ssl.SSLError):
            await asyncio.to_thread(handshake, front, strange)


async def test_pages_come_over_http2_as_over_http1(front: Running, world: World) -> None:
    path = f"/c/{world.pottery.slug}"
    headers, body = await http2.get(front, path)
    plain = await front.get(path)
    assert headers[":status"] == "200"
    assert body == plain.body
    assert headers["content-security-policy"] == plain.headers["Content-Security-Policy"]
    assert f"script-src {front.url}/static/dist/" in headers["content-security-policy"]


async def test_the_headers_of_the_application_come_through_once_and_unchanged(
    front: Running, behind: Web, world: World
) -> None:
    host = urlsplit(front.url).netloc
    for path in (f"/c/{world.pottery.slug}", "/sign-in", "/verify", "/api/v1/channels", "/nowhere", "/robots.txt"):
        direct = await behind.get(path, headers={"Host": host})
        seen = await front.get(path)
        assert seen.status == direct.status
        for name in (*OWN_HEADERS, "Cache-Control", "Server"):
            assert once(seen, name) == direct.headers[name], (path, name)
        assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", once(seen, "X-Request-ID"))


async def test_what_nginx_answers_itself_has_the_same_headers(front: Running) -> None:
    for answer in (await front.get("/metrics"), await front.ask("POST", "/api/v1/channels", body=b" " * 2_000_000)):
        assert {name: once(answer, name) for name in OWN_HEADERS} == OWN_HEADERS


@pytest.mark.parametrize(
    "path", ["/metrics", "/livez", "/readyz", "//metrics", "/%6detrics", "/x/../livez", "/metrics/"]
)
async def test_what_is_for_machines_is_not_public(front: Running, path: str) -> None:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", front.ports.https, ssl=front.authority.trusting(), server_hostname=HOST
    )
    writer.write(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\nConnection: close\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"404"
    writer.close()


async def test_one_id_names_a_request_in_both_logs_and_in_the_answer(front: Running, world: World) -> None:
    path = f"/c/{world.pottery.slug}"
    first, again = await front.get(path), await front.get(path)
    ids = [once(answer, "X-Request-ID") for answer in (first, again)]
    assert len(set(ids)) == 2, "a kept page does not repeat the id of another's request"
    named = await front.get("/api/v1/channels?signature=hush", X_Request_ID="chosen-by-me")
    assert once(named, "X-Request-ID") == "chosen-by-me"
    forged = await front.get("/api/v1/channels", X_Request_ID="a b")
    assert once(forged, "X-Request-ID") != "a b"
    assert all(f'"request_id":"{each}"' in front.log for each in (*ids, "chosen-by-me"))
    assert "hush" not in front.log


async def test_a_body_above_the_limit_is_refused_in_the_words_of_the_api(front: Running) -> None:
    answer = await front.ask("POST", "/api/v1/auth/sign-in", body=b" " * (JSON_LIMIT + 1))
    assert answer.status == 413
    assert once(answer, "Content-Type") == "application/problem+json"
    problem = orjson.loads(answer.body)
    assert (problem["status"], problem["code"]) == (413, "too_large")
    assert problem["request_id"] == once(answer, "X-Request-ID")
    whole = await front.ask("POST", "/api/v1/auth/sign-in", body=b" " * JSON_LIMIT, Content_Type="application/json")
    assert (whole.status, orjson.loads(whole.body)["code"]) == (400, "malformed_json")


async def test_a_paper_of_five_megabytes_reaches_its_check(front: Running) -> None:
    for size, status in ((5_000_000, 404), (6_000_000, 413)):
        form = aiohttp.FormData()
        form.add_field("paper", io.BytesIO(b"%PDF" + b" " * size), filename="paper.pdf")
        assert (await front.ask("POST", "/verify/7K4MQ2XD9FTAH", body=form)).status == status


async def test_a_film_goes_up_in_pieces_and_comes_down_in_ranges(front: Running, behind: Web, world: World) -> None:
    store, content = behind.house.store, secrets.token_bytes(3_000_000)
    name = f"c/{world.pottery.id}/films/{uuid4().hex}"
    session = (await store.sign_upload(name, len(content), "video/mp4")).removeprefix(front.url)
    piece = 8 * GRAIN
    first = await front.ask("PUT", session, body=content[:piece], Content_Range=f"bytes 0-{piece - 1}/{len(content)}")
    assert (first.status, first.headers["Range"]) == (308, f"bytes=0-{piece - 1}")
    last = f"bytes {piece}-{len(content) - 1}/{len(content)}"
    assert (await front.ask("PUT", session, body=content[piece:], Content_Range=last)).status == 200

    signed = (await store.sign_get(name, 3600)).removeprefix(front.url)
    part = await front.get(signed, Range="bytes=1000-1999")
    assert (part.status, part.body) == (206, content[1000:2000])
    assert (await front.get(signed)).body == content
    assert (await front.get(signed.replace("?", "?x=1&", 1) + "x")).status == 403
    assert signed.partition("?")[2] not in front.log


async def test_a_sender_cannot_choose_their_address(front: Running) -> None:
    for sent in ("203.0.113.7", "203.0.113.7, 198.51.100.1"):
        given = {"email": f"spoof-{uuid4().hex}@guildhall.example", "password": "a long enough one", "name": "Spoof"}
        made = await front.ask(
            "POST", "/api/v1/auth/sign-up", body=orjson.dumps(given),
            Content_Type="application/json", X_Forwarded_For=sent, X_Real_IP=sent, Forwarded=f"for={sent}",
        )  # fmt: skip
        assert made.status == 201, made.text
        email = given["email"]
        assert await seen_address(front, email, given["password"]) == "127.0.0.1"


async def seen_address(front: Running, email: str, password: str) -> str:
    """The address that the application noted of a person's last sign-in, as their own page tells it."""
    form = {"email": email, "password": password, "next": "/me"}
    signed = await front.ask(
        "POST", "/sign-in", body=form, Origin=front.url, Sec_Fetch_Site="same-origin", X_Forwarded_For="203.0.113.9"
    )
    assert signed.status == 303, signed.text
    cookie = signed.headers["Set-Cookie"].partition(";")[0]
    assert cookie.startswith("__Host-guildhall=")
    page = (await front.get("/me", Cookie=cookie)).text
    assert "203.0.113" not in page
    (address,) = set(re.findall(r"\b(?:\d{1,3}\.){3}\d{1,3}\b", page))
    return str(address)


async def test_a_flood_from_one_address_is_slowed_and_others_are_not(front: Running) -> None:
    context = front.authority.trusting()
    connector = aiohttp.TCPConnector(ssl=context, local_addr=("127.0.0.9", 0), limit=20)
    url = f"https://127.0.0.1:{front.ports.https}/api/nowhere"

    async def ask(session: aiohttp.ClientSession) -> tuple[int, str]:
        async with session.get(url, headers={"Host": HOST}, server_hostname=HOST) as answer:
            return answer.status, answer.headers.get("Retry-After", "")

    async with aiohttp.ClientSession(connector=connector) as session:
        answers = await asyncio.gather(*(ask(session) for _ in range(700)))
    refused = [retry for status, retry in answers if status == 429]
    assert len(refused) > 100
    assert "1" in refused
    assert (await front.get("/sign-in")).status == 200


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::9", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::1", "2001:db8::1", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_limits_count_a_customer_and_not_each_of_their_addresses(
    front: Running, one: str, other: str, alike: bool
) -> None:
    site = (front.folder / "guildhall.conf").read_text()
    (lines,) = re.findall(r"map \$remote_addr \$guildhall_sender \{(.*?)\n\}", site, re.DOTALL)
    far, near = (re.compile(each.replace("?<", "?P<")) for each in re.findall(r'"~(\S+)"', lines))

    def counted(address: str) -> str:
        found = far.search(address) or near.search(address)
        return found[1].rstrip(":") if found else address

    assert (counted(one) == counted(other)) is alike


def test_without_nginx_ci_fails_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.nginx.front.shutil.which", lambda *_, **__: None)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt install nginx-light"):
        program()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception):
        program()


async def test_slow_headers_and_slow_bodies_are_given_up(front: Running) -> None:
    async def seconds(sent: bytes) -> float:
        began = asyncio.get_running_loop().time()
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", front.ports.https, ssl=front.authority.trusting(), server_hostname=HOST
        )
        writer.write(sent)
        async with asyncio.timeout(30):
            while await reader.read(4096):
                pass
        writer.close()
        return asyncio.get_running_loop().time() - began

    head = b"POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\n"
    headers, body = await asyncio.gather(seconds(head), seconds(head + b"Content-Length: 9\r\n\r\n{"))
    assert 9 <= headers <= 14
    assert 14 <= body <= 20


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_the_live_wire_connects_and_carries_messages(
    front: Running, behind: Web, world: World, transport: str
) -> None:
    pottery = world.pottery
    room = await make_room(behind, pottery)
    clients = [Client(), Client()]
    for client, person in zip(clients, (pottery.sam, pottery.zoe), strict=True):
        through(client, front)
        auth = {"channel": pottery.slug, "token": person.token}
        await client.sio.connect(front.url, namespaces=[NAMESPACE], auth=auth, transports=[transport])
    try:
        sam, zoe = clients
        for client in clients:
            await client.ok("room.join", room=room)
        await sam.post(room, "through the front")
        assert (await zoe.hears("message.posted"))[0]["body"] == "through the front"
    finally:
        for client in clients:
            await client.sio.disconnect()


def through(client: Client, front: Running) -> None:
    """Let the official client find the host at nginx, and trust it."""
    sio = socketio.AsyncClient(reconnection=False, http_session=front.session)
    sio.handlers, client.sio = client.sio.handlers, sio


async def test_a_foreign_origin_is_turned_away_from_the_wire(front: Running) -> None:
    url = f"{front.url}/socket.io/?EIO=4&transport=websocket"
    async with front.session.ws_connect(url, headers={"Origin": "https://evil.example"}) as socket:
        await socket.receive(timeout=5)
        await socket.send_str('40/community,{"channel":"pottery"}')
        assert (await socket.receive(timeout=5)).data.startswith("44/community,")


async def test_a_custom_domain_shows_its_channel_and_no_other(front: Running, behind: Web, world: World) -> None:
    async with behind.house.tenancy.scope(world.pottery.id) as scope:
        await scope.run(SET_HOST, own_host=CUSTOM)
    home = await front.get("/", host=CUSTOM)
    assert home.status == 200
    assert f"script-src https://{CUSTOM}:{front.ports.https}/static/dist/" in home.headers["Content-Security-Policy"]
    assert (await front.get(f"/c/{world.chess.slug}", host=CUSTOM)).status == 404
    async with behind.house.tenancy.scope(world.pottery.id) as scope:
        await scope.run(SET_HOST, own_host=None)
