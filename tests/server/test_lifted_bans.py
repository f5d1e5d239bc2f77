"""A ban that is lifted: what its person reads of it, what is left to appeal, and what waits for moderators."""

from datetime import UTC, datetime, timedelta

import pytest

from tenants.scope import Tenancy
from tests.server.browsing import signed_in
from tests.server.test_moderation_api import ask
from tests.tenants.moderating import act, passed
from tests.webapp import Web
from tests.world import School


@pytest.mark.parametrize("by", ["api", "studio"])
async def test_a_lifted_ban_is_marked_and_its_appeal_settled_and_its_person_told_once(
    web: Web, tenancy: Tenancy, school: School, by: str
) -> None:
    sam, member = school.sam, school.sam.member_id
    done = await act(tenancy, school, school.mia, "ban", member_id=member)
    await act(tenancy, school, school.mia, "ban", member_id=member)
    appealed = await ask(web, school, sam, "PUT", f"/moderation/acts/{done['id']}/appeal", {"words": "Why?"})
    assert appealed.status == 204
    (case,) = (await ask(web, school, school.ana, "GET", "/moderation/queue")).json["items"]
    if by == "api":
        assert (await ask(web, school, school.ana, "DELETE", f"/members/{member}/ban")).status == 204
    else:
        ana = await signed_in(web, school.ana)
        assert (await ana.post(f"/c/{school.slug}/studio/members/{member}/unban")).status == 303
    assert (await ask(web, school, school.ana, "GET", "/moderation/queue")).json["items"] == []
    late = {"answer": "No.", "upheld": True}
    decided = await ask(web, school, school.ana, "PUT", f"/moderation/cases/{case['id']}/decision", late)
    assert (decided.status, decided.json["code"]) == (409, "case_closed")
    second, first = (await ask(web, school, sam, "GET", "/moderation/decisions")).json["items"]
    assert (first["upheld"], first["answer"]) == (None, "The ban was lifted before the appeal was decided.")
    assert first["undone_at"] is not None
    assert second["undone_at"] is not None
    reader = await signed_in(web, sam)
    page = (await reader.get(f"/c/{school.slug}/community/decisions")).text
    assert page.count("Lifted") == 2
    assert "The appeal waits" not in page
    assert "Why is this wrong?" not in page
    again = await ask(web, school, sam, "PUT", f"/moderation/acts/{second['id']}/appeal", {"words": "Why?"})
    assert (again.status, again.json["code"]) == (409, "undone")
    for _ in range(2):
        told = (await ask(web, school, sam, "GET", "/notices")).json["items"]
        assert [one["title"] for one in told].count("Your ban from this channel was lifted.") == 1
        await ask(web, school, school.ana, "DELETE", f"/members/{member}/ban")


async def test_what_else_was_decided_stays_as_it_was_and_another_ban_can_be_appealed(
    web: Web, tenancy: Tenancy, school: School, database: str
) -> None:
    member, soon = school.sam.member_id, datetime.now(UTC) + timedelta(hours=1)
    ended = await act(tenancy, school, school.mia, "ban", member_id=member, until=soon)
    await passed(database, "moderation_acts", "until", school)
    lifted = await act(tenancy, school, school.mia, "ban", member_id=member, until=soon)
    warned = await act(tenancy, school, school.mia, "warn", member_id=member)
    await ask(web, school, school.ana, "DELETE", f"/members/{member}/ban")
    anew = await act(tenancy, school, school.mia, "ban", member_id=member)
    rows = (await ask(web, school, school.sam, "GET", "/moderation/decisions")).json["items"]
    standing = {row["id"]: row["undone_at"] is None for row in rows}
    assert standing == {
        str(ended["id"]): True, str(lifted["id"]): False, str(warned["id"]): True, str(anew["id"]): True,
    }  # fmt: skip
    path = f"/moderation/acts/{anew['id']}/appeal"
    assert (await ask(web, school, school.sam, "PUT", path, {"words": "Why?"})).status == 204
