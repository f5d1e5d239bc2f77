"""Texts: what people may write on one line and on many, and Markdown as HTML that can do no harm.

A line is a name or a title: no control characters, no direction overrides, nothing invisible. Markdown is CommonMark
with tables and strikethrough; HTML in it is shown as it was typed, and what comes out is cleaned once more (nh3).
"""

import asyncio
import html
import re
import unicodedata
from collections.abc import Callable, Iterable

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tenants.errors import Invalid, Said, TooLarge

LINE_LENGTH = 120
MESSAGE_BYTES = 10 * 1024
LESSON_BYTES = 200 * 1024
DEEPEST = 20

_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_HALF = re.compile("[\ud800-\udfff]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CONTROL_OR_BREAK = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_UNTYPED = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff]")
_JOINERS = "\u200c\u200d"  # words of Persian and Hindi, and families of emoji, are written with them
_MARKS = 8
# What shows something: neither a space, nor Default_Ignorable_Code_Point (Unicode, UAX #44), nor Braille without dots.
_SEEN = re.compile(
    "[^\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"\s+")
_TAGS = {"a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol"}
_TAGS |= {"p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
_DIRECTED = {tag: {"dir": "auto"} for tag in ("p", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th")}
_ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}}
_IMAGE = {"img": {"src", "alt", "title"}}
_MARKED = {"span": {"class", "data-member", "data-group"}}
_QUIET_IMAGE = {"img": {"loading": "lazy", "referrerpolicy": "no-referrer"}}
_LANGUAGE = re.compile(r"language-[a-z0-9]+")
# Words on one line in which no Markdown, no address and nothing that HTML escapes can hide: they need no parser.
_PLAIN = re.compile(r"[^\W\d_](?:[^\W_]|[ ,.;?!'()-])*")
_TAG = re.compile(r'</?(\w+)[^>"]*(?:"[^"]*"[^>"]*)*>')
_WITHIN_WORDS = {"a", "b", "code", "del", "em", "i", "s", "span", "strong"}
# How a member or a group is named in the words of a message, and the mark that stands for it in the HTML.
_MENTION = re.compile(
    r"<@(?P<member>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})>|(?<![\w@/.-])@(?P<group>teachers|room)(?!\w|[.-]\w)"
)
MEMBER_MARK = '<span class="mention" data-member="%s"></span>'
GROUP_MARK = '<span class="mention" data-group="%(group)s">@[a-z]+</span>'
_URL = re.compile(r"https?://[^\s<>\"'`]+[^\s<>\"'`.,;:!?)\]}…]")
# The parser leaves out what stands deeper than it looks: it looks further than is allowed, so that this is seen.
_DEPTH = DEEPEST + 2
_LESSON = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEPTH}).enable(["table", "strikethrough"])
_MESSAGE = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEPTH, "breaks": True})
_MESSAGE.enable("strikethrough").disable(["image", "reference", "heading", "lheading"])


def clean_line(value: str, pointer: str = "", *, longest: int = LINE_LENGTH, shortest: int = 1) -> str:
    """A name on one line in NFC, spaces tidied; Invalid at `pointer` for what a name may not hold."""
    _check_characters(value, pointer, lines=False)
    line = _SPACES.sub(" ", unicodedata.normalize("NFC", value)).strip()
    if _BIDI.search(line):
        raise Invalid.field(pointer, "direction", "Leave out the invisible characters that turn the writing round.")
    if any(unicodedata.category(each) == "Cf" and each not in _JOINERS for each in line):
        raise Invalid.field(pointer, "invisible", "Leave out the invisible characters.")
    if _piled_up(line):
        raise Invalid.field(pointer, "piled_up", "Leave out the marks piled up on one letter.")
    if len(line) > longest:
        raise Invalid.field(pointer, "too_long", Said("Write at most %(longest)s characters.", longest=longest))
    if len(line.strip(_JOINERS)) < shortest:
        raise Invalid.field(pointer, "too_short", _shortest_words(shortest))
    return line


def clean_file_name(value: str, pointer: str = "", *, longest: int = LINE_LENGTH) -> str:
    """A file's name as a line, without the marks that systems put into it unseen; Invalid as `clean_line`.

    Nobody typed these, so nobody could leave them out. Those that turn the writing round are refused: they disguise.
    """
    return clean_line(_UNTYPED.sub("", value), pointer, longest=longest)


