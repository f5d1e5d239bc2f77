"""The bell: what a person was told stays until they have read it, once about each thing, and is theirs alone."""

from uuid import UUID

import pytest

from tenants.community import bell
from tenants.community.bell import Told
from tenants.errors import Forbidden, SignInNeeded
from tenants.ids import LessonId, PersonId, new_id
from tenants.members import bell as bells
from tenants.notices import Notice, order_changed, recording_ready
from tenants.permissions import VISITOR, Actor
from tenants.scope import Tenancy
from tests.world import School, Somebody, World


def told(person: Somebody, title: str, thing: UUID) -> Notice:
    return recording_ready(PersonId(person.person_id), LessonId(thing), title, f"/c/x/learn/{thing}")


async def ring(tenancy: Tenancy, school: School, *notices: Notice, thing: UUID) -> list[Notice]:
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await bells.ring(scope, notices, thing)
        return [notice for _, notice in scope._notices]


async def heard(tenancy: Tenancy, school: School, actor: Actor) -> tuple[list[Told], int]:
    async with tenancy.scope(school.id, actor, readonly=True) as scope:
        return await bell.page(scope), await bell.unread(scope)


async def test_each_person_hears_what_they_were_told_newest_first(tenancy: Tenancy, world: World) -> None:
    school, first, second = world.pottery, new_id(), new_id()
    await ring(tenancy, school, told(school.sam, "Bowls", first), told(school.zoe, "Bowls", first), thing=first)
    await ring(tenancy, school, told(school.sam, "Handles", second), thing=second)
    rows, unread = await heard(tenancy, school, school.sam.actor)
    assert ([row.title for row in rows], unread) == (["Handles", "Bowls"], 2)
    assert (await heard(tenancy, school, school.zoe.actor))[1] == 1
    assert await heard(tenancy, school, school.ana.actor) == ([], 0)


async def test_the_same_words_are_told_once_and_news_take_the_place_of_the_old(tenancy: Tenancy, world: World) -> None:
    school, order = world.pottery, new_id()
    person = PersonId(school.sam.person_id)

    def stands(state: str) -> Notice:
        return order_changed(person, order, state, "Centring", "/c/x/orders/y")  # type: ignore[arg-type]

    assert len(await ring(tenancy, school, stands("pending"), thing=order)) == 1
    assert await ring(tenancy, school, stands("pending"), thing=order) == []
    rows, _ = await heard(tenancy, school, school.sam.actor)
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        await bell.mark_read(scope, rows[0].id)
    (notice,) = await ring(tenancy, school, stands("paid"), thing=order)
    (row,), unread = await heard(tenancy, school, school.sam.actor)
    assert (row.state, unread) == ("paid", 1)
    assert notice.payload["id"] == str(row.id) != str(rows[0].id)


async def test_reading_goes_up_to_a_notice_and_tells_the_other_devices_once(tenancy: Tenancy, world: World) -> None:
    school, things = world.pottery, [new_id() for _ in range(3)]
    for thing in things:
        await ring(tenancy, school, told(school.sam, "Bowls", thing), thing=thing)
    rows, _ = await heard(tenancy, school, school.sam.actor)
    for again in (False, True):
        async with tenancy.scope(school.id, school.sam.actor) as scope:
            await bell.mark_read(scope, rows[1].id)
            said = [(notice.event, notice.payload) for _, notice in scope._notices]
        assert said == ([] if again else [("bell", {"unread": 1})])
    assert [not row.read for row in (await heard(tenancy, school, school.sam.actor))[0]] == [
        True,
        False,
        False,
    ]


async def test_nobody_reads_what_another_was_told_or_what_another_channel_told(tenancy: Tenancy, world: World) -> None:
    school, thing = world.pottery, new_id()
    await ring(tenancy, school, told(school.sam, "Bowls", thing), thing=thing)
    rows, _ = await heard(tenancy, school, school.sam.actor)
    for other, actor in ((school, school.zoe.actor), (world.chess, world.chess.eve.actor)):
        async with tenancy.scope(other.id, actor) as scope:
            await bell.mark_read(scope, rows[0].id)
    assert (await heard(tenancy, school, school.sam.actor))[1] == 1
    with pytest.raises(SignInNeeded):
        await heard(tenancy, school, VISITOR)
    with pytest.raises(Forbidden):
        await heard(tenancy, school, Actor(person_id=PersonId(school.sam.person_id)))


async def test_what_was_told_long_ago_goes_when_something_new_is_told(tenancy: Tenancy, world: World) -> None:
    school, old, new = world.pottery, new_id(), new_id()
    await ring(tenancy, school, told(school.sam, "Old", old), thing=old)
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await scope._transaction.run("update rings set at = at - interval '91 days' where thing_id = $1", [old])
    await ring(tenancy, school, told(school.sam, "New", new), thing=new)
    rows, _ = await heard(tenancy, school, school.sam.actor)
    assert [row.title for row in rows] == ["New"]
