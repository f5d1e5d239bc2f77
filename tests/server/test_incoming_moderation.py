"""What programs post is screened, decided about and switched off by moderators, and heard by no other program."""

from tenants import audit
from tenants.scope import Tenancy
from tests.databases import bare
from tests.server.incoming import make, read, refusals
from tests.server.test_community_api import post
from tests.server.test_moderation_api import act, ask
from tests.tenants.filtering import add
from tests.tenants.moderating import acting
from tests.webapp import Web
from tests.world import School


async def heard(tenancy: Tenancy, school: School) -> list[str]:
    """Of which messages deliveries were written, for the channel's outgoing webhooks."""
    async with bare(tenancy.app, channel_id=school.id) as connection:
        rows = await connection.fetch(
            "select payload->>'message' as message from webhook_deliveries where channel_id = $1", school.id
        )
        return [row["message"] for row in rows]


async def test_filters_hold_and_refuse_what_a_program_posts(web: Web, tenancy: Tenancy, school: School) -> None:
    kiln = await make(web, school)
    await add(tenancy, school, "words", "hold")
    await add(tenancy, school, "links", "refuse")
    refused = await kiln.post(web, "See https://evil.example/")
    assert (refused.status, refused.json["code"]) == (403, "filtered")
    assert await refusals(web, school, kiln) == [(403, "filtered")]
    held = await kiln.post(web, "Fresh clay", delivery="msg-1")
    assert held.status == 201
    assert (await kiln.post(web, "Fresh clay", delivery="msg-1")).status == 200
    (message,) = await read(web, school, kiln)
    assert (message["hidden"], message["body"]) == (True, "")
    (case,) = (await ask(web, school, school.mia, "GET", "/moderation/queue")).json["items"]
    assert (case["kind"], case["author"], case["member"], case["program"]) == ("hold", "Kiln", None, kiln.id)
    kept = await act(web, school, school.mia, kind="keep", case=case["id"])
    assert kept.status == 201, kept.json
    (message,) = await read(web, school, kiln)
    assert (message["hidden"], message["body"], message["author"]["program"]) == (False, "Fresh clay", True)


async def test_what_looks_at_how_often_one_writes_is_not_for_programs(
    web: Web, tenancy: Tenancy, school: School
) -> None:
    kiln = await make(web, school)
    await add(tenancy, school, "repeats", "refuse")
    await add(tenancy, school, "newcomers", "refuse", rule={"days": 3, "messages": 5, "per_hour": 1, "links": 1})
    slowed = await act(web, school, school.mia, kind="slow", room=kiln.room, seconds=60)
    assert slowed.status == 201, slowed.json
    assert [(await kiln.post(web, "The kiln is hot")).status for _ in range(4)] == [201] * 4


async def test_any_moderator_decides_about_it_and_its_maker_too(web: Web, school: School) -> None:
    kiln = await make(web, school)
    first, second, third = [(await kiln.post(web, f"Line {n}")).json["id"] for n in range(3)]
    # The maker outranks Mia, and would decide about no message of their own.
    assert (await act(web, school, school.mia, kind="hide", message=first)).status == 201
    hidden = await act(web, school, school.ana, kind="hide", message=second)
    assert (hidden.status, hidden.json["member"]) == (201, None)
    undone = await ask(web, school, school.ana, "PUT", f"/moderation/acts/{hidden.json['id']}/undone")
    assert undone.status == 200
    assert (await ask(web, school, school.mia, "DELETE", f"/messages/{third}")).status in {200, 204}
    told = await read(web, school, kiln)
    assert [(each["hidden"], each["deleted"]) for each in told] == [(True, False), (False, False), (False, True)]
    for kind, more in (("warn", {}), ("mute", {"until": "2031-01-01T00:00:00Z"}), ("ban", {})):
        refused = await act(web, school, school.mia, kind=kind, message=second, **more)
        assert (refused.status, refused.json["code"]) == (422, "a_program"), kind
    changed = await ask(web, school, school.ana, "PATCH", f"/messages/{second}", {"body": "Mine"})
    assert (changed.status, changed.json["code"]) == (403, "not_the_author")
    assert (await ask(web, school, school.ana, "GET", "/moderation/decisions")).json["items"] == []


async def test_its_maker_may_flag_it_and_a_reply_follows_nobody_in(web: Web, school: School) -> None:
    kiln = await make(web, school)
    message = (await kiln.post(web)).json["id"]
    flagged = await ask(web, school, school.ana, "POST", f"/messages/{message}/flags", {"reason": "spam"})
    assert flagged.status == 201
    replied = await post(web, school, kiln.room, school.zoe.token, "How hot?", reply_to=message)
    assert replied.status == 201
    assert (await ask(web, school, school.ana, "GET", "/notices")).json["items"] == []
    mine = await ask(web, school, school.ana, "GET", "/threads")
    assert mine.json["items"] == []


async def test_a_moderator_switches_it_off_and_those_who_keep_the_channel_are_told(web: Web, school: School) -> None:
    kiln = await make(web, school)
    path = f"/incoming-webhooks/{kiln.id}"
    assert (await ask(web, school, school.zoe, "PUT", f"{path}/silenced")).status == 403
    assert [(await ask(web, school, school.mia, "PUT", f"{path}/silenced")).status for _ in range(2)] == [204, 204]
    assert (await kiln.post(web)).status == 410
    shown = (await ask(web, school, school.ana, "GET", path)).json
    assert (shown["enabled"], shown["trouble"]) == (False, "Mia, who moderates here, switched it off.")
    (told,) = (await ask(web, school, school.ana, "GET", "/notices")).json["items"]
    assert "Kiln is off" in told["title"]
    assert (await ask(web, school, school.ana, "PATCH", path, {"enabled": True})).json["trouble"] == ""
    assert (await kiln.post(web)).status == 201


async def test_no_program_hears_of_what_another_posts(web: Web, tenancy: Tenancy, school: School) -> None:
    kiln = await make(web, school)
    given = {"name": "Robot", "url": "https://example.org/hook", "events": ["message.posted"]}
    assert (await ask(web, school, school.ana, "POST", "/webhooks", given)).status == 201
    await add(tenancy, school, "words", "hold")
    await kiln.post(web)
    await kiln.post(web, "Fresh clay")
    (case,) = (await ask(web, school, school.mia, "GET", "/moderation/queue")).json["items"]
    await act(web, school, school.mia, kind="keep", case=case["id"])
    said = await post(web, school, kiln.room, school.ben.token, "It is hot")
    assert await heard(tenancy, school) == [said.json["id"]]


async def test_each_thing_done_to_one_is_in_the_audit(web: Web, tenancy: Tenancy, school: School) -> None:
    kiln = await make(web, school)
    path = f"/incoming-webhooks/{kiln.id}"
    await ask(web, school, school.ana, "PATCH", path, {"name": "Oven"})
    await ask(web, school, school.ana, "POST", f"{path}/secret")
    await ask(web, school, school.mia, "PUT", f"{path}/silenced")
    await ask(web, school, school.ana, "DELETE", path)
    async with acting(tenancy, school, school.ana) as scope:
        done = [row["action"] for row in await audit.page(scope) if row["target"] == kiln.id]
    assert done == [f"incoming.{what}" for what in ("remove", "off", "turn", "edit", "add")]
