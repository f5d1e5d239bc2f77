"""The page of settings: each setting is there, once, with its default, and no other is."""

import re
from pathlib import Path

import pytest

from settings import Settings

PAGE = (Path(__file__).parents[1] / "docs" / "settings.md").read_text()
ROWS = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
PLAIN = {
    name: field.default for name, field in Settings.model_fields.items() if type(field.default) in {str, int, bool}
}


def test_every_setting_is_documented_once_and_no_other() -> None:
    assert sorted(name for name, _, _ in ROWS) == sorted(name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("name", [name for name, default in PLAIN.items() if default != ""])
def test_the_page_says_the_default(name: str) -> None:
    ((_, default, _),) = [row for row in ROWS if row[0] == name.upper()]
    assert default == f"`{int(PLAIN[name]) if isinstance(PLAIN[name], bool) else PLAIN[name]}`"


@pytest.mark.parametrize("name", [name for name, default in PLAIN.items() if default == ""])
def test_nothing_is_the_default_of_what_is_not_set(name: str) -> None:
    ((_, default, _),) = [row for row in ROWS if row[0] == name.upper()]
    assert not default.startswith("`")
