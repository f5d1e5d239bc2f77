"""Following a URL from outside: nothing private is touched, nothing lasts for ever, nothing grows without bound."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given, settings
from hypothesis import strategies as st

from providers import ProviderDown, ProviderRefused
from providers.outbound import REDIRECTS, Limits, Outbound, checked_host
from providers.public import is_public
from tests.standins.serving import serving
from tests.standins.source import Source

QUICK = Limits(connect=2, stall=0.2, least=64, total=5, size=10_000)


class Names(AbstractResolver):
    """A name server that answers what a hostile one may."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses
        ]

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass
class Far:
    """A source on loopback, its `host:port`, and how many connections reached it."""

    source: Source
    url: str

    @property
    def place(self) -> str:
        return urlsplit(self.url).netloc


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    source = Source()
    async with serving(source.routes()) as url:
        yield Far(source, url)


async def fetch(
    client: Outbound, url: str, headers: dict[str, str] | None = None, only: list[str] | None = None
) -> bytes:
    async with client, client.get(url, headers, only) as reply:
        return await reply.read()


async def refused(
    client: Outbound, url: str, code: str = "forbidden_url", only: list[str] | None = None
) -> ProviderRefused:
    with pytest.raises(ProviderRefused) as caught:
        await fetch(client, url, only=only)
    assert (caught.value.code, caught.value.message[-1]) == (code, ".")
    return caught.value


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "１２７.0.0.1"),
        *(
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "[::ffff:a00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
        ),
        *(
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "224.0.0.1",
            "255.255.255.255",
        ),
        *("[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[64:ff9b::808:808]", "[2001:db8::1]", "[100::1]"),
    ],
    ids=ascii,
)
async def test_no_spelling_of_a_private_address_is_connected_to(far: Far, host: str) -> None:
    port = urlsplit(far.url).port
    await refused(Outbound(limits=QUICK), f"https://{host}:{port}/whole")
    assert far.source.asked == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fec0::1"])
async def test_a_name_that_resolves_to_a_private_address_is_refused(address: str) -> None:
    await refused(Outbound(limits=QUICK, resolver=Names(address)), "https://recordings.example/r.mp4")
    await refused(Outbound(limits=QUICK, resolver=Names(address, "127.0.0.2")), "https://recordings.example/r.mp4")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://recordings.example/",
            "ftp://a/",
            "file:///etc/passwd",
            "//a/b",
            "",
            "https://",
            "https://u:p@a/",
            "https:///x",
        ),
        *(
            "https://[::1",
            "https://a:99999/",
            "https://a:0/",
            "javascript:1",
            "https://\ud800/",
            "https://a/" + "x" * 5000,
            "a",
        ),
    ],
    ids=lambda url: ascii(url)[:30],
)
async def test_only_https_without_a_password_is_followed(url: str) -> None:
    await refused(Outbound(limits=QUICK, resolver=Names("127.0.0.1")), url)


async def test_plain_http_is_refused_before_any_name_is_asked() -> None:
    assert (
        "https"
        in (await refused(Outbound(limits=QUICK, resolver=Names("127.0.0.1")), "http://recordings.example/")).message
    )


async def test_a_host_named_with_its_port_may_be_private_and_plain(far: Far) -> None:
    assert await fetch(Outbound([far.place], QUICK), f"{far.url}/whole") == b"0123456789"
    assert await fetch(Outbound([far.place], QUICK), f"{far.url}/whole", {"Range": "bytes=2-4"}) == b"234"
    await refused(Outbound(["127.0.0.1"], QUICK), f"{far.url}/whole")
    await refused(Outbound(["127.0.0.1:1"], QUICK), f"{far.url}/whole")


async def test_each_redirect_is_checked_again(far: Far) -> None:
    for elsewhere in (
        "https://127.0.0.1/x",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "//[::1]:1/",
        "https://u:p@a/",
        "http://[",
    ):
        far.source.elsewhere = elsewhere
        await refused(Outbound([far.place], QUICK), f"{far.url}/away")


async def test_redirects_are_followed_only_so_far(far: Far) -> None:
    await refused(Outbound([far.place], QUICK), f"{far.url}/loop", "too_many_redirects")
    assert len(far.source.asked) == REDIRECTS + 1


