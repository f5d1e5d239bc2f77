"""What a lesson of each kind may hold, and what it must hold before it is shown."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tenants.errors import Invalid
from tenants.files import files
from tenants.scope import Record, Scope
from tenants.texts import LESSON_BYTES, clean_line, clean_text, render_long

KINDS = ("text", "video", "audio", "file", "embed", "quiz", "assignment", "live", "recording")
FILMED = ("video", "audio", "recording")
LONGEST_SECONDS = 24 * 3600
URL_LENGTH = 2000
DEFAULTS: dict[str, Any] = {
    "body": "", "html": "", "embed_url": None, "file_id": None, "thumbnail_id": None, "duration_seconds": 0,
    "free": False,
}  # fmt: skip
_FIELDS = {"title", "body", "embed_url", "file_id", "thumbnail_id", "duration_seconds", "free"}
_PURPOSES = {
    "video": ("video", "recording"),
    "recording": ("recording", "video"),
    "audio": ("audio",),
    "file": ("attachment",),
}


async def clean(scope: Scope, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were given, checked and tidied, with `html` beside `body`; Invalid at the first wrong one."""
    clean = dict(given)
    if unknown := clean.keys() - _FIELDS:
        raise Invalid.field(f"/{min(unknown)}", "unknown", "A lesson has no such field. Leave it out.")
    if "title" in clean:
        clean["title"] = clean_line(clean["title"], "/title")
    if "body" in clean:
        clean["body"] = clean_text(clean["body"], "/body", most_bytes=LESSON_BYTES)
        clean["html"] = await render_long(clean["body"])
    if clean.get("embed_url") is not None:
        clean["embed_url"] = clean_embed(kind, clean["embed_url"])
    if not 0 <= clean.get("duration_seconds", 0) <= LONGEST_SECONDS:
        raise Invalid.field("/duration_seconds", "range", "A lesson lasts from 0 seconds to 24 hours.")
    await _check_files(scope, kind, clean)
    return clean


def clean_embed(kind: str, url: str) -> str:
    """An https address of a named host."""
    if kind != "embed":
        raise Invalid.field("/embed_url", "kind", "Only a lesson of kind embed shows another site.")
    try:
        parts = urlsplit(clean_line(url, "/embed_url", longest=URL_LENGTH))
        named = parts.hostname is not None and "." in parts.hostname and parts.hostname.rpartition(".")[2].isalpha()
    except ValueError:
        parts, named = urlsplit(""), False
    if parts.scheme != "https" or not named or parts.username is not None or " " in url:
        raise Invalid.field("/embed_url", "url", "Give an address that begins with https:// and names a host.")
    return parts.geturl()


def check_complete(kind: str, lesson: Record | Mapping[str, Any]) -> None:
    """Invalid while a lesson lacks what its kind shows."""
    if kind in _PURPOSES and lesson["file_id"] is None:
        raise Invalid.field("/file_id", "required", f"Upload the {kind} before you publish this lesson.")
    if kind == "embed" and lesson["embed_url"] is None:
        raise Invalid.field("/embed_url", "required", "Say what to embed before you publish this lesson.")
    if kind == "text" and not lesson["body"].strip():
        raise Invalid.field("/body", "required", "Write the text before you publish this lesson.")


async def of_film(scope: Scope, kind: str, lesson: Record | Mapping[str, Any]) -> dict[str, Any]:
    """What its film makes of a lesson: `duration_seconds, thumbnail_id`; nothing before the film was examined."""
    film = await _film(scope, kind, lesson)
    if film is None or film["duration_seconds"] is None:
        return {}
    return {
        "duration_seconds": film["duration_seconds"],
        "thumbnail_id": lesson["thumbnail_id"] or film["thumbnail_id"],
    }


async def without_film(scope: Scope, kind: str, lesson: Record) -> dict[str, Any]:
    """What a lesson loses with its film: the length, and the picture if it was the film's own."""
    film = await _film(scope, kind, lesson)
    own = film is not None and film["thumbnail_id"] == lesson["thumbnail_id"]
    return {"duration_seconds": 0, "thumbnail_id": None if own else lesson["thumbnail_id"]}


async def check_film(scope: Scope, kind: str, lesson: Record | Mapping[str, Any]) -> None:
    """Invalid, in the words of the examination, when the lesson's film will not play."""
    film = await _film(scope, kind, lesson)
    if film is not None and film["fault"] is not None:
        raise Invalid.field("/file_id", "broken_film", f"{film['fault']} Upload another one.")


async def _film(scope: Scope, kind: str, lesson: Record | Mapping[str, Any]) -> Record | None:
    return await files.read(scope, lesson["file_id"]) if kind in FILMED and lesson["file_id"] else None


async def _check_files(scope: Scope, kind: str, given: Mapping[str, Any]) -> None:
    if given.get("file_id") is not None:
        if kind not in _PURPOSES:
            raise Invalid.field("/file_id", "kind", f"A lesson of kind {kind} holds no file.")
        await files.ready(scope, given["file_id"], _PURPOSES[kind], "/file_id")
    if given.get("thumbnail_id") is not None:
        await files.ready(scope, given["thumbnail_id"], ("thumbnail", "cover"), "/thumbnail_id")
