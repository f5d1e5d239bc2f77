"""Sealed secrets: readable with the same key, channel and purpose, and in no other way."""

import pytest

from tenants.ids import ChannelId, new_id
from tenants.sealing import SealBroken, Seals

HERE, THERE = ChannelId(new_id()), ChannelId(new_id())
SEALS = Seals(b"the secret of this installation")


def test_what_was_sealed_opens_again_and_looks_new_each_time() -> None:
    one, two = (SEALS.seal(HERE, "account", b"hush") for _ in range(2))
    assert one != two
    assert b"hush" not in one
    assert SEALS.open(HERE, "account", one) == SEALS.open(HERE, "account", two) == b"hush"
    assert Seals(b"the secret of this installation").open(HERE, "account", one) == b"hush"


def test_it_opens_for_no_other_channel_purpose_or_key() -> None:
    sealed = SEALS.seal(HERE, "account", b"hush")
    for seals, channel, purpose in (
        (SEALS, THERE, "account"), (SEALS, HERE, "accounts"), (Seals(b"another secret"), HERE, "account"),
    ):  # fmt: skip
        with pytest.raises(SealBroken):
            seals.open(channel, purpose, sealed)


def test_no_changed_or_missing_byte_goes_unseen() -> None:
    sealed = SEALS.seal(HERE, "account", b"hush")
    for at in range(len(sealed)):
        for wrong in (sealed[:at], sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]):
            with pytest.raises(SealBroken):
                SEALS.open(HERE, "account", wrong)
