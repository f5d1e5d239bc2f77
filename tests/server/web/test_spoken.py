"""What the scripts say: one list for the page and for the scripts, said in the page's language."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from server import web
from server.web.spoken import SPOKEN, spoken
from tenants.languages import words
from tests.server.web.gallery import pages
from tests.server.web.samples import Sample
from tests.server.web.tools import talk

SCRIPTS = Path(web.__file__).parent / "frontend/src/lib"


def test_the_scripts_and_the_pages_know_the_same_sentences() -> None:
    assert {**_table("words.ts"), **_table("later.ts")} == {
        name: english if isinstance(english, str) or len(set(english)) > 1 else english[0]
        for name, english in SPOKEN.items()
    }


@pytest.mark.parametrize("language", ["ar", "de"])
def test_a_script_finds_the_form_of_every_number_by_its_name(language: str) -> None:
    forms = _block(language)["fresh"]
    assert not isinstance(forms, str)
    assert forms.keys() == words(language).locale.plural_form.tags | {"other"}
    assert len(set(forms.values())) == len(forms) - (language == "ar"), "Arabic says the many and the rest alike"


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
