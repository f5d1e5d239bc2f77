"""What the scripts say: one list for the page and for the scripts, said in the page's language."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from server import web
from server.web.i18n import LANGUAGES, words
from server.web.spoken import SPOKEN, spoken
from tests.server.web.gallery import pages
from tests.server.web.samples import Sample
from tests.server.web.tools import talk

SCRIPTS = Path(web.__file__).parent / "frontend/src/lib"
HOLE = re.compile(r"%\((\w+)\)s")
OTHERS = [language for language in LANGUAGES if language != "en"]
MAY_LEAVE_THE_NUMBER_OUT = {"zero", "one", "two"}


def test_the_scripts_and_the_pages_know_the_same_sentences() -> None:
    assert {**_table("words.ts"), **_table("later.ts")} == {
        name: english if isinstance(english, str) or len(set(english)) > 1 else english[0]
        for name, english in SPOKEN.items()
    }


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", SPOKEN)
def test_whatever_a_script_says_is_said_in_every_language_with_its_values(language: str, name: str) -> None:
    english = SPOKEN[name]
    said, first = _block(language)[name], english if isinstance(english, str) else english[0]
    forms = {"other": said} if isinstance(said, str) else said
    assert name in {"kb", "mb"} or first not in forms.values(), "not translated"
    for category, form in forms.items():
        lacking = set(HOLE.findall(first)) - set(HOLE.findall(form))
        assert lacking <= ({"count"} if category in MAY_LEAVE_THE_NUMBER_OUT else set()), form
        assert set(HOLE.findall(form)) <= set(HOLE.findall(first)), form
    if not isinstance(said, str):
        assert said.keys() == words(language).locale.plural_form.tags | {"other"}


def test_only_a_page_with_scripts_in_another_language_carries_their_words() -> None:
    assert [_carried(talk(), language) for language in ("en", "de", "ar")] == [0, 1, 1]
    assert _carried(talk(member=False), "de") == 0


def test_no_word_ends_the_block_that_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words("de"), "message", lambda message: "</script><b>")
    block = spoken.__wrapped__(words("de"))
    assert (block.count("<"), json.loads(block[block.index(">") + 1 : block.rindex("<")])["sending"]) == (
        2,
        "</script><b>",
    )


def _carried(sample: Sample, language: str) -> int:
    return pages().render(sample.template, sample.view, replace(sample.frame, language=language)).count('id="spoken"')


def _block(language: str) -> dict[str, str | dict[str, str]]:
    block = str(spoken(words(language)))
    found: dict[str, str | dict[str, str]] = json.loads(block[block.index(">") + 1 : block.rindex("<")])
    return found


def _table(name: str) -> dict[str, str | tuple[str, ...]]:
    """The plain table that is handed to `spoken({…})` in a script."""
    table = (SCRIPTS / name).read_text().partition("spoken({\n")[2].partition("\n});")[0]
    found: dict[str, str | tuple[str, ...]] = {}
    for key, plain, forms in re.findall(r'^  (\w+): (?:"([^"]*)"|\{([^}]*)\}),$', table, re.MULTILINE):
        found[key] = plain or tuple(re.findall(r'"([^"]*)"', forms))
    found.pop("locale", None)
    return found
