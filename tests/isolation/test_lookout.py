"""The lookout sees what is the other's, and is not misled by echoes."""

from uuid import UUID

from cli.isolation.lookout import Lookout
from cli.isolation.twins import Twin
from tenants.ids import new_id

ROOM, TEACHER, STUDENT = (str(new_id()) for _ in range(3))


def lookout() -> Lookout:
    other = Twin("zq0", UUID(int=1))
    other.rows = {table: [] for table in ("channels", "courses", "sections", "batches", "lessons")}
    other.rows["channels"] = [{"slug": "zq0-bait-channels-slug-0", "name": "zq0-canary-channels-name-0"}]
    other.rows["rooms"] = [{"id": ROOM, "slug": "zq0-bait-rooms-slug-1", "topic": "zq0-canary-rooms-topic-1"}]
    other.rows["members"] = [
        {"id": TEACHER, "role": "teacher", "name": "x"},
        {"id": STUDENT, "role": "student", "name": "y"},
    ]
    return Lookout(other)


def test_canaries_and_ids_that_were_not_said_are_seen() -> None:
    assert lookout().seen("<p>zq0-canary-rooms-topic-1</p>", "/rooms") == "zq0-canary-rooms-topic-1"
    assert lookout().seen(f'{{"id": "{ROOM.upper()}"}}', "/rooms") == ROOM
    assert lookout().seen("zq0-bait-rooms-slug-1", "/rooms") == "zq0-bait-rooms-slug-1"


def test_an_echo_is_no_leak() -> None:
    assert lookout().seen(f"There is no room {ROOM}.", f"/rooms/{ROOM}") == ""
    kept = lookout()
    assert kept.seen("", "name=zq0-bait-rooms-slug-1") == ""
    assert kept.seen("my room is zq0-bait-rooms-slug-1", "/rooms") == ""
    assert kept.seen("zq0-canary-rooms-topic-1", "name=zq0-bait-rooms-slug-1") == "zq0-canary-rooms-topic-1"


def test_what_is_public_is_passed_at_home_only() -> None:
    landing = f"zq0-canary-channels-name-0 {TEACHER}"
    assert lookout().seen(landing, "/c/theirs", at_home=True) == ""
    assert lookout().seen(landing, "/c/ours") != ""
    assert lookout().seen(f"{landing} {STUDENT}", "/c/theirs", at_home=True) == STUDENT
