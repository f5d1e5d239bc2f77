"""Web push as the standards have it: read by another implementation, and never sent where it may not go."""

import time
from collections.abc import AsyncIterator

import pytest

from providers import Deferred, ProviderDown, ProviderRefused
from providers.push import LONGEST, Browser, WebPush, encrypt, public_key
from tests.standins.push import PushService, check_sender, push_service

SECRET, OTHER = b"a secret for tests", b"another secret for tests"


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
async def push(service: PushService) -> AsyncIterator[WebPush]:
    made = WebPush(SECRET, "mailto:school@guildhall.example", [service.host])
    yield made
    await made.close()


def browser_of(service: PushService) -> Browser:
    return Browser(service.subscription()["endpoint"], service.point, service.secret)


@pytest.mark.parametrize("payload", [b'{"a": "\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85"}', b'"' + b"x" * (LONGEST - 2) + b'"'])
async def test_a_message_is_read_by_its_browser_and_says_who_sends(
    service: PushService, push: WebPush, payload: bytes
) -> None:
    await push.send(browser_of(service), payload, seconds=60, topic="a" * 32)
    ((_, headers),) = service.got
    assert (headers["TTL"], headers["Topic"], headers["Content-Encoding"]) == ("60", "a" * 32, "aes128gcm")
    claims = check_sender(headers["Authorization"], service.origin)
    assert claims["sub"] == "mailto:school@guildhall.example"
    assert 0 < claims["exp"] - time.time() < 24 * 3600
    assert headers["Authorization"].endswith(f"k={public_key(SECRET)}")


def test_the_key_is_the_same_in_every_process_and_another_elsewhere() -> None:
    assert public_key(SECRET) == public_key(SECRET) != public_key(OTHER)
    assert len(public_key(SECRET)) == 87


async def test_no_two_messages_look_alike_and_one_that_is_too_long_is_refused(service: PushService) -> None:
    browser = browser_of(service)
    assert encrypt(browser, b"x")[:16] != encrypt(browser, b"x")[:16]
    with pytest.raises(ProviderRefused):
        encrypt(browser, b"x" * (LONGEST + 1))


@pytest.mark.parametrize(
    ("status", "raised", "code"),
    [
        (404, ProviderRefused, "gone"), (410, ProviderRefused, "gone"), (400, ProviderRefused, "push_refused"),
        (403, ProviderRefused, "push_refused"), (301, ProviderRefused, "push_refused"), (429, Deferred, ""),
        (500, ProviderDown, ""), (503, ProviderDown, ""),
    ],
)  # fmt: skip
async def test_what_the_service_says_no_to(
    service: PushService, push: WebPush, status: int, raised: type[ProviderDown | ProviderRefused], code: str
) -> None:
    service.status, service.headers = status, {"Retry-After": "7", "Location": f"{service.origin}/send/other"}
    with pytest.raises(raised) as said:
        await push.send(browser_of(service), b"{}", seconds=60)
    assert getattr(said.value, "code", "") == code
    assert getattr(said.value, "retry_after", 7) == 7
    assert service.asked == 1


async def test_it_goes_to_public_addresses_by_https_alone(service: PushService) -> None:
    push = WebPush(SECRET, "mailto:school@guildhall.example")
    for endpoint in (
        f"{service.origin}/send/one",
        "https://127.0.0.1/send",
        "https://[::1]/x",
        "https://169.254.169.254/x",
    ):
        with pytest.raises(ProviderRefused):
            await push.send(Browser(endpoint, service.point, service.secret), b"{}", seconds=60)
    await push.close()
    assert service.asked == 0


def test_what_no_browser_would_say_is_refused(service: PushService) -> None:
    given = service.subscription()
    endpoint, p256dh, auth = "https://push.example/1", given["keys"]["p256dh"], given["keys"]["auth"]
    assert Browser.of(endpoint, p256dh, auth + "==").auth == service.secret
    for wrong in (
        ("http://push.example/1", p256dh, auth), ("https://u:p@push.example/1", p256dh, auth),
        ("nowhere", p256dh, auth),
        (endpoint, p256dh[:-4], auth), (endpoint, "A" * 87, auth), (endpoint, "é", auth), (endpoint, p256dh, "AAAA"),
        (endpoint, p256dh, ""), ("https://push.example/\u0661", p256dh, auth),
    ):  # fmt: skip
        with pytest.raises(ProviderRefused):
            Browser.of(*wrong)
