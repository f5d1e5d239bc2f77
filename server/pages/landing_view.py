"""The landing page's view, from the facts of a channel: the blocks it wrote, and what it teaches."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.web.art import Kind
from server.web.views.buying import Cost
from server.web.views.frame import Link
from server.web.views.landing import (
    BatchLine,
    Fact,
    Hero,
    LandingView,
    LessonLine,
    Outcome,
    PriceCard,
    Question,
    Quote,
    SectionLine,
    TeacherCard,
)
from tenants import links
from tenants.billing import prices

Facts = Mapping[str, Any]
DESCRIPTION_LENGTH = 200
PICTURES: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("pots", ("pot", "clay", "ceramic", "kiln", "craft")),
    ("pieces", ("chess", "game", "board")),
)


def landing_view(facts: Facts, origin: str, *, joined: Link | None, known: bool) -> LandingView:
    """The page for a member (`joined` leads on), for a signed-in reader who is none (`known`), or for a visitor."""
    blocks = {block["kind"]: block for block in facts["landing"].get("blocks", ())}
    courses, slug = facts["courses"], facts["slug"]
    lead = blocks.get("hero", {}).get("lead") or (courses[0]["summary"] if courses else "") or facts["about"]
    description = (lead or facts["tagline"] or facts["name"])[:DESCRIPTION_LENGTH]
    cover = facts["brand"].get("cover")
    return LandingView(
        hero=_hero(facts, blocks.get("hero", {}), lead, joined, known=known),
        description=description,
        titles={kind: block["title"] for kind, block in blocks.items() if block.get("title")},
        facts=tuple(Fact(each.get("value", ""), each.get("note", "")) for each in _items(blocks, "facts")),
        outcomes=tuple(Outcome(each["act"], each["proof"]) for each in (courses[0]["outcomes"] if courses else ())),
        course_note=blocks.get("curriculum", {}).get("note", ""),
        sections=_contents(slug, courses),
        batches=tuple(_batch(slug, each, courses) for each in facts["batches"]),
        zone=facts["batches"][0]["time_zone"] if facts["batches"] else "",
        teachers=_teachers(facts, blocks),
        quotes=tuple(
            Quote(each.get("text", ""), each.get("name", ""), each.get("name", ""), each.get("when", ""))
            for each in _items(blocks, "testimonials")
        ),
        prices=_prices(slug, courses),
        questions=tuple(Question(each.get("question", ""), each.get("answer", "")) for each in _items(blocks, "faq")),
        joined=Link("The rooms", f"{links.channel(slug)}/community") if joined else None,
        join_url=f"{links.channel(slug)}/join" if known and joined is None else "",
        preview_image=origin + links.file(slug, cover) if cover else None,
        linked=_linked(facts, origin, description),
    )


def _hero(facts: Facts, block: Facts, lead: str, joined: Link | None, *, known: bool) -> Hero:
    slug, courses, cover = facts["slug"], facts["courses"], facts["brand"].get("cover")
    act = joined
    if courses and joined is None:
        act = Link("Enrol", links.course(slug, courses[0]["slug"]))
    elif joined is None and not known:
        act = Link("Join", f"/sign-up?next={links.channel(slug)}")
    return Hero(
        promise=block.get("promise") or facts["tagline"] or facts["name"],
        lead=lead,
        act=act,
        preview=_preview(slug, courses),
        art=_picture(facts),
        cover=links.file(slug, cover) if cover else None,
    )


def _preview(slug: str, courses: list[Facts]) -> Link | None:
    """The first lesson that anybody may open."""
    for course in courses:
        for section in course["sections"]:
            for lesson in section["lessons"]:
                if lesson["free"]:
                    return Link("Try a lesson", links.lesson(slug, course["slug"], lesson["id"]))
    return None


def _picture(facts: Facts) -> Kind:
    """The set of turned things that fits what the channel says of itself; plain solids otherwise."""
    said = f"{facts['slug']} {facts['name']} {facts['tagline']}".lower()
    return next((kind for kind, signs in PICTURES if any(sign in said for sign in signs)), "solids")


def _contents(slug: str, courses: list[Facts]) -> tuple[SectionLine, ...]:
    """The sections of the one course, or each of several courses as one part."""
    if len(courses) == 1:
        course = courses[0]
        parts = [(part["title"], part["lessons"], course["slug"]) for part in course["sections"]]
    else:
        parts = [
            (course["title"], [lesson for part in course["sections"] for lesson in part["lessons"]], course["slug"])
            for course in courses
        ]
    return tuple(SectionLine(title, tuple(_lesson(slug, at, each) for each in lessons)) for title, lessons, at in parts)


def _lesson(slug: str, course_slug: str, lesson: Facts) -> LessonLine:
    url = links.lesson(slug, course_slug, lesson["id"]) if lesson["free"] else None
    return LessonLine(lesson["title"], lesson["kind"], lesson["duration_seconds"], url, lesson["free"])


def _batch(slug: str, batch: Facts, courses: list[Facts]) -> BatchLine:
    course = next((each for each in courses if each["id"] == batch["course_id"]), None)
    course_slug = course["slug"] if course else ""
    starts, ends = date.fromisoformat(batch["starts_on"]), batch["ends_on"]
    return BatchLine(
        starts=starts,
        ends=date.fromisoformat(ends) if ends else None,
        meets=batch["name"],
        seats=batch["seats"],
        taken=batch["taken"],
        waiting=None,
        url=_batch_url(slug, course_slug, batch, buys=_cost(batch, course) is not None),
        begun=starts < datetime.now(ZoneInfo(batch["time_zone"])).date(),
        cost=_cost(batch, course),
    )


def _batch_url(slug: str, course_slug: str, batch: Facts, *, buys: bool) -> str:
    full = 0 < batch["seats"] <= batch["taken"]
    if not course_slug:
        return f"{links.channel(slug)}/learn"
    if buys and not full:
        return links.buy(slug, course_slug, batch["id"])
    return f"{links.course(slug, course_slug)}?batch={batch['id']}"


def _cost(*priced: Facts | None) -> Cost | None:
    """The first price that one of them names; None when it is free."""
    named = [price for price in (prices.of(each) for each in priced if each) if price is not None]
    return Cost(named[0].amount, named[0].currency) if named and named[0].amount else None


def _prices(slug: str, courses: list[Facts]) -> tuple[PriceCard, ...]:
    """A card for each course that has a price."""
    costs = [(course, _cost(course)) for course in courses]
    return tuple(
        PriceCard(
            course["title"], cost.minor, cost.currency, Link("Buy", links.buy(slug, course["slug"])),
            note=course["summary"],
        )
        for course, cost in costs if cost
    )  # fmt: skip


def _teachers(facts: Facts, blocks: Facts) -> tuple[TeacherCard, ...]:
    written = _items(blocks, "teachers")
    if not written:
        return tuple(TeacherCard(each["id"], each["name"]) for each in facts["teachers"])
    keys: dict[str, str] = {each["name"]: each["id"] for each in facts["teachers"]}
    return tuple(
        TeacherCard(
            str(keys.get(each.get("name", ""), each.get("name", ""))),
            each.get("name", ""),
            each.get("place", ""),
            tuple(part for part in each.get("about", "").split("\n\n") if part.strip()),
        )
        for each in written
    )


def _items(blocks: Facts, kind: str) -> list[Facts]:
    items: list[Facts] = blocks.get(kind, {}).get("items", [])
    return items


def _linked(facts: Facts, origin: str, description: str) -> dict[str, Any]:
    """The channel and its courses for search engines (schema.org)."""
    own = {"@type": "EducationalOrganization", "name": facts["name"], "url": origin + links.channel(facts["slug"])}
    courses = [
        {
            "@type": "Course",
            "name": course["title"],
            "description": course["summary"] or description,
            "url": origin + links.course(facts["slug"], course["slug"]),
            "provider": own,
            **_offer(course),
        }
        for course in facts["courses"]
    ]
    return {"@context": "https://schema.org", "@graph": [{**own, "description": description}, *courses]}


def _offer(course: Facts) -> dict[str, Any]:
    price = prices.of(course)
    if price is None or not price.amount:
        return {}
    return {"offers": {"@type": "Offer", "price": price.decimal, "priceCurrency": price.currency, "category": "Paid"}}
