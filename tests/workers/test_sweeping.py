"""Sweeps: what has served its time goes, of every channel, and nothing else does."""

import hashlib
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from tenants import relay
from tenants.community import previews
from tenants.community.previews import Page
from tenants.errors import SignInNeeded
from tenants.files import files
from tenants.live import inbox
from tenants.people import sessions
from tenants.people.sessions import Device, Lives
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.tenants.live_school import make_held
from tests.tenants.school import make_file
from tests.workers.fetching import objects
from tests.workers.shop import make_shop
from tests.world import World
from workers.registry import Workshop
from workers.sweeping import sweep_uploads

DEVICE = Device("Firefox", "192.0.2.7")


@pytest.fixture
def shop(own: Tenancy, tmp_path: Path) -> Workshop:
    return make_shop(own, tmp_path)


async def asked(database: str, sql: str) -> list[asyncpg.Record]:
    """Ask as the owner of the tables, who may let time pass for rows."""
    owner = await asyncpg.connect(database)
    try:
        return list(await owner.fetch(sql))
    finally:
        await owner.close()


async def begun(shop: Workshop, here: World) -> UUID:
    """An upload of ben's with its first bytes in the store."""
    async with shop.tenancy.scope(here.pottery.id, here.pottery.ben.actor) as scope:
        row = await files.begin(scope, name="a.pdf", content_type="application/pdf", purpose="attachment", size=2**19)
    session = await shop.store.sign_upload(row["object_key"], 2**19, "application/pdf")
    await shop.store.resumable(session).write(bytes(2**18))
    async with shop.tenancy.scope(here.pottery.id, here.pottery.ben.actor) as scope:
        await files.remember_session(scope, row["id"], session)
    return UUID(str(row["id"]))


async def test_uploads_given_up_two_days_ago_go_from_the_store_and_the_books(
    shop: Workshop, own: Tenancy, here: World, fresh: str, tmp_path: Path
) -> None:
    await begun(shop, here)
    ready = await make_file(own, here.pottery, here.pottery.ben)
    async with own.scope(here.pottery.id, acting_system("test")) as scope:
        fetched = (await files.begin(scope, name="c.mp4", content_type="video/mp4", purpose="recording"))["id"]
    await asked(fresh, "update files set created_at = now() - interval '49 hours'")
    young = await begun(shop, here)
    assert len(objects(tmp_path)) == 2
    assert await sweep_uploads(shop) == 1
    assert {row["id"] for row in await asked(fresh, "select id from files")} == {ready, fetched, young}
    assert len(objects(tmp_path)) == 1
    assert await sweep_uploads(shop) == 0


async def test_files_that_nobody_sent_for_two_days_go_too(
    shop: Workshop, own: Tenancy, here: World, fresh: str, tmp_path: Path
) -> None:
    paper = {"name": "a.pdf", "content_type": "application/pdf", "purpose": "message", "size": 4}
    kept = []
    for age in ("49 hours", "47 hours"):
        async with own.scope(here.pottery.id, here.pottery.sam.actor) as scope:
            row = await files.begin(scope, **paper)  # type: ignore[arg-type]
        held = await shop.store.put(row["object_key"], b"clay", "application/pdf")
        async with own.scope(here.pottery.id, here.pottery.sam.actor) as scope:
            await files.finish(scope, row["id"], size=held.size, crc32c=held.crc32c)
        await asked(fresh, f"update files set created_at = now() - interval '{age}' where id = '{row['id']}'")
        kept.append(row["id"])
    assert await sweep_uploads(shop) == 1
    assert [row["id"] for row in await asked(fresh, "select id from files")] == kept[1:]
    assert len(objects(tmp_path)) == 1


async def test_what_a_link_led_to_is_kept_for_a_day(own: Tenancy, here: World, fresh: str) -> None:
    async with own.scope(here.pottery.id, acting_system("test")) as scope:
        for url in ("https://old.example/", "https://new.example/"):
            await previews.keep(scope, url, Page("Bowls"))
    await asked(fresh, "update link_pages set fetched_at = now() - interval '25 hours' where url like '%old%'")
    await relay.sweep(own)
    assert [row["url"] for row in await asked(fresh, "select url from link_pages")] == ["https://new.example/"]


async def test_deliveries_are_kept_for_thirty_days(own: Tenancy, here: World, fresh: str) -> None:
    held = await make_held(own, here.pottery, here.pottery.ana, here.pottery.sam)

    async def take_in(event: str) -> bool:
        async with own.scope(here.pottery.id, acting_system("test")) as scope:
            return await inbox.take_in(scope, held.connection, event, kind="class.ended", class_id=held.id, facts={})

    await take_in("old")
    await asked(fresh, "update live_inbox set received_at = now() - interval '31 days'")
    await take_in("new")
    await relay.sweep(own)
    assert (await take_in("old"), await take_in("new")) == (True, False)


async def test_tokens_that_open_nothing_go_and_the_others_stay(own: Tenancy, here: World, fresh: str) -> None:
    sam = here.pottery.sam
    async with own.person(sam.person_id) as person:
        live = await sessions.open_api(person, DEVICE, Lives())
        expired = await sessions.open_api(person, DEVICE, Lives(-90000, 7))
        ended = await sessions.open_api(person, DEVICE, Lives())
        await sessions.end(person, ended.session_id)
    _, _, after = await sessions.refresh(own, live.refresh, Lives())
    await asked(fresh, "update sessions set ended_at = ended_at - interval '25 hours'")
    await relay.sweep(own)
    left = {bytes(row["hash"]) for row in await asked(fresh, "select hash from tokens")}
    assert {hashed(token) for token in (live.refresh, after.access, after.refresh, expired.refresh)} <= left
    assert not {hashed(token) for token in (expired.access, ended.access, ended.refresh)} & left
    with pytest.raises(SignInNeeded, match="used before"):
        await sessions.refresh(own, live.refresh, Lives())


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