def clean_text(value: str, pointer: str = "", *, most_bytes: int = MESSAGE_BYTES, shortest: int = 0) -> str:
    """A text with line feeds only; TooLarge above `most_bytes` of UTF-8, Invalid for control characters."""
    _check_characters(value, pointer, lines=True)
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if len(text.encode()) > most_bytes:
        raise TooLarge(
            Said("That is longer than the %(kb)s KB that fit here. Shorten it.", kb=most_bytes // 1024),
            "text_too_large",
        )
    if len(text.strip()) < shortest or (shortest and not _SEEN.search(text)):
        raise Invalid.field(pointer, "too_short", _shortest_words(shortest))
    return text


def render_message(markdown: str, pointer: str = "/body") -> str:
    """The HTML of a message: no images, no headings, addresses become links, mentions marks.

    Invalid when it is nested too deeply.
    """
    if _PLAIN.fullmatch(markdown):
        return f'<p dir="auto">{markdown.rstrip()}</p>'
    tokens = _parse(_MESSAGE, markdown, pointer)
    for token in tokens:
        if token.children:
            token.children = list(_marked(_marked(token.children, "://", _URL, _link), "@", _MENTION, _mention))
    return _MESSAGE_CLEANER.clean(_MESSAGE.renderer.render(tokens, _MESSAGE.options, {})).strip()


def render_lesson(markdown: str, pointer: str = "/body") -> str:
    """The HTML of a lesson or an about text, images included; Invalid when it is nested too deeply."""
    tokens = _parse(_LESSON, markdown, pointer)
    return _LESSON_CLEANER.clean(_LESSON.renderer.render(tokens, _LESSON.options, {})).strip()


async def render_long(markdown: str, pointer: str = "/body") -> str:
    """As `render_lesson`, off the event loop, for a long text may take seconds."""
    return await asyncio.to_thread(render_lesson, markdown, pointer)


def excerpt(markdown: str, longest: int = 160) -> str:
    """The beginning as plain text on one line, cut between words and ended by `…` where it goes on."""
    words: list[str] = []
    for token in _LESSON.parse(markdown[: longest * 20]):
        if token.type in {"code_block", "fence"}:
            words.append(token.content)
        words += _plain(token.children or ())
        words.append(" ")
    return cut(_SPACES.sub(" ", "".join(words)).strip(), longest)


def cut(line: str, longest: int) -> str:
    """The beginning of a line, cut between words and ended by `…` where it goes on."""
    if len(line) <= longest:
        return line
    return (line[:longest].rpartition(" ")[0] or line[: longest - 1]).rstrip(" ,;:–-") + "…"


def plain(rendered: str) -> str:
    """What can be read of HTML that this module rendered, on one line; costs a small part of reading Markdown again."""
    return _SPACES.sub(" ", html.unescape(_TAG.sub(_parted, rendered))).strip()


def _parted(tag: re.Match[str]) -> str:
    return "" if tag[1] in _WITHIN_WORDS else " "


def _check_characters(value: str, pointer: str, *, lines: bool) -> None:
    if _HALF.search(value):
        detail = "A text holds half a character (a lone surrogate). Send whole ones."
        raise Invalid.field(pointer, "surrogate", detail)
    if (CONTROL if lines else _CONTROL_OR_BREAK).search(value):
        what = "Leave out the control characters." if lines else "Leave out the line breaks and control characters."
        raise Invalid.field(pointer, "control", what)


def _piled_up(line: str) -> bool:
    marks = 0
    for each in line:
        marks = marks + 1 if unicodedata.combining(each) else 0
        if marks > _MARKS:
            return True
    return False


def _shortest_words(shortest: int) -> str:
    if shortest == 1:
        return "Write something here."
    return Said("Write at least %(shortest)s characters.", shortest=shortest)


def _parse(parser: MarkdownIt, markdown: str, pointer: str) -> list[Token]:
    tokens = parser.parse(markdown)
    # Emphasis may be nested without end inside one line, which the parser's own limit does not count.
    if max(_depths(tokens), default=0) > DEEPEST:
        raise Invalid.field(pointer, "too_deep", "This is nested too deeply. Write it flatter.")
    return tokens


def _depths(tokens: Iterable[Token]) -> Iterable[int]:
    depth = 0
    for token in tokens:
        depth += token.nesting
        yield depth
        if token.children:
            yield depth + max(_depths(token.children), default=0)


def _marked(
    tokens: Iterable[Token], sign: str, pattern: re.Pattern[str], dress: Callable[[re.Match[str]], Iterable[Token]]
) -> Iterable[Token]:
    """The same tokens; in plain text outside of links, what the pattern finds is dressed. `sign` is in all it finds."""
    inside = 0
    for token in tokens:
        inside += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "text" and not inside and sign in token.content:
            yield from _dressed(token.content, pattern, dress)
        else:
            yield token


def _dressed(text: str, pattern: re.Pattern[str], dress: Callable[[re.Match[str]], Iterable[Token]]) -> Iterable[Token]:
    end = 0
    for found in pattern.finditer(text):
        yield Token("text", "", 0, content=text[end : found.start()])
        yield from dress(found)
        end = found.end()
    yield Token("text", "", 0, content=text[end:])


def _link(found: re.Match[str]) -> Iterable[Token]:
    yield Token("link_open", "a", 1, attrs={"href": found.group()})
    yield Token("text", "", 0, content=found.group())
    yield Token("link_close", "a", -1)


def _mention(found: re.Match[str]) -> Iterable[Token]:
    kind = "member" if found["member"] else "group"
    yield Token("mention_open", "span", 1, attrs={"class": "mention", f"data-{kind}": found[kind]})
    yield Token("text", "", 0, content="" if found["member"] else found.group())
    yield Token("mention_close", "span", -1)


def _cleaner(tags: set[str], attributes: dict[str, set[str]], fixed: dict[str, dict[str, str]]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=tags,
        attributes=attributes,
        attribute_filter=_filtered,
        set_tag_attribute_values=fixed,
        link_rel="nofollow noopener",
        url_schemes={"http", "https", "mailto"},
    )


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    """Only language classes on code, and only addresses that a browser does not read as another site's by mistake."""
    if attribute == "class" and tag == "span":
        return value if value == "mention" else None
    if attribute == "class":
        return value if _LANGUAGE.fullmatch(value) else None
    if attribute in {"href", "src"} and value.lstrip().startswith(("//", "\\", "/\\")):
        return None
    return value


def _plain(tokens: Iterable[Token]) -> Iterable[str]:
    for token in tokens:
        if token.type in {"text", "code_inline"}:
            yield token.content
        elif token.type in {"softbreak", "hardbreak"}:
            yield " "
        elif token.type == "image":
            yield from _plain(token.children or ())


_MESSAGE_CLEANER = _cleaner({*_TAGS, "span"}, _ATTRIBUTES | _MARKED, _DIRECTED)
_LESSON_CLEANER = _cleaner({*_TAGS, "img"}, _ATTRIBUTES | _IMAGE, _DIRECTED | _QUIET_IMAGE)
