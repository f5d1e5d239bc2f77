"""One seed: a school, its members on their lines, and rounds of fault, traffic, healing, quiet and reckoning."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp

from cli.drill.taps import tapped_port
from tenants.permissions import Role
from tests.databases import Databases
from tests.faults.house import House
from tests.faults.member import Member
from tests.faults.reckoning import Count, reckon, told, truth
from tests.faults.table import Fault, plan
from tests.world import School, add_member, make_person, make_school

QUIET_SECONDS = 60.0
AFTER_SECONDS = 1.5
ROOMS = ("wheel", "kiln")


@dataclass(frozen=True)
class Size:
    """How much is going on: members, and deeds a second."""

    members: int = 100
    pace: float = 25.0


@dataclass(frozen=True, slots=True)
class Round:
    """One fault and what came of it."""

    fault: str
    acknowledged: int
    count: Count
    seconds: float
    """From the end of the fault and the traffic until all was well, or was given up."""
    wrong: list[str]


async def play(house: House, seed: int, rounds: int, size: Size, tell: Callable[[Round], None]) -> list[Round]:
    """All rounds of a seed; the same seed has the same faults, victims and deeds, not the same microseconds."""
    chance = random.Random(seed)
    done = []
    async with gathered(house, chance, size) as members:
        for fault in plan(house, [member.line for member in members], chance, rounds):
            done.append(await suffer(house, members, fault, chance, size.pace))
            tell(done[-1])
            if not done[-1].count.clean:
                break
    return done


@contextlib.asynccontextmanager
async def gathered(house: House, chance: random.Random, size: Size) -> AsyncIterator[list[Member]]:
    """The members of a new school, connected; each is in one of its rooms or in both."""
    async with contextlib.AsyncExitStack() as ending:
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        session = await ending.enter_async_context(aiohttp.ClientSession(connector=connector))
        school, rooms = await founded(house, session, size.members)
        members = []
        for name in (name for name in school.people if name != "ana"):
            line, port = await ending.enter_async_context(tapped_port(house.connect))
            own = chance.choice([rooms, rooms[:1], rooms[1:]])
            draw = random.Random(chance.random())
            url = f"http://127.0.0.1:{port}"
            members.append(Member(school.people[name], school.slug, own, session, line, url, draw))
        for member in members:
            ending.push_async_callback(member.finish)
        await asyncio.gather(*(member.arrive() for member in members))
        yield members


async def founded(house: House, session: aiohttp.ClientSession, most: int) -> tuple[School, list[str]]:
    """A new school with so many students, and its rooms."""
    tenancy = Databases.tenancy(house.servers.postgres.database_url)
    try:
        school = await make_school(tenancy, "faults", {"ana": Role.OWNER})
        for number in range(most):
            person = await make_person(tenancy, f"m{number}")
            school.people[f"m{number}"] = await add_member(tenancy, school, person, Role.STUDENT)
    finally:
        await tenancy.close()
    rooms = []
    for name in ROOMS:
        url = f"{house.url}/api/v1/channels/{school.slug}/rooms"
        async with session.post(url, json={"name": name, "kind": "members"}, headers=school.ana.bearer) as answer:
            answer.raise_for_status()
            rooms.append((await answer.json())["id"])
    return school, rooms


async def suffer(house: House, members: list[Member], fault: Fault, chance: random.Random, pace: float) -> Round:
    """One round."""
    before = sum(len(member.posted) for member in members)
    stop = asyncio.Event()
    talking = asyncio.create_task(talk(members, random.Random(chance.random()), pace, stop))
    async with fault.happens():
        await asyncio.sleep(fault.seconds)
    await asyncio.sleep(AFTER_SECONDS)
    stop.set()
    await talking
    began = time.monotonic()
    await house.ready()
    count, wrong = await settled(house, members)
    acknowledged = sum(len(member.posted) for member in members) - before
    return Round(fault.name, acknowledged, count, time.monotonic() - began, wrong)


async def talk(members: list[Member], chance: random.Random, pace: float, stop: asyncio.Event) -> None:
    """One deed after the other: mostly posts, also edits, deletions, coming and going."""
    while not stop.is_set():
        member = chance.choice(members)
        room = chance.choice(member.rooms)
        deed = chance.choices(("post", "edit", "delete", "come back", "reload"), (60, 25, 5, 7, 3))[0]
        match deed:
            case "post":
                member.post(room)
            case "edit":
                member.edit(room)
            case "delete":
                member.delete(room)
            case "come back":
                member.come_back(room)
            case _:
                member.reload()
        await asyncio.sleep(chance.expovariate(pace))


async def settled(house: House, members: list[Member]) -> tuple[Count, list[str]]:
    """The reckoning, as soon as it is clean; as it stands when it has not become so in a minute."""
    deadline = time.monotonic() + QUIET_SECONDS
    while True:
        rooms = {room for member in members for room in member.rooms}
        held = await truth(house.servers.postgres.database_url, rooms)
        count = reckon(members, held)
        if count.clean or time.monotonic() > deadline:
            return count, told(members, held)
        await asyncio.sleep(0.3)
