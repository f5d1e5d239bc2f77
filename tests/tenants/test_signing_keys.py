"""Signing keys: made once per channel, sealed where they lie; one root for the installation."""

import asyncio

import pytest

from tenants.certificates import signing_keys
from tenants.ids import ChannelId, new_id
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tenants.sealing import SealBroken, Seals
from tests.databases import Databases
from tests.world import World

SYSTEM = acting_system("test")


async def test_a_channels_key_is_made_once_and_lies_sealed(tenancy: Tenancy, world: World) -> None:
    made: list[bytes] = []

    def make() -> tuple[bytes, bytes]:
        made.append(new_id().bytes)
        return b"public", made[-1]

    async def ask(seals: Seals = Seals(b"s" * 32)) -> signing_keys.SigningKey:  # noqa: B008
        async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
            return await signing_keys.own(scope, "document", seals, make)

    keys = await asyncio.gather(*(ask() for _ in range(4)))
    assert ({key.secret for key in keys}, {key.number for key in keys}) == ({made[0]}, {1})
    assert made[0].hex() not in repr(keys[0])
    with pytest.raises(SealBroken):
        await ask(Seals(b"another secret"))
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        (row,), _ = await scope._transaction.run("select sealed from signing_keys", [])
    assert made[0] not in row["sealed"]


async def test_the_installation_has_one_root_and_no_channel_reads_its_row(fresh: str) -> None:
    # A database of its own: the root is made once, under the key of whoever asks first.
    own, seals = Databases.tenancy(fresh), Seals(b"s" * 32)
    asked = (signing_keys.root(own, seals, lambda: (new_id().bytes, new_id().bytes)) for _ in range(4))
    roots = await asyncio.gather(*asked)
    assert len({root.secret for root in roots}) == 1
    assert await signing_keys.root_certificate(own) == roots[0].public
    async with own.scope(ChannelId(new_id()), SYSTEM) as scope:
        rows, _ = await scope._transaction.run("select * from installation_keys", [])
        assert rows == []
    await own.close()
