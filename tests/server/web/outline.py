"""Reads a page strictly: what a browser would silently mend is an error here."""

from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input", "br", "hr", "source", "track", "wbr", "base", "col", "area"}
LOOSE = {"path", "circle", "ellipse", "use", "rect", "line"}


class Outline(HTMLParser):
    """Every element of a page as (name, attributes); `faults` says what is not well formed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.faults: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{name}> is never closed" for name in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.faults.append(f"<{tag}> names an attribute twice: {names}")
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag == "p" and "p" in self._open[-1:]:
            self.faults.append("<p> in <p>")
        if self._open[-1:] == ["p"] and tag in {"div", "ul", "ol", "dl", "table", "form", "h1", "h2", "h3", "section"}:
            self.faults.append(f"<{tag}> in <p>")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in LOOSE:
            self.faults.append(f"<{tag}/> closes itself")
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1:]}")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, *names: str) -> list[dict[str, str]]:
        """The attributes of every element of these names."""
        return [attributes for name, attributes in self.elements if name in names]
