"""The four routes that are measured, as endless requests: whoever asks, from many addresses, about many things."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import orjson

from bench.stage import WORDS, Stage
from bench.wire import request

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Route:
    """What is asked, the status that is right, and the ratio to the twin that is aimed at."""

    name: str
    goal: float
    status: int
    requests: Callable[[Stage], Iterator[bytes]]


def addresses(count: int = 200) -> Iterator[str]:
    """So many senders, as a proxy in front would name them."""
    return itertools.cycle(f"10.{number // 250}.{number % 250}.7" for number in range(count))


def landing_requests(stage: Stage) -> Iterator[bytes]:
    """Visitors who open the landing page."""
    path = f"{API}/channels/{stage.world.pottery.slug}"
    return (request("GET", path, X_Forwarded_For=address) for address in addresses())


def list_requests(stage: Stage) -> Iterator[bytes]:
    """Members who open a room: its newest 50 messages."""
    school = stage.world.pottery
    members = itertools.cycle(school.people.values())
    for room, address in zip(itertools.cycle(stage.read_rooms), addresses(), strict=False):
        path = f"{API}/channels/{school.slug}/rooms/{room}/messages"
        yield request("GET", path, X_Forwarded_For=address, Authorization=f"Bearer {next(members).token}")


def post_requests(stage: Stage) -> Iterator[bytes]:
    """Members who write, in as many rooms as there are connections."""
    school = stage.world.pottery
    members = itertools.cycle(school.people.values())
    for room, address in zip(itertools.cycle(stage.write_rooms), addresses(), strict=False):
        path = f"{API}/channels/{school.slug}/rooms/{room}/messages"
        body = orjson.dumps({"client_id": str(uuid4()), "body": WORDS})
        yield request("POST", path, body, X_Forwarded_For=address, Authorization=f"Bearer {next(members).token}")


def verify_requests(stage: Stage) -> Iterator[bytes]:
    """Strangers who verify a certificate."""
    for code, address in zip(itertools.cycle(stage.codes), addresses(20_000), strict=False):
        yield request("GET", f"{API}/certificates/{code}", X_Forwarded_For=address)


ROUTES = (
    Route("landing page data", 1.3, 200, landing_requests),
    Route("list of 50 messages", 1.3, 200, list_requests),
    Route("post a message", 1.0, 201, post_requests),
    Route("verify a certificate", 1.0, 200, verify_requests),
)
