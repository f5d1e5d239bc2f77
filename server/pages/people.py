"""Pages of the people of a channel: who there is, what one says of oneself, and the form of one's own profile."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from server.api.people import CURSOR, following, prepared, save
from server.forms import named, read_fields, refill
from server.pages.landing import id_of
from server.pages.room_view import TITLES
from server.pages.seeking import sought
from server.pages.studio.batches import zones as zone_choices
from server.pages.visits import Visit, see
from server.sockets import WIRE
from server.web.views.frame import Form, Link, PersonMark
from server.web.views.people import OwnProfilePage, PeoplePage, PersonRow, ProfilePage
from tenants import links
from tenants.community import blocks, renaming
from tenants.errors import FieldError, Invalid, Refusal
from tenants.ids import PersonId
from tenants.members import members, profiles, zones
from tenants.permissions import Action, Role, why
from tenants.scope import Record, Scope

PAGE = 50
_LINK = re.compile("/links/([0-9]+)/(url|label)")
WORDS = {role: TITLES.get(role, "Student") for role in Role}


async def directory(visit: Visit) -> web.Response:
    """GET /c/{slug}/people: by name; `?q=` the beginning of a name, `?role=`, `?after=`."""
    query = visit.request.query
    whom, role, after = sought(query.get("q", "")), _role(query.get("role", "")), CURSOR.read(query.get("after"))
    async with visit.enter(readonly=True) as scope:
        roles = (role,) if role else ()
        rows = await profiles.page(scope, called=whom.start, roles=roles, after=after, limit=PAGE + 1)
        rows = [] if whom.unfound else rows
        here = await _here(visit, scope, rows)
    more = following(rows, PAGE)
    rest = "".join(f"&{name}={value}" for name, value in (("role", role or ""),) if value)
    view = PeoplePage(
        url=links.people(visit.slug),
        own_url=links.people(visit.slug, "/me"),
        people=tuple(_row(visit.slug, row, here) for row in rows[:PAGE]),
        roles=tuple((each.value, WORDS[each]) for each in Role),
        asked=whom.asked,
        unfound=whom.unfound,
        role=role.value if role else "",
        more_url=links.people(visit.slug, f"?after={more}{rest}") if more and not whom.asked else "",
    )
    return visit.show("people.html", view)


async def profile(visit: Visit) -> web.Response:
    """GET /c/{slug}/people/{member}."""
    member_id = id_of(visit, "member")
    async with visit.enter(readonly=True) as scope:
        row = await profiles.read(scope, member_id)
        blocked = member_id in {each["id"] for each in await blocks.mine(scope)}
        here = await _here(visit, scope, [row])
        row |= {"seen_at": row["seen_at"] and row["seen_at"].astimezone(await zones.own(scope))}
        view = _profile(visit.slug, row, scope, here=row["person_id"] in here, blocked=blocked)
    return visit.show("person.html", view)


async def own(visit: Visit) -> web.Response:
    """GET /c/{slug}/people/me: the form of one's own profile."""
    return await _show_own(visit)


async def save_own(visit: Visit) -> web.Response:
    """POST /c/{slug}/people/me: `name, pronouns, about, time_zone, shows_seen, url-0, label-0, …`, `picture`."""
    fields = await read_fields(visit.request)
    try:
        fields.require_fit()
        clean = await prepared(_given(fields))
        async with visit.enter() as scope:
            me = scope.member_id()
            await save(scope, visit.slug, clean)
            if (name := fields.get("name", "").strip()) and name != scope.actor.name:
                await members.rename(scope, me, name)
                await renaming.announce(scope, me)
    except Refusal as refusal:
        return await _show_own(visit, refill(_at_its_link(refusal, fields), fields), refusal.status)
    return see(links.people(visit.slug, f"/{me}"), "saved")


async def _show_own(visit: Visit, form: Form | None = None, status: int = 200) -> web.Response:
    async with visit.enter(readonly=True) as scope:
        row = await profiles.read(scope, scope.member_id())
    view = OwnProfilePage(
        url=links.people(visit.slug, "/me"),
        uploads=f"/api/v1/channels/{visit.slug}/uploads",
        person=PersonMark(str(row["id"]), row["name"], row["avatar"]),
        profile_url=links.people(visit.slug, f"/{row['id']}"),
        zones=(("", "Not said"), *zone_choices()),
        places=tuple(range(profiles.MOST_LINKS)),
        form=form or _kept(row),
    )
    return visit.show("own_profile.html", view, status=status)


