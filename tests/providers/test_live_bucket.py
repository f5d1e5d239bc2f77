"""A creator's bucket: addresses signed as Google's V4 has it, and only for what lies in it."""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from providers.live import choose
from providers.live.bucket import Bucket
from providers.live.credentials import FieldRefused
from providers.live.hosting import Room
from providers.live.hosts import LiveHosts
from tests.providers.live_sides import livekit_side

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@lru_cache
def service_account() -> str:
    """The JSON key of a made-up service account."""
    key = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return orjson.dumps({"client_email": "films@school.example", "private_key": key.decode()}).decode()


def test_an_object_is_signed_as_v4_has_it() -> None:
    bucket = Bucket("school", service_account())
    signed = bucket.signed("https://school.storage.googleapis.com/guildhall/a%20b/é.mp4", NOON)
    parts = urlsplit(signed)
    assert (parts.hostname, parts.path) == ("storage.googleapis.com", "/school/guildhall/a%20b/%C3%A9.mp4")
    query, _, signature = parts.query.rpartition("&X-Goog-Signature=")
    assert parse_qs(query)["X-Goog-Credential"] == ["films@school.example/20261126/auto/storage/goog4_request"]
    asked = f"GET\n{parts.path}\n{query}\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD"
    scope = "20261126/auto/storage/goog4_request"
    told = f"GOOG4-RSA-SHA256\n20261126T120000Z\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    key = load_pem_private_key(orjson.loads(service_account())["private_key"].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    key.public_key().verify(bytes.fromhex(signature), told.encode(), PKCS1v15(), SHA256())


@pytest.mark.parametrize(
    ("url", "held"),
    [
        ("https://storage.googleapis.com/school/a.mp4", True),
        ("https://school.storage.googleapis.com/a.mp4", True),
        ("https://storage.googleapis.com/another/a.mp4", False),
        ("https://storage.googleapis.com.evil.example/school/a.mp4", False),
        ("https://evil.example/school/a.mp4", False),
    ],
)
async def test_only_what_lies_in_the_bucket_is_signed(url: str, held: bool) -> None:
    given = {**livekit_side().given, "bucket": "school", "bucket_key": service_account()}
    hosts = LiveHosts()
    found = await hosts.of("livekit", choose("livekit").check(given)).open_recording(Room("x"), "EG_1", url)
    assert ("X-Goog-Signature" in found.url) == held
    assert found.url.startswith("https://storage.googleapis.com/school/") or found.url == url
    await hosts.close()


@pytest.mark.parametrize(
    "key", ["", "{", "[]", "{}", '{"private_key": 5, "client_email": "a@b"}', '{"private_key": "x"}']
)
def test_a_key_that_is_none_is_refused_by_its_field(key: str) -> None:
    given = {**livekit_side().given, "bucket": "school", "bucket_key": key}
    with pytest.raises(FieldRefused) as refused:
        choose("livekit").check(given)
    assert refused.value.field == "bucket_key"
