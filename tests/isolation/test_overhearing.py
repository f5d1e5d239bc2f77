"""Each probe of the wire sees the wall it stands for, once that is taken down."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from cli.isolation.overhearing import overhear
from cli.isolation.scratch import Ground, prepare
from cli.isolation.serving import serving
from providers.embedded import EmbeddedValkey
from realtime import rooms
from realtime.community import Community
from realtime.roll import Roll
from settings import Settings
from tenants.community import changes, messages
from tenants.ids import ChannelId
from tenants.permissions import acting_system
from tests.databases import Databases, as_role
from tests.webapp import settings_for

Patch = Callable[[pytest.MonkeyPatch, Ground], None]


@pytest.fixture(scope="module")
async def settings(databases: Databases, home: Path) -> AsyncIterator[Settings]:
    url, folder = await databases.make(), home / "overhearing"
    folder.mkdir()
    valkey = EmbeddedValkey(folder / "kv")
    valkey.start()
    yield settings_for(
        url, valkey.redis_url, folder, 8000, database_url_backup=as_role(url, "guildhall_backup"),
        storage=f"disk:{folder / 'files'}", mail=f"folder:{folder / 'mail'}",
    )  # fmt: skip
    valkey.stop()
    await databases.drop(url)


@pytest.fixture
async def ground(settings: Settings) -> Ground:
    return await prepare(settings)


async def leaks(ground: Ground) -> tuple[str, str]:
    """What was overheard, and what was wrong in Redis."""
    async with serving(ground.settings) as served:
        overhearing, kept = await overhear(ground, served.url)
    assert min(overhearing.attempts, kept.attempts) > 0
    return "\n".join(overhearing.found), "\n".join(kept.found)


async def test_nothing_of_the_other_channel_is_overheard(ground: Ground) -> None:
    assert await leaks(ground) == ("", "")


def one_bus_for_all(patch: pytest.MonkeyPatch, _: Ground) -> None:
    patch.setattr(rooms, "of_room", lambda _channel, _room: "c/all/room/all")


def rooms_without_channel(patch: pytest.MonkeyPatch, _: Ground) -> None:
    patch.setattr(rooms, "of_room", lambda _channel, room: f"c/all/room/{room}")


def people_without_channel(patch: pytest.MonkeyPatch, _: Ground) -> None:
    patch.setattr(rooms, "of_person", lambda _channel, person: f"c/all/person/{person}")


def one_roll_for_all(patch: pytest.MonkeyPatch, _: Ground) -> None:
    settle = Roll.settle

    async def together(self: Roll, moves: Any) -> Any:
        return await settle(self, [each._replace(room_name="c/all/room/all") for each in moves])

    patch.setattr(Roll, "settle", together)
    patch.setattr(Roll, "_keys", lambda self, _room: (f"{self._base}:in:c/all/room/all", f"{self._base}:at:x"))


def one_list_of_who_types(patch: pytest.MonkeyPatch, _: Ground) -> None:
    patch.setattr(rooms, "typing", lambda deployment, _room: f"{deployment}:typing:all")


def sync_in_any_channel(patch: pytest.MonkeyPatch, ground: Ground) -> None:
    kept = Community.sync

    async def anywhere(self: Community, by: Any, given: Any) -> Any:
        theirs = str(given.room) in {str(row["id"]) for row in ground.other.rows["rooms"]}
        if not theirs:
            return await kept(self, by, given)
        async with self.tenancy.scope(ChannelId(ground.other.channel_id), acting_system("test")) as scope:
            found, head, _ = await changes.sync(scope, given.room, 0)
        return {"messages": [messages.shown(row) for row in found], "head_seq": head}

    patch.setattr(Community, "sync", anywhere)


@pytest.mark.parametrize(
    ("weaken", "overheard", "kept"),
    [
        (one_bus_for_all, "a frame to the attacker", "does not name"),
        (rooms_without_channel, "", "does not name"),
        (people_without_channel, "", "does not name"),
        (one_roll_for_all, "a frame to the attacker", "does not name"),
        # What the attacker's frame says then depends on who types in the same moment; the key of Redis always tells.
        (one_list_of_who_types, "", "does not name"),
        (sync_in_any_channel, "room.sync showed", ""),
    ],
)
async def test_a_wall_of_the_wire_that_is_taken_down_is_missed(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, weaken: Patch, overheard: str, kept: str
) -> None:
    weaken(monkeypatch, ground)
    heard, found = await leaks(ground)
    assert overheard in heard
    assert kept in found
    assert heard or found
