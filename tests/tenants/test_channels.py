"""Channels: how one is founded, what its address may be, what may be set, and that edits never lose one another."""

import asyncio
import secrets
from typing import Any

import pytest

from tenants import audit, directory
from tenants.channels import channels, slugs
from tenants.channels.blocks import clean_landing
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded
from tenants.ids import new_id
from tenants.members import founding, members
from tenants.permissions import VISITOR, Role
from tenants.scope import Tenancy
from tests.databases import bare
from tests.world import World


def word() -> str:
    return "kiln" + "".join(secrets.choice("abcdefgh") for _ in range(12))


async def test_a_channel_is_born_with_its_owner_and_found_at_its_address(tenancy: Tenancy, world: World) -> None:
    slug = word()
    made = await founding.found(tenancy, world.nobody.actor, "  Clay  & Fire ", slug, {"tagline": "Slow pots"})
    assert (made["name"], made["slug"], made["tagline"]) == ("Clay & Fire", slug, "Slow pots")
    at = await directory.channel_at(tenancy, slug=slug)
    async with tenancy.scope(at.id) as scope:
        actor = await directory.admit(scope, world.nobody.token)
        assert (actor.role, actor.name) == (Role.OWNER, "Nobody")
        assert [row["action"] for row in await audit.page(scope)] == ["channel.found"]


async def test_a_visitor_founds_nothing(tenancy: Tenancy) -> None:
    with pytest.raises(SignInNeeded):
        await founding.found(tenancy, VISITOR, "Clay", word())


async def test_of_many_who_want_one_address_one_gets_it(tenancy: Tenancy, world: World) -> None:
    slug = word()
    people = [world.nobody, *world.pottery.people.values()]

    async def try_to_found(who: Any) -> str:
        try:
            await founding.found(tenancy, who.actor, "Clay", slug)
        except Conflict as refused:
            return refused.code
        return "founded"

    results = await asyncio.gather(*(try_to_found(who) for who in people))
    assert sorted(results) == ["founded"] + ["slug_taken"] * (len(people) - 1)


@pytest.mark.parametrize(
    ("first", "second"),
    [("{}-cool", "{}-c00l"), ("{}-all", "{}-a1l"), ("{}-modern", "{}-modem"), ("{}-wave", "{}-vvave")],
)
async def test_an_address_that_looks_like_anothers_is_refused(
    tenancy: Tenancy, world: World, first: str, second: str
) -> None:
    root = word()
    await founding.found(tenancy, world.nobody.actor, "One", first.format(root))
    with pytest.raises(Conflict, match="looks like") as refused:
        await founding.found(tenancy, world.nobody.actor, "Two", second.format(root))
    assert refused.value.code == "slug_looks_alike"
    with pytest.raises(NotFound):
        await directory.channel_at(tenancy, slug=second.format(root))


