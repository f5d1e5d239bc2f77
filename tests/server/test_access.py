"""Who calls: what is remembered of a caller for a moment never lets anybody in."""

from tests.webapp import Web
from tests.world import World


async def test_a_session_that_ended_is_refused_at_once_where_it_was_just_let_in(web: Web, world: World) -> None:
    sam, path = world.pottery.sam, f"/channels/{world.pottery.slug}/rooms"
    assert [(await web.call("GET", path, token=sam.token)).status for _ in range(2)] == [200, 200]
    assert (await web.call("POST", "/auth/sign-out", token=sam.token)).status == 204
    after = await web.call("GET", path, token=sam.token)
    assert (after.status, after.json["code"]) == (401, "session_ended")
    after = await web.call("GET", "/me", token=sam.token)
    assert (after.status, after.json["code"]) == (401, "session_ended")


async def test_a_caller_who_is_remembered_spends_as_the_same_person(web: Web, world: World) -> None:
    sam, path = world.pottery.sam, f"/channels/{world.pottery.slug}/rooms"
    left = []
    for _ in range(3):
        answer = await web.call("GET", path, token=sam.token)
        assert answer.headers["RateLimit-Policy"].startswith('"api";')
        left.append(int(answer.headers["RateLimit"].split("r=")[1].split(";")[0]))
    assert left == [left[0], left[0] - 1, left[0] - 2]
