"""Dressing: what a letter is, and how one becomes a mail in the language, the name and the colour of who sends it."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mrml
from jinja2 import Environment, StrictUndefined, Template

from tenants import languages
from tenants.channels import brand
from tenants.errors import Said
from tenants.languages import Words, words_in

TEMPLATES = Path(__file__).parent / "templates" / "mail"
HOUSE, INK = "Guildhall", "#1d222c"
SUBJECT_LENGTH = 200
_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069]")
_OTHERWISE = Said("If the button does nothing, open this address:")
_CHOICES = Said("Choose what reaches you, when and how")
_NO_MORE = Said("No more of these mails")


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name a mail speaks: a channel in its colour (`#rrggbb`) and its language, or the house."""

    name: str = HOUSE
    colour: str = INK
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class Item:
    """One of several things that a mail tells: a heading that leads there, and what is said."""

    heading: str
    said: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail before it is dressed: a subject, sentences, things told, one to press, and why it came.

    What is `Said` is ours and is said in the language of the sender; all else stays as somebody wrote it. `choices` is
    where its reader says what shall reach them, where that is theirs to say.
    """

    subject: str
    sentences: tuple[str, ...]
    button: str
    url: str
    because: str
    items: tuple[Item, ...] = ()
    choices: str = ""


@dataclass(frozen=True, slots=True)
class Dressed:
    """A letter as a mail carries it."""

    subject: str
    text: str
    html: str


def dress(letter: Letter, sender: Sender, unsubscribe: str = "") -> Dressed:
    """The letter as text and as HTML; `unsubscribe` is where one asks for no more of its kind."""
    words, colours = words_in(sender.locale), brand.derive(sender.colour)
    spoken = _spoken(letter, words)
    facts = {
        "letter": spoken, "sender": sender, "unsubscribe": unsubscribe,
        "lang": words.language, "dir": words.dir, "start": "right" if words.dir == "rtl" else "left",
        "brand": colours.brand, "on_brand": colours.on_brand,
        "otherwise": words.message(_OTHERWISE), "choices": words.message(_CHOICES), "no_more": words.message(_NO_MORE),
    }  # fmt: skip
    text, html = _templates()
    return Dressed(spoken.subject, text.render(facts), html.render(facts))


def plain(name: str, longest: int = SUBJECT_LENGTH) -> str:
    """A name fit for a subject: one line, nothing invisible that turns the writing round."""
    shown = "".join(" " if unicodedata.category(each) in {"Cc", "Zl", "Zp"} else each for each in name)
    return " ".join(_INVISIBLE.sub("", shown).split())[:longest]


def isolated(name: str) -> str:
    """A plain name inside a sentence, kept from turning the rest of it round."""
    return languages.isolated(plain(name))


def _spoken(letter: Letter, words: Words) -> Letter:
    return Letter(
        _say(letter.subject, words),
        tuple(_say(each, words) for each in letter.sentences),
        _say(letter.button, words),
        letter.url,
        _say(letter.because, words),
        tuple(Item(_say(each.heading, words), _say(each.said, words), each.url) for each in letter.items),
        letter.choices,
    )


def _say(text: str, words: Words) -> str:
    return words.message(text) if isinstance(text, Said) else text


@cache
def _templates() -> tuple[Template, Template]:
    """The templates of text and of HTML; the latter is written in MJML, which becomes what mail programs can read."""
    html = mrml.to_html((TEMPLATES / "letter.mjml").read_text(), render_options=mrml.RenderOptions(fonts={})).content
    plain_text = Environment(autoescape=False, undefined=StrictUndefined)  # noqa: S701 - it is no HTML
    return (
        plain_text.from_string((TEMPLATES / "letter.txt").read_text()),
        Environment(autoescape=True, undefined=StrictUndefined).from_string(html),
    )
