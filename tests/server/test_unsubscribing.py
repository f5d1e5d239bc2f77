"""Unsubscribing needs no sign-in, changes nothing by being looked at, and reaches one channel only."""

from tenants.ids import ChannelId, PersonId
from tenants.members import unsubscribes
from tenants.members.unsubscribes import Named, UnsubscribeSecrets
from tenants.permissions import acting_system
from tests.webapp import Web
from tests.world import World


def address(web: Web, channel_id: ChannelId, person_id: PersonId, kind: str = "recording_ready") -> str:
    return "/unsubscribe/" + UnsubscribeSecrets(web.house.secret).token(Named(channel_id, person_id, kind))


async def stands(web: Web, channel_id: ChannelId, person_id: PersonId) -> bool:
    async with web.house.tenancy.scope(channel_id, acting_system("test"), readonly=True) as scope:
        return await unsubscribes.stands(scope, person_id, "recording_ready")


async def press(web: Web, path: str, fields: dict[str, str]) -> tuple[int, str]:
    async with web.session.post(web.url + path, data=fields) as answer:
        return answer.status, await answer.text()


async def test_looking_changes_nothing_and_one_press_does(web: Web, world: World) -> None:
    school, sam = world.pottery, world.pottery.sam
    path = address(web, school.id, sam.person_id)
    page = await web.get(path)
    assert page.status == 200
    assert "sends you mails about new recordings" in page.text
    assert f'href="/c/{school.slug}/notices/settings"' in page.text
    assert not await stands(web, school.id, sam.person_id)
    for _ in range(2):
        status, text = await press(web, path, {"List-Unsubscribe": "One-Click"})
        assert (status, "No more of these mails." in text) == (200, True)
    assert await stands(web, school.id, sam.person_id)
    assert not await stands(web, world.chess.id, sam.person_id)
    assert not await stands(web, school.id, school.zoe.person_id)
    await press(web, path, {"undo": "1"})
    assert not await stands(web, school.id, sam.person_id)


async def test_a_link_that_we_did_not_write_is_unknown(web: Web, world: World) -> None:
    school, sam = world.pottery, world.pottery.sam
    good = address(web, school.id, sam.person_id)
    other = address(web, world.chess.id, sam.person_id)
    forged = good[:40] + other[40:]
    for path in (
        forged,
        good[:-4],
        good + "AAAA",
        "/unsubscribe/%00",
        "/unsubscribe/é",
        address(web, school.id, sam.person_id, "x"),
    ):
        assert (await web.get(path)).status == 404
        assert (await press(web, path, {}))[0] == 404
    assert not await stands(web, world.chess.id, sam.person_id)