def _kept(row: Mapping[str, Any]) -> Form:
    kept = {name: row[name] for name in ("name", "pronouns", "about", "time_zone")}
    kept |= {"shows_seen": "1"} if row["shows_seen"] else {}
    for place, link in enumerate(row["links"]):
        kept |= {f"url-{place}": link["url"], f"label-{place}": link["label"]}
    return Form(kept)


def _given(fields: Mapping[str, str]) -> dict[str, Any]:
    """What a form holds of a profile: what it does not hold stays."""
    given: dict[str, Any] = {name: fields[name] for name in ("pronouns", "about", "time_zone") if name in fields}
    if "url-0" in fields:
        given["links"] = [{"url": fields[f"url-{n}"], "label": fields.get(f"label-{n}", "")} for n in _linked(fields)]
    if "about" in fields:
        given["shows_seen"] = "shows_seen" in fields
    if picture := named(fields, "picture"):
        given["picture"] = picture
    elif "no_picture" in fields:
        given["picture"] = None
    return given


def _linked(fields: Mapping[str, str]) -> list[int]:
    """The places of the form that hold an address: those between them may be left empty."""
    return [place for place in range(profiles.MOST_LINKS) if fields.get(f"url-{place}", "").strip()]


def _at_its_link(refusal: Refusal, fields: Mapping[str, str]) -> Refusal:
    """The refusal with what is wrong with the n-th link given (`/links/n/url`) at the fields in which it stands."""
    if not isinstance(refusal, Invalid):
        return refusal
    places = dict(enumerate(_linked(fields)))

    def field(pointer: str) -> str:
        link = _LINK.fullmatch(pointer)
        return f"/{link[2]}-{places[int(link[1])]}" if link else pointer

    return Invalid(errors=[FieldError(field(each.pointer), each.code, each.detail) for each in refusal.errors])


async def _here(visit: Visit, scope: Scope, rows: Sequence[Any]) -> set[PersonId]:
    """Who of them is here now, of those who let it be seen; to oneself it is no secret."""
    me = scope.actor.member_id
    open_ones = [PersonId(row["person_id"]) for row in rows if row["shows_seen"] or row["id"] == me]
    return await visit.request.app[WIRE].who_is_connected(scope.channel_id, open_ones)


def _row(slug: str, row: Record, here: set[PersonId]) -> PersonRow:
    person = PersonMark(str(row["id"]), row["name"], row["avatar"])
    url = links.people(slug, f"/{row['id']}")
    return PersonRow(person, url, TITLES.get(Role(row["role"]), ""), here=row["person_id"] in here)


def _profile(slug: str, row: Mapping[str, Any], scope: Scope, *, here: bool, blocked: bool) -> ProfilePage:
    mine, key, zone = row["id"] == scope.actor.member_id, str(row["id"]), row["time_zone"]
    writes = not mine and not blocked and why(scope.actor, Action.MESSAGE_DIRECT).allowed
    moderates = not mine and why(scope.actor, Action.MESSAGE_MODERATE).allowed
    return ProfilePage(
        person=PersonMark(key, row["name"], row["avatar"]),
        role=WORDS[Role(row["role"])],
        pronouns=row["pronouns"],
        html=row["about_html"],
        links=tuple(Link(each["label"], each["url"]) for each in row["links"]),
        joined=row["joined_at"],
        people_url=links.people(slug),
        now=datetime.now(UTC).astimezone(ZoneInfo(zone)) if zone else None,
        zone=zone,
        here=here,
        seen=None if here else row["seen_at"],
        blocked=blocked,
        edit_url=links.people(slug, "/me") if mine else "",
        message_url=links.direct(slug) if writes else "",
        block_url="" if mine else links.direct(slug, "/block"),
        cases_url=links.studio(slug, f"/moderation?member={key}") if moderates else "",
    )


def _role(asked: str) -> Role | None:
    return Role(asked) if asked in set(Role) else None
