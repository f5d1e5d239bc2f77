"""Sample data of our own for every page: the pottery world, and one landing page in Arabic."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from server.web.views.certificates import Award, Entry, VerifyFormView, VerifyView
from server.web.views.errors import ErrorView
from server.web.views.frame import ChannelMark, Form, Frame, Link, PersonMark
from server.web.views.home import ChannelCard, HomeView
from server.web.views.landing import LandingView
from server.web.views.mail import Letter, MailView
from server.web.views.me import Attempt, Device, Membership, MeView
from server.web.views.operator import ProcessRow, Tally, WireView
from server.web.views.sheet import SHEET
from server.web.views.sign import HandOffView, MagicLinkView, PasswordView, SignInView, SignUpView
from tests.server.web.landings import arabic, bare, pottery

ORIGIN = "http://127.0.0.1:8000"
POTTERY = ChannelMark("pottery", "Saltmarsh Pottery", "pottery", "/c/pottery", "#1f6f72")
JOINERY = ChannelMark("joinery", "Plumb Line Joinery", "joinery", "/c/joinery", "#b4512d")
PIANO = ChannelMark("piano", "Small Hours Piano", "piano", "/c/piano", "#f5e6a1")
SAM = PersonMark("sam", "Sam Idowu")
NOW = datetime(2026, 11, 21, 14, 32, tzinfo=UTC)
CODE = "7K4M-Q2XD-9FTA-H"
TOKEN = 12 * "hG5x"


@dataclass(frozen=True)
class Sample:
    """One page to render: a template, its view, its frame."""

    template: str
    view: Any
    frame: Frame


def award() -> Award:
    return Award(
        holder="Adaeze Lindqvist",
        title="Bench Joinery, Level 1",
        channel=JOINERY,
        issued=date(2026, 9, 14),
        expires=date(2029, 9, 14),
        hours="62 h 30 min",
        hours_note="41 h in class, 21 h 30 min of lessons",
        rule="Attend 10 of 12 classes, finish every lesson, and cut a dovetailed box that two teachers pass.",
        domain="plumbline.example",
        pdf=f"/verify/{CODE}.pdf",
        credential=f"/verify/{CODE}/credential.json",
        history=(Entry(datetime(2026, 9, 14, 16, 40, tzinfo=UTC), "issued", "Ruth Halloran, owner", 4091),),
    )


def verdict(state: Any, **changes: Any) -> Sample:
    view = VerifyView(state, CODE, NOW, replace(award(), **changes))
    return Sample("verify.html", view, Frame(ORIGIN, f"/verify/{CODE}", channel=JOINERY))


def revoked() -> Sample:
    taken = Entry(datetime(2026, 11, 2, 10, 12, tzinfo=UTC), "revoked", "Ruth Halloran, owner", 4410)
    return verdict(
        "revoked",
        ended=date(2026, 11, 2),
        reason="Issued to the wrong member of the batch.",
        pdf=None,
        history=(taken, *award().history),
    )


def unknown(*, slip: bool) -> Sample:
    return Sample("verify.html", VerifyView("unknown", CODE, NOW, slip=slip), Frame(ORIGIN, f"/verify/{CODE}"))


def me() -> Sample:
    view = MeView(
        "Sam Idowu",
        "sam@guildhall.example",
        (Membership(POTTERY, "student", NOW), Membership(JOINERY, "owner", NOW)),
        (
            Device("1", "Firefox", "127.0.0.1", NOW, current=True, system="Linux"),
            Device("2", "Safari", "192.0.2.7", NOW, phone=True, system="iPhone"),
            Device("3", "Firefox", "127.0.0.1", NOW, host="saltmarsh.example", system="Linux"),
        ),
        (
            Attempt(NOW, "password", "127.0.0.1", worked=True),
            Attempt(NOW, "link by mail", "192.0.2.7", worked=False),
        ),
        confirmed=False,
    )
    return Sample("me.html", view, Frame(ORIGIN, "/me", reader=SAM))


def home(*, signed_in: bool) -> Sample:
    cards = (
        ChannelCard(POTTERY, "Throw a bowl you would keep. Eight Tuesdays at the wheel.", 214, joined=signed_in),
        ChannelCard(JOINERY, "Hand tools, flat faces, square ends.", 96),
        ChannelCard(PIANO, "Ten quiet weeks with the left hand.", 1),
    )
    wrong = Form(
        {"name": "Night Bakery", "slug": "admin", "colour": "#aa3355"},
        {"slug": "“admin” is kept for the system. Try night-bakery."},
    )
    if signed_in:
        return Sample("home.html", HomeView(cards, wrong), Frame(ORIGIN, reader=SAM, said="You left Chess Club."))
    return Sample("home.html", HomeView(cards), Frame(ORIGIN))


def sign_in() -> Sample:
    problem = "That e-mail and password do not go together. 4 tries left, then a 10 minute pause."
    form = Form({"email": "ilse@smallhours.example"}, {"password": problem})
    return Sample("sign_in.html", SignInView(form, "/c/piano"), Frame(ORIGIN, "/sign-in", channel=PIANO))


def door(template: str, view: object, **frame: object) -> Sample:
    return Sample(template, view, Frame(ORIGIN, "/set-password", **frame))  # type: ignore[arg-type]  # fields of Frame


def wire() -> Sample:
    rows = (ProcessRow(1, sockets=1204, members=1190, rooms=41, lag=0.8, answer=10.0), ProcessRow(2, answers=False))
    view = WireView(rows, ("Process 2 does not answer: look at its log.",), (Tally("Sockets that went silent", 12),))
    return Sample("operator_wire.html", view, Frame(ORIGIN, "/operator/wire"))


def mail(*, opened: bool) -> Sample:
    letter = Letter(
        "1",
        "sam@guildhall.example",
        "Your link to sign in",
        NOW,
        f"Open this link to sign in. It works once, for 15 minutes.\n\nhttp://127.0.0.1:8000/sign-in/link?token={TOKEN}",
        (f"/sign-in/link?token={TOKEN}",),
    )
    return Sample("mail_viewer.html", MailView((letter,), letter if opened else None), Frame(ORIGIN, "/mail"))


def lost() -> Sample:
    view = ErrorView(
        404,
        "This lesson has moved, or was never here.",
        "Your progress is safe. The course’s contents list shows where everything is now.",
        Link("Contents of Bench Joinery", "/c/joinery/learn"),
        "01JCV7Q4",
        Link("Ask the teacher", "/c/joinery/community"),
    )
    return Sample("error.html", view, Frame(ORIGIN, "/c/joinery/learn/x", channel=JOINERY))


def landing(view: LandingView, channel: ChannelMark, language: str = "en") -> Sample:
    return Sample("landing.html", view, Frame(ORIGIN, channel.url, language, channel))


SAMPLES: dict[str, Callable[[], Sample]] = {
    "landing": lambda: landing(pottery(), POTTERY),
    "landing-bare": lambda: landing(bare(), PIANO),
    "landing-rtl": lambda: landing(arabic(), replace(POTTERY, name="فخّار المستنقع"), "ar"),
    "home": lambda: home(signed_in=False),
    "home-signed-in": lambda: home(signed_in=True),
    "sign-in": sign_in,
    "sign-up": lambda: Sample("sign_up.html", SignUpView(), Frame(ORIGIN, "/sign-up")),
    "sign-up-sent": lambda: Sample("sign_up.html", SignUpView(sent="sam@x.example"), Frame(ORIGIN, demo=True)),
    "sign-up-closed": lambda: Sample("sign_up.html", SignUpView(closed=True), Frame(ORIGIN, "/sign-up")),
    "sign-up-confirming": lambda: Sample("sign_up.html", SignUpView(confirming=True), Frame(ORIGIN, "/sign-up")),
    "password-ask": lambda: door("set_password.html", PasswordView()),
    "password-sent": lambda: door("set_password.html", PasswordView(sent="sam@x.example"), demo=True),
    "password-link": lambda: door("set_password.html", PasswordView(token="t", choosing=True)),
    "password-voided": lambda: door(
        "set_password.html", PasswordView(email="sam@x.example", choosing=True, voided=True), reader=SAM
    ),
    "password-change": lambda: door(
        "set_password.html", PasswordView(email="sam@x.example", choosing=True, asks_present=True), reader=SAM
    ),
    "password-unproved": lambda: door(
        "set_password.html", PasswordView(email="sam@x.example", asks_present=True, voided=True), reader=SAM
    ),
    "hand-off": lambda: door(
        "hand_off.html", HandOffView("Sam Idowu", "saltmarsh.example", "s", "/c/pottery/learn"), channel=POTTERY
    ),
    "link-ask": lambda: Sample("magic_link.html", MagicLinkView(), Frame(ORIGIN, "/sign-in/link")),
    "link-sent": lambda: Sample("magic_link.html", MagicLinkView(sent="sam@x.example"), Frame(ORIGIN, demo=True)),
    "link-use": lambda: Sample("magic_link.html", MagicLinkView(token="t"), Frame(ORIGIN, "/sign-in/link")),
    "me": me,
    "verify-valid": lambda: verdict("valid"),
    "verify-rendering": lambda: verdict("rendering", pdf=None, expires=None),
    "verify-expired": lambda: verdict("expired", issued=date(2023, 9, 14), expires=date(2026, 9, 14)),
    "verify-revoked": revoked,
    "verify-superseded": lambda: verdict(
        "superseded", ended=date(2026, 11, 2), heir=Link("8M2K-77QD-ZZTA-P", "/verify/8M2K-77QD-ZZTA-P")
    ),
    "verify-hidden": lambda: verdict("valid", holder=""),
    "verify-slip": lambda: unknown(slip=True),
    "verify-unknown": lambda: unknown(slip=False),
    "verify-form": lambda: Sample(
        "verify_form.html", VerifyFormView(Form({"code": "7K4"}, {"code": "A code has 13 characters."})), Frame(ORIGIN)
    ),
    "mail": lambda: mail(opened=False),
    "mail-open": lambda: mail(opened=True),
    "operator-wire": wire,
    "mail-empty": lambda: Sample("mail_viewer.html", MailView(()), Frame(ORIGIN, "/mail")),
    "error": lost,
    "design": lambda: Sample("design.html", SHEET, Frame(ORIGIN, "/design")),
}
