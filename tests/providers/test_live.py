"""The generic provider beyond the contract: each field of what was agreed, and each way to write it wrongly."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers import PayloadRefused, ProviderRefused, SignatureRefused
from providers.live import (
    LiveProvider,
    choose,
)
from providers.standard_webhooks import sign

NOW = datetime.now(UTC).replace(microsecond=0)


def now() -> datetime:
    """The moment of signing: a suite may run for longer than a signature counts."""
    return datetime.now(UTC)


CLASS = uuid4()
PERSON: dict[str, Any] = {"class": str(CLASS), "participant": "m-1", "name": "Zoë", "at": NOW.isoformat()}
READY: dict[str, Any] = {
    "class": str(CLASS),
    "recording": "r-1",
    "url": "https://files.example/r-1.mp4",
    "content_type": "video/mp4",
    "size": 565_000_000,
    "started_at": NOW.isoformat(),
}


@dataclass(frozen=True)
class Far:
    """A provider and the way its far side writes and signs."""

    provider: LiveProvider
    write: Callable[[str, dict[str, Any]], bytes]
    sign: Callable[[str, str, datetime, bytes], Mapping[str, str]]


def written(kind: str, data: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "timestamp": NOW.isoformat(), "data": data}).encode()


@pytest.fixture(params=["generic"])
def far(request: pytest.FixtureRequest) -> Far:
    return {"generic": Far(choose("generic"), written, sign)}[request.param]


def heard(far: Far, kind: str, data: dict[str, Any]) -> list[Any]:
    secret, raw = far.provider.make_secret(), far.write(kind, data)
    return list(far.provider.verify_and_parse(far.sign(secret, "msg_1", now(), raw), raw, secret))


def test_size_may_be_missing_and_times_may_have_any_zone(far: Far) -> None:
    local = NOW.astimezone().isoformat()
    [ready] = heard(far, "recording.ready", {**READY, "size": None, "started_at": local.replace("+00:00", "Z")})
    assert (ready.size, ready.started_at) == (None, NOW)


def test_a_changed_body_header_or_secret_is_refused(far: Far) -> None:
    secret, raw = far.provider.make_secret(), far.write("participant.joined", PERSON)
    headers = far.sign(secret, "msg_1", now(), raw)
    tries = [(headers, raw + b" ", secret), (headers, raw, far.provider.make_secret()), ({}, raw, secret)]
    tries += [
        ({**headers, name: value}, raw, secret)
        for name in headers
        for value in ("", "x", "é", "1", "v1,", "v1,!", "v2,x")
    ]
    tries += [({k: v for k, v in headers.items() if k != name}, raw, secret) for name in headers]
    for changed, body, key in tries:
        with pytest.raises(SignatureRefused):
            far.provider.verify_and_parse(changed, body, key)


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24 * 365, 60 * 24 * 365])
def test_neither_an_old_nor_a_future_signature_counts(far: Far, minutes: int) -> None:
    secret, raw = far.provider.make_secret(), far.write("participant.joined", PERSON)
    with pytest.raises(SignatureRefused):
        far.provider.verify_and_parse(far.sign(secret, "m", now() + timedelta(minutes=minutes), raw), raw, secret)
    near = far.sign(secret, "m", now() + timedelta(minutes=minutes / abs(minutes) * 4), raw)
    assert far.provider.verify_and_parse(near, raw, secret)


@pytest.mark.parametrize("moment", ["nan", "inf", "1e9", "-1", "9" * 30, "١", " 1"])
def test_a_strange_timestamp_is_refused(far: Far, moment: str) -> None:
    secret, raw = far.provider.make_secret(), far.write("participant.joined", PERSON)
    with pytest.raises(SignatureRefused):
        far.provider.verify_and_parse({**far.sign(secret, "m", now(), raw), "webhook-timestamp": moment}, raw, secret)


@pytest.mark.parametrize(
    "secret", ["", "None", "whsec_", "whsec_abc", "whsec_!!!!", "d2hzZWM=" * 5, "whsec_" + "a" * 200]
)
def test_a_secret_that_looks_wrong_is_refused_at_once(far: Far, secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        far.provider.checked_secret(secret)
    raw = far.write("participant.joined", PERSON)
    with pytest.raises(SignatureRefused):
        far.provider.verify_and_parse(far.sign(far.provider.make_secret(), "m", now(), raw), raw, secret)


def test_made_secrets_are_accepted_and_differ(far: Far) -> None:
    first, second = far.provider.make_secret(), far.provider.make_secret()
    assert far.provider.checked_secret(first) == first != second


BODIES = [
    *(b"", b"{", b"null", b"[]", b'"x"', b"1", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe{}", b'{"type": NaN}'),
    *(b'{"type": "a\\u0000b", "data": {}}', b'{"type": "\\ud800", "data": {}}', b'{"type": 5}', b'{"data": {}}'),
    *(b'{"type": "room.ended"}', b'{"type": "room.ended", "data": []}', b'{"type": "' + b"x" * 500 + b'", "data": {}}'),
]


@pytest.mark.parametrize("raw", BODIES, ids=range(len(BODIES)))
def test_a_signed_body_that_is_not_what_was_agreed_is_refused(far: Far, raw: bytes) -> None:
    secret = far.provider.make_secret()
    with pytest.raises(ProviderRefused) as refusal:
        far.provider.verify_and_parse(signed_bytes(far, secret, raw), raw, secret)
    assert refusal.value.status in {400, 401}
    assert refusal.value.message.endswith(".")


def signed_bytes(far: Far, secret: str, raw: bytes) -> Mapping[str, str]:
    return far.sign(secret, "m", now(), raw if raw.isascii() else b"{}")


WRONG = [
    *[
        ("class", value)
        for value in (None, 5, "", "x", "{" + str(CLASS) + "}", str(CLASS).replace("-", ""), "a" * 5000)
    ],
    *[("recording", value) for value in (None, "", "a\0b", "a\nb", "a" * 201, ["x"], {"a": 1}, True)],
    *[
        ("url", value)
        for value in (
            "",
            "ftp://a/b",
            "javascript:1",
            "https://",
            "https://u:p@h/",
            "https://[::1",
            "//a",
            "https://a b",
        )
    ],
    *[("url", value) for value in ("https://a:99999/", "https://ü.example/\n", "file:///etc/passwd", "x" * 5000)],
    *[("size", value) for value in (-1, True, "5", 1.5, 2**60, 10**40)],
    *[("started_at", value) for value in ("", "now", "2026-11-21", "2026-11-21T09:00:00", 5, "9999-01-01T00:00:00Z")],
    *[("started_at", value) for value in ("1970-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "2026-13-01T00:00:00Z")],
    *[("content_type", value) for value in (None, "", 5, "a" * 101)],
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_field_is_refused_by_its_name(far: Far, name: str, value: object) -> None:
    with pytest.raises(PayloadRefused, match=f"`{name}`|not JSON"):
        heard(far, "recording.ready", {**READY, name: value})


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    fields=st.dictionaries(st.sampled_from(sorted({*READY, *PERSON})), JUNK),
    kind=st.sampled_from(["recording.ready", "participant.joined"]),
)
def test_no_field_content_makes_more_than_a_refusal(fields: dict[str, Any], kind: str) -> None:
    assert outcome(Far(choose("generic"), written, sign), kind, {**READY, **PERSON, **fields}) in {
        "heard",
        "bad_payload",
    }


def outcome(far: Far, kind: str, data: dict[str, Any]) -> str:
    try:
        return "heard" if heard(far, kind, data) else "nothing"
    except PayloadRefused as refusal:
        return refusal.code


def test_an_unknown_kind_of_connection_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="generic"):
        choose(secrets.token_hex(4))
