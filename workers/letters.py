"""Letters: the words of each mail, and how they are dressed; names of every script are isolated where they stand."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mrml
from jinja2 import Environment, StrictUndefined, Template

from tenants.channels import brand
from tenants.people.mailed_links import CONFIRM_HOURS, INVITATION_DAYS, MINUTES

TEMPLATES = Path(__file__).parent / "templates" / "mail"
HOUSE, INK = "Guildhall", "#1d222c"
SUBJECT_LENGTH = 200
_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name a mail speaks: a channel in its colour (`#rrggbb`), or the house."""

    name: str = HOUSE
    colour: str = INK


@dataclass(frozen=True, slots=True)
class Item:
    """One of several things that a mail tells: a heading that leads there, and what is said."""

    heading: str
    said: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail before it is dressed: a subject, sentences, things told, one to press, and why it came.

    `choices` is where its reader says what shall reach them, where that is theirs to say.
    """

    subject: str
    sentences: tuple[str, ...]
    button: str
    url: str
    because: str
    items: tuple[Item, ...] = ()
    choices: str = ""


def magic_link(name: str, url: str) -> Letter:
    """A link that signs in."""
    return Letter(
        "Your sign-in link",
        (f"Hello {isolated(name)}, press the button to sign in.", _lifetime()),
        "Sign in",
        url,
        "Somebody, probably you, asked for this link. If not, do nothing: without it nobody gets in.",
    )


def new_password(name: str, url: str) -> Letter:
    """A link that ends in a new password."""
    return Letter(
        "Choose a new password",
        (f"Hello {isolated(name)}, press the button to choose a new password.", _lifetime()),
        "Choose a new password",
        url,
        "Somebody, probably you, asked for this link. If not, do nothing: your password stays as it is.",
    )


def password_changed(name: str, url: str) -> Letter:
    """What the owner of an account is told when its password was changed."""
    return Letter(
        "Your password was changed",
        (
            f"Hello {isolated(name)}, the password of your account was changed just now.",
            "Every other device was signed out.",
        ),
        "It was not me",
        url,
        "If it was you, there is nothing to do. If not, press the button and choose a new one by a link.",
    )


def confirm(name: str, url: str) -> Letter:
    """A link that completes a sign-up."""
    return Letter(
        "Confirm your e-mail address",
        (
            f"Welcome, {isolated(name)}. Press the button to confirm that this address is yours and choose a password.",
            f"The link works once, within {CONFIRM_HOURS} hours.",
        ),
        "Confirm and choose a password",
        url,
        "This address was used to sign up. If that was not you, do nothing.",
    )


def invitation(name: str, url: str) -> Letter:
    """A link that makes an account where people come by invitation."""
    return Letter(
        "You are invited",
        (
            f"Hello {isolated(name)}, you are invited. Press the button to choose a password, and you are in.",
            f"The link works once, within {INVITATION_DAYS} days.",
        ),
        "Accept the invitation",
        url,
        "Somebody who runs a channel here gave us this address. If you know of nothing, do nothing.",
    )


def email_taken(name: str, url: str) -> Letter:
    """What the owner of an address is told when it is signed up again."""
    return Letter(
        "You have an account already",
        (
            f"Hello {isolated(name)}, somebody tried to sign up with your address, which has an account.",
            "If that was you, sign in instead. A link by mail will do if you forgot the password.",
        ),
        "Sign in",
        url,
        "If it was not you, do nothing: your account was not touched, and they were shown nothing of it.",
    )


def welcome(name: str, channel: str, url: str) -> Letter:
    """The first mail of a channel, or of the house."""
    return Letter(
        f"Welcome to {plain(channel)}",
        (f"Hello {isolated(name)}, it is good to have you at {isolated(channel)}.",),
        f"Open {isolated(channel)}",
        url,
        "You get this once, because you joined.",
    )


def certificate_ready(name: str, channel: str, title: str, url: str) -> Letter:
    """A certificate can be opened."""
    return Letter(
        f"Your certificate: {plain(title)}",
        (
            f"Congratulations, {isolated(name)}. {isolated(channel)} has issued your certificate "
            f"for {isolated(title)}.",
            "Anyone with its address can check it there, without an account.",
        ),
        "Open the certificate",
        url,
        "You get this because you finished the course.",
    )


def recording_ready(name: str, channel: str, title: str, url: str) -> Letter:
    """A recording has become a lesson."""
    return Letter(
        f"New recording: {plain(title)}",
        (f"Hello {isolated(name)}, the recording of {isolated(title)} is now a lesson at {isolated(channel)}.",),
        "Watch it",
        url,
        "You get this because you are enrolled in the course.",
    )


def moderation_report(name: str, channel: str, told: str, url: str) -> Letter:
    """A week of moderation, in figures; its rooms and filters are told on its page alone."""
    return Letter(
        f"A week of moderation: {plain(channel)}",
        (f"Hello {isolated(name)}, this was the week at {isolated(channel)}.", told),
        "Read the report",
        url,
        "You get this each Monday after a week in which something was to be moderated, because you moderate here.",
    )


def order_paid(name: str, channel: str, title: str, price: str, url: str) -> Letter:
    """A receipt, and the way in."""
    return Letter(
        f"Receipt: {plain(title)}",
        (
            f"Hello {isolated(name)}, {isolated(channel)} has received {price} for {isolated(title)}. You are in.",
            "The page of your order is your receipt; it can be printed.",
        ),
        "Open your order",
        url,
        "You get this because you bought something.",
    )


def order_returned(name: str, channel: str, title: str, price: str, reason: str, url: str) -> Letter:
    """A payment that could not be answered goes back."""
    return Letter(
        f"Your payment is being returned: {plain(title)}",
        (
            f"Hello {isolated(name)}, your payment of {price} for {isolated(title)} arrived at {isolated(channel)}, "
            f"but the seat could not be given to you: {isolated(reason)}",
            "The whole amount is on its way back to you; you need do nothing.",
        ),
        "Open your order",
        url,
        "You get this because you paid for something.",
    )


def order_refunded(name: str, channel: str, title: str, price: str, url: str) -> Letter:
    """A price was given back."""
    return Letter(
        f"Refunded: {plain(title)}",
        (
            f"Hello {isolated(name)}, {isolated(channel)} has given {price} back for {isolated(title)}.",
            "Your bank may take some days to show it. Your place in the course has ended.",
        ),
        "Open your order",
        url,
        "You get this because you bought something.",
    )


def dress(letter: Letter, sender: Sender, unsubscribe: str = "") -> tuple[str, str]:
    """The letter as text and as HTML; `unsubscribe` is where one asks for no more of its kind."""
    colours = brand.derive(sender.colour)
    facts = {"letter": letter, "sender": sender, "brand": colours.brand, "on_brand": colours.on_brand}
    text, html = _templates()
    return text.render(facts, unsubscribe=unsubscribe), html.render(facts, unsubscribe=unsubscribe)


def plain(name: str, longest: int = SUBJECT_LENGTH) -> str:
    """A name fit for a subject: one line, nothing invisible that turns the writing round."""
    shown = "".join(" " if unicodedata.category(each) in {"Cc", "Zl", "Zp"} else each for each in name)
    return " ".join(_INVISIBLE.sub("", shown).split())[:longest]


def isolated(name: str) -> str:
    """A name inside a sentence, kept from turning the rest of it round (Unicode's FSI … PDI)."""
    return f"\u2068{plain(name)}\u2069"


def _lifetime() -> str:
    return f"It works once, within {MINUTES} minutes."


@cache
def _templates() -> tuple[Template, Template]:
    """The templates of text and of HTML; the latter is written in MJML, which becomes what mail programs can read."""
    html = mrml.to_html((TEMPLATES / "letter.mjml").read_text(), render_options=mrml.RenderOptions(fonts={})).content
    plain_text = Environment(autoescape=False, undefined=StrictUndefined)  # noqa: S701 - it is no HTML
    return (
        plain_text.from_string((TEMPLATES / "letter.txt").read_text()),
        Environment(autoescape=True, undefined=StrictUndefined).from_string(html),
    )