async def test_secrets_are_not_carried_to_another_host(far: Far) -> None:
    other = Source()
    async with serving(other.routes()) as url:
        secrets = {"Authorization": "Bearer t", "Cookie": "a=b", "X-Token": "t", "Range": "bytes=0-3"}
        far.source.elsewhere = f"{url}/whole"
        client = Outbound([far.place, urlsplit(url).netloc], QUICK)
        assert await fetch(client, f"{far.url}/away", secrets) == b"0123"
    assert far.source.asked[0].headers["Authorization"] == "Bearer t"
    assert {"Authorization", "Cookie", "X-Token"}.isdisjoint(other.asked[0].headers)
    assert other.asked[0].headers["Range"] == "bytes=0-3"


async def test_secrets_stay_on_the_same_host(far: Far) -> None:
    far.source.elsewhere = "/whole"
    await fetch(Outbound([far.place], QUICK), f"{far.url}/away", {"Authorization": "Bearer t"})
    assert far.source.asked[1].headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize("path", ["drip", "stop"])
async def test_a_source_that_drips_or_stops_is_given_up(far: Far, path: str) -> None:
    with pytest.raises(ProviderDown, match="too slowly"):
        await fetch(Outbound([far.place], QUICK), f"{far.url}/{path}")


async def test_a_slow_reader_is_not_the_sources_fault(far: Far) -> None:
    far.source.content = b"x" * 5000
    async with Outbound([far.place], QUICK) as client, client.get(f"{far.url}/whole") as reply:
        seen = 0
        async for block in reply.blocks():
            seen += len(block)
            await asyncio.sleep(QUICK.stall * 1.5)
    assert seen == 5000


async def test_the_whole_fetch_has_an_end(far: Far) -> None:
    patient = Limits(connect=2, stall=5, least=1, total=0.3)
    with pytest.raises(ProviderDown, match="longer than is allowed"):
        await fetch(Outbound([far.place], patient), f"{far.url}/drip")


async def test_the_callers_own_time_limit_is_not_mistaken_for_the_sources(far: Far) -> None:
    async with Outbound([far.place], QUICK) as client:
        with pytest.raises(TimeoutError):
            async with client.get(f"{far.url}/whole"):
                raise TimeoutError


async def test_a_source_that_ends_early_is_down_and_one_without_end_too_large(far: Far) -> None:
    with pytest.raises(ProviderDown, match="broke off"):
        await fetch(Outbound([far.place], QUICK), f"{far.url}/short")
    await refused(Outbound([far.place], QUICK), f"{far.url}/huge", "too_large")
    far.source.content = b"x" * (QUICK.size + 1)
    await refused(Outbound([far.place], QUICK), f"{far.url}/whole", "too_large")


async def test_a_compressed_body_is_never_blown_up(far: Far) -> None:
    assert await fetch(Outbound([far.place], QUICK), f"{far.url}/gzip") == b"\x1f\x8b not really"


async def test_an_absent_source_is_down(far: Far) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ProviderDown, match="cannot be reached"):
            await fetch(Outbound([place], QUICK), f"http://{place}/")


async def test_a_provider_keeps_recordings_only_at_its_own_hosts() -> None:
    def client() -> Outbound:
        return Outbound(["files.example"], QUICK, Names("127.0.0.1"))

    for host in ("zoom.us.evil.example", "evilzoom.us", "evil.example"):
        assert "keeps recordings" in (await refused(client(), f"https://{host}/r", only=[".zoom.us"])).message
    for host in ("zoom.us", "eu.zoom.us", "files.example"):
        assert "private" in (await refused(client(), f"https://{host}/r", only=[".zoom.us"])).message


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@settings(max_examples=300, deadline=None)
@given(st.ip_addresses())
def test_what_is_not_global_is_never_public(address: object) -> None:
    ip = ip_address(str(address))
    if not ip.is_global or ip.is_multicast or (isinstance(ip, IPv6Address) and (ip.ipv4_mapped or ip.sixtofour)):
        assert not is_public(str(ip))


@settings(max_examples=200, deadline=None)
@given(st.ip_addresses(v=4))
def test_an_address_wrapped_in_another_is_never_public(address: object) -> None:
    number = int(ip_address(str(address)))
    wrapped = [number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]
    assert not any(is_public(str(IPv6Address(each))) for each in wrapped)


@pytest.mark.parametrize("host", ["", "a/b", "https://a", "u@a", "a:99999", "a?b", "a#b", "[::1"])
def test_a_wrong_recording_host_is_said_at_the_start(host: str) -> None:
    with pytest.raises(ValueError, match="RECORDING_HOSTS"):
        Outbound([host])


def test_recording_hosts_are_read_as_urls_have_them() -> None:
    assert [checked_host(host) for host in ("A.Example", "a:443", "[::1]:80")] == ["a.example", "a:443", "::1:80"]
