"""The whole path of a message: posted over a socket, committed to PostgreSQL, heard by a thousand members.

Ours is a web process of the product; the twin is Node's socket.io with pg, the same statements and the same frames.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from bench import peers
from bench.crowd import Crowd
from bench.peers import CHECKOUT, NoPeer, Side
from bench.stage import WORDS, Stage, staged
from tenants.permissions import Role
from tenants.scope import Tenancy
from tests.databases import as_role
from tests.world import add_member, make_person

ROOM, A_PERSON, AT_ONCE, REPEATS = 1000, 10, 32, 3
# One in flight: the twin tells what it has committed in another order when there are several.
WAYS = {"posted": (100, 1)}
NAMESPACE = "/community,"
OURS, TWIN = "ours", "Node"


async def measure(program: Path, app_core: int, rest: int) -> dict[str, dict[str, list[float]]]:
    """By side and way: CPU microseconds of the application's process a delivery, one number a repeat."""
    async with staged() as stage:
        said = await _said(stage)
        with contextlib.ExitStack() as stack:
            sides = [stack.enter_context(each) for each in _sides(stage, app_core)]
            taken = {side.name: {way: list[float]() for way in WAYS} for side in sides}
            for repeat in range(REPEATS):
                for side in sides[repeat % len(sides) :] + sides[: repeat % len(sides)]:
                    _once(Crowd(program, [side], rest, **said), taken[side.name])
    return taken


async def _said(stage: Stage) -> dict[str, str]:
    """What the crowd says: people enough for all its sockets, one room, and a message."""
    school, room = stage.world.pottery, stage.write_rooms[0]
    tenancy = Tenancy.open(*(as_role(stage.database_url, f"guildhall_{role}") for role in ("app", "relay")))
    people = [
        await add_member(tenancy, school, await make_person(tenancy, f"reader-{number}"), Role.STUDENT)
        for number in range(ROOM // A_PERSON)
    ]
    await tenancy.close()
    connects = stage.home / "connects.txt"
    auths = [json.dumps({"channel": school.slug, "token": each.token}) for each in people]
    connects.write_text("".join(f"40{NAMESPACE}{auth}\n" for auth in auths))
    return {
        "CONNECTS": str(connects),
        "JOIN": f'42{NAMESPACE}1["room.join",{json.dumps({"room": str(room)})}]',
        "POST": f'42{NAMESPACE}2["message.post",{{"room":"{room}","client_id":"%s","body":{json.dumps(WORDS)}}}]',
        "POSTED": f'42{NAMESPACE}["message.posted",',
    }


def _sides(stage: Stage, core: int) -> Iterator[contextlib.AbstractContextManager[Side]]:
    yield peers.ours(stage, core)
    try:
        node = peers.node()
        for folder in (peers.LIVE, peers.TWIN):
            peers.install(node, folder)
    except NoPeer as reason:
        print(f"wire: without Node: {reason}")
        return
    yield _twin(stage, core, node)


@contextlib.contextmanager
def _twin(stage: Stage, core: int, node: str) -> Iterator[Side]:
    config = stage.home / "posting.json"
    config.write_text(json.dumps(peers.config(stage)))
    words = [node, str(peers.LIVE / "posting.js"), str(config)]
    with peers.running(words, core, CHECKOUT, stage.home / "posting.log") as (pid, port):
        yield Side(TWIN, pid, port)


def _once(crowd: Crowd, taken: dict[str, list[float]]) -> None:
    crowd(f"connect {ROOM} {AT_ONCE}")
    crowd("fan 20 1")
    for way, (count, in_flight) in WAYS.items():
        taken[way].append(crowd(f"fan {count} {in_flight}")[0])
    crowd("close")
    crowd.end()
