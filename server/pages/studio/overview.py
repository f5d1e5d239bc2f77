"""The studio's first page: the next step of the first hour, how the weeks went, what is in trouble."""

from aiohttp import web

from server.pages.studio import batches as studio_batches
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Link
from server.web.views.studio import Desk, Figure, OverviewPage, Part, Step, Trouble
from tenants import links
from tenants.batches import figures
from tenants.batches.figures import Weeks
from tenants.channels import channels
from tenants.courses import courses
from tenants.live import classes, recordings
from tenants.permissions import Action, why
from tenants.scope import Record, Scope

SHOWN = 6


async def overview(visit: Visit) -> web.Response:
    """GET /c/{slug}/studio."""
    async with visit.enter() as scope:
        if not why(scope.actor, Action.COURSE_EDIT).allowed and why(scope.actor, Action.MEMBER_BAN).allowed:
            return back(visit, "/members")
    async with at_desk(visit, "overview") as scope:
        at = desk(visit, scope, "overview")
        steps = await _steps(scope, at)
        batches = await studio_batches.rows(scope)
        shown = _figures(await figures.weeks(scope), await figures.members_count(scope))
        troubles = await _troubles(scope, at)
    done = all(step.done for step in steps)
    view = OverviewPage(
        desk=at,
        page_url=links.channel(visit.slug),
        steps=() if done else steps,
        rest_note="Each step takes some minutes; they may be done in any order.",
        figures=shown if done else (),
        batches=batches[:SHOWN],
        batch_count=len(batches),
        troubles=troubles,
        new_lesson_url=f"{at.home}/courses",
    )
    return visit.show_tool("studio.html", view)


async def _steps(scope: Scope, at: Desk) -> tuple[Step, ...]:
    channel = await channels.read(scope)
    taught = await courses.page(scope, limit=courses.MOST_COURSES)
    sizes = await figures.sizes(scope)
    cohorts = await studio_batches.every(scope)
    planned = await classes.upcoming(scope) or await recordings.page(scope, limit=1)
    first = f"/courses/{taught[0]['id']}" if taught else "/courses"
    written = any(lessons >= 2 for lessons, _ in sizes.values())
    return (
        Step("Make the channel", done=True),
        _step(at, "settings", "Say what it is", bool(channel["tagline"]), "A sentence, a colour, a logo.", "Settings"),
        _step(at, "courses", "Start a course", bool(taught), "A title is enough to begin.", "Start", "/courses"),
        _step(at, "courses", "Write two lessons", written, "A text, a film, or one of each.", "Write", first),
        _step(at, "courses", "Publish the course", _published(taught), "It stands on your page then.", "Show", first),
        _step(at, "batches", "Open a batch", bool(cohorts), "Dates and seats for a cohort.", "Open", "/batches"),
        _step(at, "classes", "Plan a live class", bool(planned), "Its recording becomes a lesson.", "Plan", "/classes"),
    )


def _step(at: Desk, part: Part, title: str, done: bool, note: str, words: str, rest: str = "/settings") -> Step:
    go = Link(words, at.home + rest) if part in at.parts else None
    return Step(title, done=done, note=note, go=go)


def _published(taught: list[Record]) -> bool:
    return any(course["state"] == "published" for course in taught)


def _figures(weeks: Weeks, members: int) -> tuple[Figure, ...]:
    return (
        _figure("Members", str(members), weeks.joined, "joined this week"),
        _figure("Enrolments", str(sum(weeks.enrolled)), weeks.enrolled, "this week"),
        _figure("Lessons done", str(sum(weeks.done)), weeks.done, "this week"),
    )


def _figure(title: str, value: str, weeks: tuple[int, ...], words: str) -> Figure:
    now, before = weeks[-1], weeks[-2]
    listed = ", ".join(str(count) for count in weeks)
    return Figure(
        title=title,
        value=value,
        note=f"{now} {words}",
        weeks=tuple(float(count) for count in weeks),
        label=f"{title} in the last eight weeks: {listed}",
        turn="up" if now > before else "down" if now < before else "",
        shape="bars",
    )


async def _troubles(scope: Scope, at: Desk) -> tuple[Trouble, ...]:
    failed = [row for row in await recordings.page(scope, limit=20) if row["state"] == "failed"]
    way = Link("Look", f"{at.home}/classes")
    return tuple(
        Trouble(f"The recording of “{row['class_title']}” failed.", row["reason"] or "", way) for row in failed
    )