@pytest.mark.parametrize(
    "slug",
    ["ab", "x" * 41, "Clay", "clay fire", "-clay", "clay-", "clay--fire", "clay_fire", "", "../etc", "clay\0", "сlay",
     "ｃｌａｙ", "admin", "api", "adrnin", "l0gin", "sign-in", "' or 1=1"],
    ids=ascii,
)  # fmt: skip
async def test_an_address_that_will_not_do_is_refused_with_a_sentence(
    tenancy: Tenancy, world: World, slug: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await founding.found(tenancy, world.nobody.actor, "Clay", slug)
    assert refused.value.errors[0].pointer == "/slug"
    assert refused.value.message.endswith(".")


def test_a_letter_of_another_script_is_named() -> None:
    with pytest.raises(Invalid, match="“с” is no letter from a to z"):
        slugs.clean_slug("сlay")


async def test_the_database_and_the_code_agree_on_what_looks_alike(tenancy: Tenancy, world: World) -> None:
    slug = f"{word()}-m0dern-vv1lla"
    made = await founding.found(tenancy, world.nobody.actor, "One", slug)
    async with bare(tenancy.app) as connection:
        await connection.execute("select set_config('app.channel_id', $1, false)", str(made["id"]))
        kept = await connection.fetchval("select looks from channels where id = $1", made["id"])
        await connection.execute("select set_config('app.channel_id', '', false)")
    assert kept == slugs.looks_of(slug)


async def test_edits_of_different_settings_at_once_both_stand(tenancy: Tenancy, world: World) -> None:
    async def edit(changes: dict[str, Any]) -> None:
        async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
            await channels.edit(scope, changes)

    logo = new_id()
    await asyncio.gather(
        edit({"tagline": "Slow pots"}), edit({"brand": {"colour": "#AA2200"}}), edit({"brand": {"logo": logo}}),
        edit({"about": "We make pots."}), edit({"listed": False}),
    )  # fmt: skip
    async with tenancy.scope(world.pottery.id, VISITOR) as scope:
        row = await channels.read(scope)
    assert (row["tagline"], row["about"], row["listed"]) == ("Slow pots", "We make pots.", False)
    assert row["brand"] == {"colour": "#aa2200", "logo": str(logo)}
    await edit({"brand": {"logo": None}})
    async with tenancy.scope(world.pottery.id, VISITOR) as scope:
        assert (await channels.read(scope))["brand"] == {"colour": "#aa2200"}


async def test_only_owner_and_admin_edit_and_it_is_audited(tenancy: Tenancy, world: World) -> None:
    for who in (world.pottery.ben, world.pottery.mia, world.pottery.sam, world.nobody):
        async with tenancy.scope(world.pottery.id, who.actor) as scope:
            with pytest.raises(Forbidden):
                await channels.edit(scope, {"name": "Mine"})
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        await channels.edit(scope, {"name": "Ours"})
        (line,) = await audit.page(scope)
        assert (line["action"], line["data"]) == ("channel.edit", {"settings": ["name"]})


WRONG = [
    {"name": ""}, {"name": "x" * 81}, {"name": "a\u202eb"}, {"tagline": "x" * 161}, {"brand": {"colour": "red"}},
    {"brand": {"colour": "#12345"}}, {"brand": {"logo": "c/1"}}, {"brand": {"font": "Comic"}}, {"brand": []},
    {"locale": "english"}, {"locale": "../en"}, {"time_zone": "Mars/Olympus"}, {"time_zone": "/etc/passwd"},
    {"listed": "yes"}, {"slug": "other"}, {"host": "evil.example"}, {"about": "nul \0 here"}, {"landing": []},
]  # fmt: skip


@pytest.mark.parametrize("changes", WRONG, ids=ascii)
async def test_a_setting_that_will_not_do_changes_nothing(
    tenancy: Tenancy, world: World, changes: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
            await channels.edit(scope, {"tagline": "Changed", **changes})
    async with tenancy.scope(world.pottery.id, VISITOR) as scope:
        assert (await channels.read(scope))["tagline"] == ""


def test_landing_blocks_are_kept_as_they_are_meant() -> None:
    blocks = [
        {"kind": "hero", "promise": " Throw your  first bowl ", "lead": "In eight weeks."},
        {"kind": "faq", "items": [{"question": "When?", "answer": "Tuesdays."}]},
        {"kind": "testimonials", "items": [{"text": "Good.", "name": "Zoe", "when": "Spring 2026"}]},
    ]
    kept = clean_landing({"blocks": blocks})["blocks"]
    assert kept[0] == {"kind": "hero", "promise": "Throw your first bowl", "lead": "In eight weeks."}
    assert kept[1:] == blocks[1:]


BLOCKS: list[Any] = [
    [{"kind": "script"}], [{"promise": "x"}], ["hero"], [{"kind": "hero", "html": "<b>"}], [{"kind": ["hero"]}],
    [{"kind": "hero", "promise": 7}], [{"kind": "hero", "promise": "x" * 200}], [{"kind": "faq", "items": {}}],
    [{"kind": "faq", "items": [{"question": "x", "link": "y"}]}], [{"kind": "schedule"}] * 21, {"kind": "hero"}, "hero",
    [{"kind": "facts", "items": [{"value": "1"}] * 7}],
]  # fmt: skip


@pytest.mark.parametrize("blocks", BLOCKS, ids=lambda blocks: ascii(blocks)[:60])
def test_blocks_that_will_not_do_are_refused_where_they_are_wrong(blocks: Any) -> None:
    with pytest.raises(Invalid) as refused:
        clean_landing({"blocks": blocks})
    assert refused.value.errors[0].pointer.startswith("/landing/blocks")


async def test_a_founder_is_a_member_like_others(tenancy: Tenancy, world: World) -> None:
    made = await founding.found(tenancy, world.nobody.actor, "Clay", word())
    async with tenancy.scope(made["id"]) as scope:
        await directory.admit(scope, world.nobody.token)
        assert [row["role"] for row in await members.page(scope)] == ["owner"]
