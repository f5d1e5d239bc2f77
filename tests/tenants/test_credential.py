"""A credential says in the field's own words what was awarded, by whom, and where to ask whether it still stands."""

import base64
import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.certificates import credential
from tenants.certificates.credential import STATUSES, Award, Issuer, PublicKey

ISSUER = Issuer("did:web:guildhall.example:c:pottery", "Ana's pottery", "https://guildhall.example/c/pottery")
AWARD = Award(
    url="https://guildhall.example/verify/7K4MQ2XD9FTA5",
    holder="Zoë 山田",
    title="Wheel throwing",
    criteria="Finish every lesson.",
    achievement_url="https://guildhall.example/c/pottery/learn/throwing",
    issued_at=datetime(2026, 11, 21, 12, 0, tzinfo=timezone(timedelta(hours=2))),
    expires_at=None,
    status_list="https://guildhall.example/c/pottery/status/1",
    status=77,
)


def read(encoded: str) -> str:
    """The bits of an encoded list, as text, by the specification's own steps."""
    raw = gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    return "".join(f"{byte:08b}" for byte in raw)


def test_a_credential_names_holder_award_issuer_and_times_in_utc() -> None:
    document = credential.credential(AWARD, ISSUER)
    assert document["issuer"]["id"] == ISSUER.did
    assert document["credentialSubject"]["identifier"][0]["identityHash"] == "Zoë 山田"
    assert document["credentialSubject"]["achievement"]["name"] == "Wheel throwing"
    assert document["validFrom"] == "2026-11-21T10:00:00Z"
    assert "validUntil" not in document
    assert "proof" not in document


def test_one_that_expires_says_when() -> None:
    document = credential.credential(replace(AWARD, expires_at=datetime(2028, 1, 1, tzinfo=UTC)), ISSUER)
    assert document["validUntil"] == "2028-01-01T00:00:00Z"


def test_its_status_points_at_its_own_place_in_the_list() -> None:
    status = credential.credential(AWARD, ISSUER)["credentialStatus"]
    assert status["statusListCredential"] == AWARD.status_list
    assert status["statusListIndex"] == "77"


@given(st.sets(st.integers(0, STATUSES - 1), max_size=20))
def test_the_list_has_exactly_the_bits_of_what_has_ended(ended: set[int]) -> None:
    document = credential.status_credential(AWARD.status_list, ISSUER, ended=ended, at=AWARD.issued_at)
    encoded = document["credentialSubject"]["encodedList"]
    bits = read(encoded)
    assert encoded.startswith("u")
    assert len(bits) == STATUSES
    assert {at for at, bit in enumerate(bits) if bit == "1"} == ended


def test_the_same_list_is_the_same_text() -> None:
    assert credential.encode([3, 9]) == credential.encode(iter([9, 3, 3]))


@pytest.mark.parametrize("index", [-1, STATUSES])
def test_a_place_beyond_the_list_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="places"):
        credential.encode([index])


@pytest.mark.parametrize(
    ("page", "did"),
    [
        ("https://guildhall.example/c/pottery", "did:web:guildhall.example:c:pottery"),
        ("http://127.0.0.1:8000/c/pottery", "did:web:127.0.0.1%3A8000:c:pottery"),
        ("https://pottery.example/", "did:web:pottery.example"),
    ],
)
def test_an_issuer_is_named_by_where_it_lives(page: str, did: str) -> None:
    assert credential.did_of(page) == did


def test_a_retired_key_still_vouches_and_a_revoked_one_does_not() -> None:
    keys = [PublicKey(1, "z6MkA", revoked_at=AWARD.issued_at), PublicKey(2, "z6MkB"), PublicKey(3, "z6MkC")]
    document = credential.did_document(ISSUER.did, keys)
    assert [method["publicKeyMultibase"] for method in document["verificationMethod"]] == ["z6MkA", "z6MkB", "z6MkC"]
    assert document["verificationMethod"][0]["revoked"] == "2026-11-21T10:00:00Z"
    assert document["assertionMethod"] == [f"{ISSUER.did}#key-2", f"{ISSUER.did}#key-3"]
