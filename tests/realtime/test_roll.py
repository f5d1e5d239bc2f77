"""The roll in Redis: each step costs what it changes, and what dead processes left is taken back in slices."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from providers.embedded import EmbeddedValkey
from realtime import lease as leases
from realtime.lease import Lease
from realtime.roll import SLICE, Moves, Roll
from realtime.shared import Shared

ROOM = "c/one/room/1"


@pytest.fixture
async def shared(home: Path) -> AsyncIterator[Shared]:
    """A Redis that nobody else uses."""
    server = EmbeddedValkey(home / "kv-roll")
    server.start()
    shared = Shared(server.redis_url)
    yield shared
    await shared.ask(lambda redis: redis.flushall())
    await shared.close()
    server.stop()


async def process(shared: Shared) -> tuple[Roll, Lease]:
    """The roll as a process has it whose lease runs."""
    lease = Lease(shared, "test")
    await lease.renew()
    return Roll(shared, lease, "test"), lease


async def commands(shared: Shared) -> int:
    """How many commands Redis has done so far, those within scripts too."""
    found = await shared.ask(lambda redis: redis.info("commandstats"))
    assert found is not None
    return sum(each["calls"] for name, each in found.items() if name != "cmdstat_info")


def come(*members: str) -> list[Moves]:
    return [Moves(ROOM, 0, {member: member.upper() for member in members})]


async def test_a_coming_costs_as_little_in_a_room_of_thousands(shared: Shared) -> None:
    roll, _ = await process(shared)
    costs = []
    for count in (1, 3000):
        await roll.settle(come(*(f"m{n}" for n in range(count))))
        before = await commands(shared)
        (change,) = await roll.settle(come(f"new-{count}")) or []
        costs.append(await commands(shared) - before)
        assert change.joined == {f"new-{count}": f"NEW-{count}"}
    assert costs[0] == costs[1] < 20


async def test_saying_it_twice_changes_nothing(shared: Shared) -> None:
    roll, _ = await process(shared)
    (first,) = await roll.settle(come("a", "b")) or []
    (again,) = await roll.settle(come("a")) or []
    assert (dict(first.joined), first.online) == ({"a": "A", "b": "B"}, 2)
    assert (again.moved, again.version, again.online) == (False, first.version, 2)
    (gone,) = await roll.settle([Moves(ROOM, 0, {"a": None, "never": None})]) or []
    assert (gone.left, gone.online, gone.version) == (["a"], 1, first.version + 1)


async def test_a_version_is_above_what_anybody_has_seen(shared: Shared) -> None:
    roll, _ = await process(shared)
    (first,) = await roll.settle(come("a")) or []
    (later,) = await roll.settle([Moves(ROOM, first.version + 7, {"b": "B"})]) or []
    assert later.version == first.version + 8


async def test_what_a_dead_process_asserted_is_taken_back_in_slices(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    living, _ = await process(shared)
    monkeypatch.setattr(leases, "LEASE_SECONDS", -1.0)
    dying, lease = await process(shared)
    crowd = [f"m{n}" for n in range(2 * SLICE + 100)]
    await living.settle(come("m0"))
    await dying.settle(come(*crowd))
    slices, more = [], True
    while more:
        more, changes = await living.reap()
        slices += [len(change.left) for change in changes]
    assert (sum(slices), max(slices) <= SLICE) == (len(crowd) - 1, True)
    there = await living.look(ROOM)
    assert there is not None
    assert (dict(there.joined), there.online) == ({"m0": "M0"}, 1)

    monkeypatch.undo()
    told: list[bool] = []
    lease.renewed.append(told.append)
    await lease.renew()
    assert told == [True], "it lived after all, and says everything again"


async def test_the_living_are_not_reaped(shared: Shared) -> None:
    roll, _ = await process(shared)
    await roll.settle(come("a"))
    assert await roll.reap() == (False, [])
