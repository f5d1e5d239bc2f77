"""A proof holds over exactly the document that was signed, by exactly the key that its issuer names."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.signing import check, known, make_key, secure
from providers.signing.keys import decode, encode, public_key

AT = datetime(2026, 11, 21, tzinfo=UTC)
METHOD = "did:web:guildhall.example:c:pottery#key-1"
KEY = make_key()
KEYS = {METHOD: KEY.public}
DOCUMENT: dict[str, Any] = {
    "@context": list(known()),
    "id": "https://guildhall.example/verify/1",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "did:web:guildhall.example:c:pottery", "type": ["Profile"], "name": "Ana"},
    "name": "Throwing",
    "validFrom": "2026-11-21T00:00:00Z",
    "credentialSubject": {"id": "https://guildhall.example/zoe", "type": ["AchievementSubject"]},
}


def test_a_proof_is_a_list_and_holds() -> None:
    secured = secure(DOCUMENT, KEY, method=METHOD, at=AT)
    assert isinstance(secured["proof"], list)
    assert secured["proof"][0]["cryptosuite"] == "eddsa-rdfc-2022"
    assert check(secured, KEYS)


def test_the_order_of_its_words_does_not_matter() -> None:
    secured = secure(DOCUMENT, KEY, method=METHOD, at=AT)
    assert check(dict(reversed(secured.items())), KEYS)


@pytest.mark.parametrize(
    ("where", "value"),
    [("name", "Firing"), ("id", "https://guildhall.example/verify/2"), ("validFrom", "2027-11-21T00:00:00Z")],
)
def test_a_changed_word_breaks_it(where: str, value: str) -> None:
    assert not check({**secure(DOCUMENT, KEY, method=METHOD, at=AT), where: value}, KEYS)


@pytest.mark.parametrize(
    "option", ["created", "proofPurpose", "verificationMethod", "cryptosuite", "proofValue", "type"]
)
def test_a_changed_or_missing_option_of_the_proof_breaks_it(option: str) -> None:
    secured = secure(DOCUMENT, KEY, method=METHOD, at=AT)
    for value in ("2020-01-01T00:00:00Z", "z111", "", None, 5):
        bent = copy.deepcopy(secured)
        bent["proof"][0][option] = value
        assert not check(bent, KEYS)
    del secured["proof"][0][option]
    assert not check(secured, KEYS)


def test_another_key_or_an_unknown_one_does_not_hold() -> None:
    secured = secure(DOCUMENT, KEY, method=METHOD, at=AT)
    assert not check(secured, {METHOD: make_key().public})
    assert not check(secured, {})


def test_one_wrong_proof_among_right_ones_fails_all() -> None:
    secured = secure(DOCUMENT, KEY, method=METHOD, at=AT)
    secured["proof"] = [*secured["proof"], {**secured["proof"][0], "proofValue": "z1"}]
    assert not check(secured, KEYS)


@pytest.mark.parametrize("proof", [None, [], {}, "yes", [None], [{}], ["z"]])
def test_no_proof_is_no_proof(proof: Any) -> None:
    assert not check({**DOCUMENT, "proof": proof}, KEYS)


def test_a_word_without_meaning_is_refused_rather_than_left_unsigned() -> None:
    with pytest.raises(ValueError, match="hourz"):
        secure({**DOCUMENT, "hourz": 24}, KEY, method=METHOD, at=AT)


def test_a_context_from_elsewhere_is_never_fetched() -> None:
    foreign = {**DOCUMENT, "@context": [*known(), "https://elsewhere.example/context"]}
    with pytest.raises(ValueError, match="elsewhere"):
        secure(foreign, KEY, method=METHOD, at=AT)
    assert not check({**foreign, "proof": secure(DOCUMENT, KEY, method=METHOD, at=AT)["proof"]}, KEYS)


def test_the_example_of_the_specification_is_read() -> None:
    raw = public_key("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2").public_bytes_raw()
    assert encode(b"\xed\x01" + raw) == "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


@given(st.binary(max_size=80))
def test_base_58_gives_back_what_it_was_given(raw: bytes) -> None:
    assert decode(encode(raw)) == raw


def test_a_secret_never_shows_in_a_log() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)
