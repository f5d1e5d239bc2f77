"""Signing keys: made once per channel, sealed where they lie; one root for the installation."""

import asyncio

import pytest

from tenants.certificates import signing_keys
from tenants.ids import new_id
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tenants.sealing import SealBroken, Seals
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
        (row,) = await scope._connection.fetch("select sealed from signing_keys")
    assert made[0] not in row["sealed"]


async def test_the_installation_has_one_root_and_no_channel_reads_its_row(tenancy: Tenancy, world: World) -> None:
    seals = Seals(b"s" * 32)
    roots = await asyncio.gather(
        *(signing_keys.root(tenancy, seals, lambda: (new_id().bytes, new_id().bytes)) for _ in range(4))
    )
    assert len({root.secret for root in roots}) == 1
    assert await signing_keys.root_certificate(tenancy) == roots[0].public
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        assert await scope._connection.fetch("select * from installation_keys") == []
