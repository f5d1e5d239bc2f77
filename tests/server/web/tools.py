"""Sample data for the pages of people who are signed in: room, lesson, outline, studio."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.web.views import incoming, learn, room, studio, studio_rooms, studio_teaching
from server.web.views.frame import Form, Frame, Link, PersonMark
from server.web.views.polled import Chosen, Polled
from server.web.views.voters import VotersPage
from tests.server.web.samples import NOW, ORIGIN, PIANO, POTTERY, SAM, Sample

ZONE = ZoneInfo("Europe/Amsterdam")
ZOE = PersonMark("zoe", "Zoë Adeyemi")
HOME = "/c/piano/studio"
KILN_PROGRAM = PersonMark("kiln", "Kiln watch", program=True)
GLAZES = room.Place("r3", "Glazes", "/c/pottery/community/glazes", "sun", muted=True)
KILN = room.Place("r2", "Kiln", "/c/pottery/community/kiln", unread=12, mentions=2)
MENTION = f'<span class="mention" data-member="{SAM.key}">@{SAM.name}</span>'


POLL = Polled(
    (Chosen("Tuesday evening, after the kiln is cold", 3, 75, mine=True), Chosen("مساء الأربعاء", 1, 25)), 4,
    several=False, anonymous=False, closed=False, ends_at=NOW, version=4,
    url="/c/pottery/community/wheel/polls/id-4", who_url="/c/pottery/community/wheel/polls/id-4",
)  # fmt: skip


CLOSED = replace(POLL, closed=True, url="", who_url="")


def said(seq: int, author: PersonMark, at: datetime, **more: object) -> room.Said:
    one = room.Said(f"id-{seq}", seq, author, at, f"words {seq}", f"<p>words {seq}</p>")
    return replace(one, **more)  # type: ignore[arg-type]  # each caller names fields of Said


def talk(*, member: bool = True, empty: bool = False, language: str = "en", silent: str = "") -> Sample:
    poll = POLL if member else replace(POLL, url="", who_url="")
    messages = [
        said(1, ZOE, NOW - timedelta(days=2), replies=3, sought=True),
        said(2, ZOE, NOW - timedelta(days=2, minutes=-1), role="Teacher", reactions=(room.Reaction("👍", 7, True),)),
        said(3, SAM, NOW - timedelta(hours=1), reply_to="id-2", reply_seq=2, reply_name="Zoë Adeyemi", edited_at=NOW),
        said(4, ZOE, NOW - timedelta(minutes=2), to_me=True, html=f"<p>words 4 {MENTION}</p>", poll=poll),
        said(5, ZOE, NOW, deleted=True, body="", html=""),
        said(6, KILN_PROGRAM, NOW),
    ]
    view = room.RoomPage(
        room_id="r1",
        name="Wheel talk",
        topic="Throwing and centring.",
        groups=(
            room.PlaceGroup(
                "Favourites", (room.Place("r1", "Wheel talk", "/c/pottery/community/wheel", current=True),)
            ),
            room.PlaceGroup("Rooms", (GLAZES,)),
            room.PlaceGroup("Firing", (KILN,), section="s1"),
        ),
        lines=() if empty else room.arrange(messages, ZONE, 3, SAM.key, NOW),
        last_seq=0 if empty else 6,
        read_seq=3,
        zone=ZONE,
        rooms_url="/c/pottery/community",
        search_url="/c/pottery/search",
        post_url="/c/pottery/community/wheel",
        client_id="0192f7a0-0000-4000-8000-000000000001",
        poll_id="0192f7a0-0000-4000-8000-000000000002",
        member=member,
        people=(
            room.PeopleGroup(
                "Students", (room.Present(SAM, here=True), room.Present(ZOE, "Teacher", seen="seen 2 h ago"))
            ),
        ),
        online=1,
        member_count=2,
        members_url="/c/pottery/community/members",
        join_url="/c/pottery",
        url="/c/pottery/community/wheel",
        older_url="/c/pottery/community/wheel?before=1",
        unread_url="/c/pottery/community/wheel?at=1#m-1",
        why_silent=silent,
        own=room.OwnRoom("/c/pottery/community/wheel/me", favourite=True, left=empty) if member else None,
    )
    return Sample("room.html", view, Frame(ORIGIN, channel=POTTERY, reader=SAM if member else None, language=language))


STANDING = learn.Standing(83, "Watch 4 more minutes of lesson 7.", "Every second counts once, at any speed.")


def lesson(film: learn.Film | None, **more: object) -> Sample:
    view = learn.LessonPage(
        title="Sawing to the line",
        kicker="Lesson 7 of 18",
        course=Link("Bench Joinery", "/c/pottery/learn/joinery"),
        html="<p>The knife line is the joint.</p>",
        standing=STANDING,
        film=film,
        done_url="" if film else "/c/pottery/learn/joinery/7/done",
        next=Link("8 Chopping", "/c/pottery/learn/joinery/8"),
        chapters=(learn.Chapter(0, "The line", done=True), learn.Chapter(246, "Stance", "4:01 left")),
    )
    return Sample("lesson.html", replace(view, **more), Frame(ORIGIN, channel=POTTERY, reader=SAM))  # type: ignore[arg-type]  # as above


FILM = learn.Film("ready", "/c/pottery/files/1", duration=60, played=((0, 20),), report_url="/api/v1/x/progress")


def outline(*, enrolled: bool) -> Sample:
    rows = tuple(
        learn.LessonRow(state, "/c/pottery/learn/j/1", state) for state in ("done", "started", "open", "locked")
    )
    view = learn.CoursePage(
        title="Bench Joinery",
        lead="Eighteen lessons.",
        sections=(learn.SectionPart("Week 1", rows),),
        zone=ZONE,
        standing=STANDING if enrolled else None,
        go_on=Link("Go on", "/c/pottery/learn/j/1"),
        classes=(learn.ClassRow("Fitting", NOW, "on now", "/c/pottery/live/1"),),
        enroll_url="/c/pottery/learn/j/enroll",
    )
    return Sample("learn.html", view, Frame(ORIGIN, channel=POTTERY, reader=SAM))


def desk(template: str, view: object, *, nonce: str = "n0nce", language: str = "en") -> Sample:
    frame = Frame(ORIGIN, channel=PIANO, reader=ZOE, nonce=nonce, said="Saved.", language=language)
    return Sample(template, view, frame)


def at(part: studio.Part) -> studio.Desk:
    return studio.Desk(HOME, part, "Owner", "piano")


BATCHES = (studio.BatchRow("b1", "Monday early", "Left hand first", 10, 8, NOW, "62 %", low=True),)
WEEKS = (12.0, 15.0, 14.0, 38.0)
OVERVIEW = studio.OverviewPage(
    desk=at("overview"),
    page_url="/c/piano",
    steps=(studio.Step("Name", True), studio.Step("A first lesson", False, "Text or film.", Link("Write it", HOME))),
    figures=(studio.Figure("Watch time", "214 h", "31 h more", WEEKS, "Rising from 12 to 38 hours", "up"),),
    batches=BATCHES,
    batch_count=2,
    troubles=(studio.Trouble("Search is catching up.", "Messages of 2 minutes may be missing."),),
)
COURSE = studio_teaching.CoursePage(
    desk=at("courses"),
    id="c1",
    published=False,
    sections=(
        studio_teaching.SectionRow("s1", "Week 1", (studio_teaching.LessonRow("l1", "Sitting", "film", "Draft"),)),
    ),
    form=Form({"title": "Left hand first"}, {"summary": "Too long: 10,000 characters at most."}),
    preview_url="/c/piano/learn/left",
)
LESSON = studio_teaching.LessonPage(
    desk=at("courses"),
    id="l1",
    kind="video",
    course=Link("Left hand first", HOME),
    published=False,
    form=Form({"title": "Weight", "body": "# Weight"}),
    preview_url="/c/piano/learn/left/1",
    film="weight.mp4",
)
CLASSES = studio_teaching.ClassesPage(
    desk=at("classes"),
    classes=(studio_teaching.ClassRow("k1", "Both hands", "Monday", NOW, "Planned", can_cancel=True),),
    connections=(
        studio_teaching.Connection(
            "n1", "generic", f"{ORIGIN}/webhooks/live/n1", NOW, "whsec_shown_once", "Our room", made=True
        ),
        studio_teaching.Connection("n2", "Zoom", f"{ORIGIN}/webhooks/live/n2", NOW, name="Zoom", said="Zoom refused."),
    ),
    batches=(("b1", "Monday"),),
    zone=ZONE,
    kinds=(
        studio_teaching.Kind(
            "link",
            "Plain link",
            "One address.",
            (studio_teaching.Asked("link-url", "Link", "Https.", False, False),),
        ),
    ),
    meets_at=(("n1", "Our room"), ("none", "At the link below")),
)
AWARD = studio_teaching.AwardRow("7K4M-Q2XD-9FTA-H", SAM, "Left hand first", NOW, "valid", "Valid", "/verify/x")
CERTIFICATES = studio_teaching.CertificatesPage(
    desk=at("certificates"), awards=(AWARD,), members=(("m1", "Sam"),), courses=(("c1", "Left"),), zone=ZONE
)
MEMBERS = studio.MembersPage(
    desk=at("members"),
    members=(
        studio.MemberRow("m1", ZOE, "owner", "Owner", NOW, fixed=True),
        studio.MemberRow("m2", SAM, "student", "Student", NOW),
    ),
    roles=(("teacher", "Teacher"), ("student", "Student")),
    count=2,
)
ARRIVAL = incoming.Arrival(
    "w1", "Kiln watch", "Glazes", f"{ORIGIN}/webhooks/rooms/6f1de2c4-9f0e-4d0c-8a55-0f4b7f0a9b11", True, "", "Zoë",
    True, False, 214, NOW, Form({"name": "Kiln watch", "room": "r1"}),
)  # fmt: skip
INCOMING = incoming.IncomingPage(
    desk=at("integrations"),
    hooks=(
        ARRIVAL,
        replace(
            ARRIVAL, id="w2", name="Shop", enabled=False, trouble="Mia, who moderates here, switched it off.", posts=1
        ),
        replace(ARRIVAL, id="w3", name="Form", kept=False, made_by="Ben", posts=0, posted=None),
    ),
    rooms=(("r1", "Glazes"), ("r2", "Wheel talk")),
    zone=ZONE,
    form=Form({"name": " "}, {"name": "A name has at least 1 character."}),
    made=incoming.Made(ARRIVAL.url, "whsec_zlmn4fHX1vXk8mVfdRKnCPRQ2ZqM2zqYwJX3n1rEm2k="),
    chosen="w1",
    log=(
        incoming.Refused(NOW, 401, "The signature does not hold, or its time is more than 5 minutes off.", "msg-9f3"),
    ),
)
SETTINGS = studio.SettingsPage(
    at("settings"), f"{ORIGIN}/c/piano", None, (("UTC", "UTC"),), Form({"name": "Piano", "colour": "#f5e6a1"})
)


def row(
    key: str, name: str, section: str = "", *, kind: str = "members", archived: bool = False
) -> studio_rooms.RoomRow:
    form = Form({"name": name, "topic": "", "icon": "", "kind": kind, "batch": ""})
    return studio_rooms.RoomRow(key, name, kind.title(), "/x", "lock", 12, archived, section, form)


ROOMS = studio_rooms.RoomsPage(
    desk=at("rooms"),
    groups=(
        studio_rooms.RoomGroup("", "", (row("r1", "Wheel talk"), row("r2", "Team", kind="private"))),
        studio_rooms.RoomGroup("s1", "Firing", (row("r3", "Kiln", "s1"),)),
        studio_rooms.RoomGroup("s2", "أفران وتزجيج", ()),
    ),
    archived=(row("r4", "Old news", archived=True),),
    sections=(("s1", "Firing"), ("s2", "أفران وتزجيج")),
    icons=(("", "As its kind"),),
)
INSIDERS = studio_rooms.InsidersPage(
    at("rooms"), "Team", "/c/piano/community/team", f"{HOME}/rooms/r2/members", True,
    (studio_rooms.Insider(ZOE, "/c/piano/people/zoe", "Owner"),), adding="s",
    found=(studio_rooms.Insider(SAM, "/c/piano/people/sam"),), more_url="/more",
)  # fmt: skip

TOOLS: dict[str, Callable[[], Sample]] = {
    "room": talk,
    "room-rtl": lambda: talk(language="ar"),
    "room-visitor": lambda: talk(member=False),
    "room-empty": lambda: talk(empty=True),
    "voters": lambda: Sample(
        "voters.html",
        VotersPage(
            "<p>Which day?</p>", CLOSED, ((SAM, ZOE), ()), ZONE, "/c/pottery/community/wheel", "/c/pottery/people"
        ),
        Frame(ORIGIN, channel=POTTERY, reader=SAM),
    ),
    "room-muted": lambda: talk(silent="You are muted until 15:00."),
    "lesson": lambda: lesson(FILM),
    "lesson-text": lambda: lesson(None, offer=Link("Your certificate", "/verify/x")),
    "lesson-processing": lambda: lesson(learn.Film("processing", state_note="About 3 minutes.")),
    "lesson-locked": lambda: lesson(None, locked="Opens Tuesday 24 November, 19:00."),
    "outline": lambda: outline(enrolled=True),
    "outline-new": lambda: outline(enrolled=False),
    "studio": lambda: desk("studio.html", OVERVIEW),
    "studio-new": lambda: desk("studio.html", studio.OverviewPage(at("overview"), "/c/piano")),
    "studio-settings": lambda: desk("studio_settings.html", SETTINGS),
    "studio-courses": lambda: desk("studio_courses.html", studio_teaching.CoursesPage(at("courses"), ())),
    "studio-course": lambda: desk("studio_course.html", COURSE),
    "studio-lesson": lambda: desk("studio_lesson.html", LESSON),
    "studio-batches": lambda: desk(
        "studio_batches.html",
        studio_teaching.BatchesPage(at("batches"), BATCHES, (("c1", "Left"),), (("UTC", "UTC"),)),
    ),
    "studio-classes": lambda: desk("studio_classes.html", CLASSES),
    "studio-incoming": lambda: desk("studio_incoming.html", INCOMING),
    "studio-incoming-rtl": lambda: desk("studio_incoming.html", INCOMING, language="ar"),
    "studio-incoming-new": lambda: desk(
        "studio_incoming.html", incoming.IncomingPage(at("integrations"), (), (), ZONE)
    ),
    "studio-rooms": lambda: desk("studio_rooms.html", ROOMS),
    "studio-rooms-new": lambda: desk(
        "studio_rooms.html", studio_rooms.RoomsPage(at("rooms"), (studio_rooms.RoomGroup("", "", ()),))
    ),
    "studio-insiders": lambda: desk("studio_insiders.html", INSIDERS),
    "studio-insiders-batch": lambda: desk(
        "studio_insiders.html", replace(INSIDERS, private=False, found=(), adding="", batch="Spring", batch_url="/b")
    ),
    "studio-members": lambda: desk("studio_members.html", MEMBERS),
    "studio-certificates": lambda: desk("studio_certificates.html", CERTIFICATES),
}
