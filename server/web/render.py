"""From a view to a page: one Jinja environment a language, strict, escaping, with the words and marks of the house."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from server.web import art, marks
from server.web.assets import Assets
from server.web.spoken import spoken
from server.web.theme import Theme, theme
from server.web.views.frame import Frame
from tenants.languages import LANGUAGES, Words, words

TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """Renders every page of the server from the templates in one folder and one set of built assets."""

    def __init__(self, assets: Assets, templates: Path = TEMPLATES) -> None:
        self._assets = self.assets = assets
        self._templates = templates
        self._environment = lru_cache(maxsize=len(LANGUAGES))(self._made)

    def render(self, template: str, view: Any, frame: Frame, dress: Theme | None = None) -> str:
        """The whole page of `template`, which reads `view` and `frame`; `dress` replaces the channel's theme."""
        page = self._environment(frame.language).get_template(template)
        return page.render(view=view, frame=frame, theme=dress or theme_of(frame))

    def _made(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self._templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals |= _globals(self._assets, words(language))
        return environment


def theme_of(frame: Frame) -> Theme:
    """The theme that `frame`'s page wears; its `source` belongs into the page's policy."""
    return theme(frame.channel.colour if frame.channel else None)


def _globals(assets: Assets, said: Words) -> dict[str, Any]:
    return {
        "_": said.gettext,
        "ngettext": said.ngettext,
        "words": said,
        "sentence": said.message,
        "spoken": spoken(said),
        "assets": assets,
        "icon": _icons(assets),
        "tile": marks.tile,
        "field_of": marks.field,
        "pennant": marks.pennant,
        "shelf": art.shelf,
        "night": art.night,
        "portrait": art.portrait,
    }


def _icons(assets: Assets) -> Any:
    def icon(name: str, extra: str = "") -> Markup:
        """One lucide icon; a word or a label must stand beside it."""
        return Markup('<svg class="icon{}" width="18" height="18" aria-hidden="true"><use href="{}#{}"/></svg>').format(
            f" {extra}" if extra else "", assets.icons, name
        )

    return icon
