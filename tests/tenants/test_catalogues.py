"""Catalogues: every sentence that people read is translated, with its forms and its values, and none is left over."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import realtime
import server
import tenants
import workers
from server.pages import bell, errors, learning_views, notice_choices, room_view, said
from server.web.render import TEMPLATES
from server.web.spoken import SPOKEN
from server.web.views import buying
from tenants import community
from tenants.languages import CATALOGUES, LANGUAGES
from tenants.members import unsubscribes
from tenants.permissions import Role
from workers import reminding

FOR_THOSE_WHO_RUN_IT = ("studio", "design", "operator", "mail_viewer")
OTHERS = [language for language in LANGUAGES if language != "en"]
PLURALS = {"ar": 6, "de": 2}
WITHOUT_FIGURE = {"ar": 3, "de": 0}
"""So many of the first forms may say the number in words: none, one and two."""
SAYING = [Path(package.__path__[0]) for package in (server, tenants, realtime, workers)]
SENTENCE = re.compile(r"[A-Z%][^\n]* [^\n]*\.")
HOLE = re.compile(r"%\((\w+)\)s")
Message = str | tuple[str, str]


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_but_the_studios_is_translated(language: str) -> None:
    known = _catalogue(language)
    known |= {message[0]: forms for message, forms in known.items() if not isinstance(message, str)}
    assert [message for message in _sentences() if not all(known.get(message, ("",)))] == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_refusal_of_the_community_is_translated(language: str) -> None:
    known = _catalogue(language)
    assert [message for message in _refusals() if message not in known] == []


@pytest.mark.parametrize("language", OTHERS)
def test_whatever_is_said_with_values_is_translated(language: str) -> None:
    known = _catalogue(language)
    assert [message for message in _written() if message not in known] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_every_form_and_every_value_of_its_sentence(language: str) -> None:
    entries = _catalogue(language).items()
    assert [fault for message, forms in entries for fault in _faults(language, message, forms)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_translated_twice(language: str) -> None:
    """Of two that differ the later one would be said, and other tools refuse the file."""
    found = re.findall(r'^msgid "(.+)"$', _file_of(language).read_text("utf-8"), re.MULTILINE)
    assert [message for message, count in Counter(found).items() if count > 1] == []


def _file_of(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def _catalogue(language: str) -> dict[Message, tuple[str, ...]]:
    """Each message of one language with its forms; a pair is the sentence for one and for many."""
    with _file_of(language).open("rb") as source:
        entries = [each for each in read_po(source, locale=language) if each.id]
    known: dict[Message, tuple[str, ...]] = {}
    for each in entries:
        said = each.string or ""
        known[each.id if isinstance(each.id, str) else (each.id[0], each.id[1])] = (
            (said,) if isinstance(said, str) else tuple(said)
        )
    return known


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_translated_that_nobody_says(language: str) -> None:
    said = {*_sentences(running=True), *_written(), *_strings()}
    assert [message for message in _catalogue(language) if message not in said] == []


TABLES = (
    said.SAID,
    bell.SAID,
    notice_choices.WORDS,
    room_view.GROUPS,
    room_view.TITLES,
    errors.HERE,
    unsubscribes.KINDS,
)


def _sentences(*, running: bool = False) -> Iterator[Message]:
    """What pages and their scripts say to people who run nothing here, or to all."""
    yield from SPOKEN.values()
    yield from (words for table in TABLES for words in table.values())
    yield from (words for words, _ in buying.WORDS.values())
    yield from (errors.SAFE, learning_views.RULE)
    for path in sorted(TEMPLATES.glob("*.html")):
        if path.name.startswith(FOR_THOSE_WHO_RUN_IT) and not running:
            continue
        with path.open("rb") as source:
            for _, function, said, _ in babel_extract(source, ["_", "ngettext"], [], {"trim_blocks": "true"}):
                given = [said] if isinstance(said, str) else [each for each in said or () if each]
                if given:
                    yield (given[0], given[1]) if function == "ngettext" else given[0]


def _strings() -> Iterator[str]:
    """Every string of the server and of the domain, which pages may show as a sentence."""
    for folder in SAYING:
        for path in folder.rglob("*.py"):
            yield from _strings_in(ast.parse(path.read_text("utf-8")))


def _refusals() -> Iterator[str]:
    """What the community says to those whom it refuses something: all its sentences but those for programmers."""
    for path in Path(community.__path__[0]).glob("*.py"):
        module = ast.parse(path.read_text("utf-8"))
        explained = {
            node.value.value
            for node in ast.walk(module)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        yield from (each for each in _strings_in(module) if SENTENCE.fullmatch(each) and each not in explained)


def _written() -> Iterator[Message]:
    """What is `Said` anywhere: all mails, notices that are pushed, and refusals that name something."""
    yield from (sentence for pair in reminding.SENTENCES.values() for sentence in pair)
    yield from (role.said for role in Role)
    for path in (path for folder in SAYING for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Said":
                said = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
                if said:
                    yield (said[0], said[1]) if len(said) > 1 else said[0]


def _strings_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _faults(language: str, message: Message, forms: tuple[str, ...]) -> Iterator[str]:
    """The forms that lack a value of their sentence, or have another; the sentence, where forms are missing."""
    counted = not isinstance(message, str)
    meant = set(HOLE.findall(message if isinstance(message, str) else message[1]))
    if len(forms) != (PLURALS[language] if counted else 1):
        yield str(message)
    for place, form in enumerate(forms):
        spared = {"count"} if counted and place < WITHOUT_FIGURE[language] else set()
        held = set(HOLE.findall(form))
        if held - meant or meant - held - spared:
            yield form
