"""Mails of what stayed unread, and digests: one for what came together, once, of what may still be seen."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tenants import work
from tenants.channels import channels
from tenants.community import edits, insiders, messages, reads, room_settings
from tenants.community.drafts import draft
from tenants.ids import RoomId
from tenants.members import bans, choices, unsubscribes
from tenants.members.choices import Choices, Ways
from tenants.members.digests import Rhythm
from tenants.members.unsubscribes import UnsubscribeSecrets
from tenants.people.quiet import Hours
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants.moderating import act
from tests.tenants.test_community import make_room, say
from tests.workers.test_mail import arrived
from tests.world import School, Somebody, World
from workers import reminding
from workers.registry import Workshop
from workers.run import perform_leased


@pytest.fixture
async def room(tenancy: Tenancy, world: World) -> RoomId:
    return await make_room(tenancy, world.pottery)


def at(who: Somebody) -> str:
    return f"<@{who.member_id}>"


async def run(tenancy: Tenancy, school: School, sql: str, *values: Any) -> None:
    async with tenancy.scope(school.id, acting_system("test")) as scope:
        await scope._transaction.run(sql, list(values))


async def time_passes(shop: Workshop, school: School) -> None:
    """Five minutes go by, two stewards look, and what they ask for is done."""
    await run(shop.tenancy, school, "update rings set mail_at = now() - interval '1 second' where mail_at is not null")
    for chore in (reminding.send_reminders, reminding.send_digests, reminding.send_reminders, reminding.send_digests):
        await chore(shop)
    await do_mails(shop, school)


async def do_mails(shop: Workshop, school: School) -> None:
    async with bare(shop.tenancy.relay) as connection:
        query = "select id from jobs where channel_id = $1 and name = 'SendMail' and state = 'waiting' order by id"
        waiting = [row["id"] for row in await connection.fetch(query, school.id)]
    for job_id in waiting:
        leased = await work.take(shop.tenancy, work.Ticket(school.id, None, job_id))
        if leased is not None:
            await perform_leased(shop, leased)


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def choose(tenancy: Tenancy, school: School, who: Somebody, chosen: Choices) -> None:
    async with tenancy.scope(school.id, who.actor) as scope:
        await choices.put(scope, chosen)


async def test_what_came_together_and_stayed_unread_is_one_mail(
    shop: Workshop, world: World, room: RoomId, tmp_path: Path
) -> None:
    pottery, tenancy = world.pottery, shop.tenancy
    await say(tenancy, pottery, pottery.sam.actor, room, f"{at(pottery.zoe)} is <b>it</b> dry?")
    await reminding.send_reminders(shop)
    await do_mails(shop, pottery)
    assert arrived(shop, tmp_path) == []
    root = await say(tenancy, pottery, pottery.zoe.actor, room, "Which clay?")
    async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
        await messages.post(scope, room, draft(uuid4(), "Stoneware", root.id))
    for _ in range(2):
        await time_passes(shop, pottery)
    (letter,) = arrived(shop, tmp_path)
    assert (letter["To"], letter["Subject"]) == (pottery.zoe.email, "2 unread at Pottery")
    text = text_of(letter)
    assert "@Zoe is <b>it</b> dry?" in text
    assert "Stoneware" in text
    assert f"http://127.0.0.1:8000/c/{pottery.slug}/community/wheel-talk?at=1#m-1" in text
    html = letter.get_body(("html",))
    assert html is not None
    assert "@Zoe is &lt;b&gt;it&lt;/b&gt; dry?" in html.get_content()
    assert f'/c/{pottery.slug}/notices/settings">Choose what reaches you' in html.get_content()
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    named = UnsubscribeSecrets(shop.secret).read(letter["List-Unsubscribe"].strip("<>").rpartition("/")[2])
    assert named is not None
    assert (named.person_id, named.kind) == (pottery.zoe.person_id, "mentioned")


async def test_a_thread_that_goes_on_unread_is_mailed_once(
    shop: Workshop, world: World, room: RoomId, tmp_path: Path
) -> None:
    pottery, tenancy = world.pottery, shop.tenancy
    root = await say(tenancy, pottery, pottery.zoe.actor, room, "Which clay?")
    for words in ("Stoneware", "or porcelain"):
        async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
            await messages.post(scope, room, draft(uuid4(), words, root.id))
        await time_passes(shop, pottery)
    (letter,) = arrived(shop, tmp_path)
    assert letter["Subject"] == "Mia replied in a thread you follow, in Wheel talk"
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await reads.mark_read(scope, room, 9)
    async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
        await messages.post(scope, room, draft(uuid4(), "Well?", root.id))
    await time_passes(shop, pottery)
    assert len(arrived(shop, tmp_path)) == 2


async def test_a_school_writes_in_its_own_language(shop: Workshop, world: World, room: RoomId, tmp_path: Path) -> None:
    pottery, tenancy = world.pottery, shop.tenancy
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await channels.edit(scope, {"locale": "de"})
    await say(tenancy, pottery, pottery.sam.actor, room, f"{at(pottery.zoe)} Sign in")
    await time_passes(shop, pottery)
    (letter,) = arrived(shop, tmp_path)
    assert letter["Subject"] == "Sam hat dich in Wheel talk erwähnt"
    text = text_of(letter)
    assert "Du bekommst dies, weil es einige Minuten ungelesen blieb." in text
    assert "@Zoe Sign in" in text


@pytest.mark.parametrize("end", ["read", "deleted", "hidden", "banned", "taken out", "unsubscribed", "not chosen"])
async def test_what_was_read_taken_away_or_is_not_wanted_is_not_mailed(
    shop: Workshop, world: World, tmp_path: Path, end: str
) -> None:
    """Also when it happens after the mail was asked for."""
    pottery, tenancy = world.pottery, shop.tenancy
    room = await make_room(tenancy, pottery, "private")
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        for who in (pottery.zoe, pottery.mia):
            await insiders.let_in(scope, room, who.member_id)
    posted = await say(tenancy, pottery, pottery.mia.actor, room, at(pottery.zoe))
    await run(tenancy, pottery, "update rings set mail_at = now() where mail_at is not null")
    await reminding.send_reminders(shop)
    if end == "hidden":
        await act(tenancy, pottery, pottery.ana, "hide", message_id=posted.id)
    elif end == "deleted":
        async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
            await edits.remove(scope, posted.id)
    elif end == "not chosen":
        await choose(tenancy, pottery, pottery.zoe, Choices({"mention": Ways(mail=False)}))
    else:
        async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
            if end == "banned":
                await bans.ban(scope, pottery.zoe.member_id, "spam")
            elif end == "taken out":
                await insiders.take_out(scope, room, pottery.zoe.member_id)
            elif end == "unsubscribed":
                await unsubscribes.put(scope, pottery.zoe.person_id, "mentioned", on=True)
            else:
                await reads.mark_all_read(scope, [(room, pottery.zoe.member_id, 1)])
    await do_mails(shop, pottery)
    assert arrived(shop, tmp_path) == []


async def test_what_was_read_is_due_no_more(shop: Workshop, world: World, room: RoomId) -> None:
    pottery, tenancy = world.pottery, shop.tenancy
    await say(tenancy, pottery, pottery.sam.actor, room, at(pottery.zoe))
    waiting = "select count(mail_at) from rings where channel_id = $1"
    for count in (1, 0):
        async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
            rows, _ = await scope._transaction.run(waiting, [pottery.id])
            assert rows[0][0] == count
            await reads.mark_read(scope, room, 1)


async def test_in_quiet_hours_it_waits_until_they_end(
    shop: Workshop, world: World, room: RoomId, tmp_path: Path
) -> None:
    pottery, tenancy = world.pottery, shop.tenancy
    now = datetime.now(UTC)
    minute = now.hour * 60 + now.minute
    quiet = Hours("UTC", (minute - 60) % 1440, (minute + 120) % 1440)
    await choose(tenancy, pottery, pottery.zoe, Choices(hours=quiet))
    await say(tenancy, pottery, pottery.sam.actor, room, at(pottery.zoe))
    for _ in range(2):
        await time_passes(shop, pottery)
    assert arrived(shop, tmp_path) == []
    async with tenancy.scope(pottery.id, acting_system("test")) as scope:
        rows, _ = await scope._transaction.run("select mail_at from rings where channel_id = $1", [pottery.id])
    assert 110 * 60 < (rows[0][0] - now).total_seconds() <= 120 * 60
    await choose(tenancy, pottery, pottery.zoe, Choices())
    await time_passes(shop, pottery)
    assert len(arrived(shop, tmp_path)) == 1


async def test_a_digest_tells_what_is_unread_in_favourites_and_mentions_once(
    shop: Workshop, world: World, room: RoomId, tmp_path: Path
) -> None:
    pottery, tenancy = world.pottery, shop.tenancy
    secret = await make_room(tenancy, pottery, "private", "Secret")
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await insiders.let_in(scope, secret, pottery.zoe.member_id)
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        for each in (room, secret):
            await room_settings.put(scope, each, favourite=True)
    await choose(tenancy, pottery, pottery.zoe, Choices({"mention": Ways(mail=False)}, Rhythm("daily", 8)))
    await time_passes(shop, pottery)
    for each in (room, secret):
        await say(tenancy, pottery, pottery.ana.actor, each, f"{at(pottery.zoe)} the kiln")
    await say(tenancy, pottery, pottery.ana.actor, room, "is hot")
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await insiders.take_out(scope, secret, pottery.zoe.member_id)
    await run(
        tenancy, pottery, "update digests set next_at = now() - interval '3 days' where channel_id = $1", pottery.id
    )
    for _ in range(2):
        await time_passes(shop, pottery)
    (letter,) = arrived(shop, tmp_path)
    text = text_of(letter)
    assert letter["Subject"] == "What is new at Pottery"
    assert "2 unread messages" in text
    assert text.count("@Zoe the kiln") == 1
    assert "Secret" not in text
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await reads.mark_read(scope, room, 9)
    await run(tenancy, pottery, "update digests set next_at = now() where channel_id = $1", pottery.id)
    await time_passes(shop, pottery)
    assert len(arrived(shop, tmp_path)) == 1
