"""Reading what was sent: bounded in size and time, checked for what no field may hold, shown as a validated model."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from tenants import field_words
from tenants.errors import FieldError, Invalid, Refusal, TooLarge

JSON_LIMIT = 1024 * 1024
BODY_SECONDS = 30.0
MOST_ERRORS = 20
MOST_FORM_FIELDS = 200

LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
ESCAPED_NUL = b"\\u0000"


class Given(BaseModel):
    """What a client gives: exact types, no unknown fields, no NaN; the parent of all path, query and body models."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)


Model = TypeVar("Model", bound=BaseModel)


async def read_body(request: web.Request, limit: int = JSON_LIMIT, seconds: float = BODY_SECONDS) -> bytes:
    """The whole body, at most `limit` bytes, sent within `seconds`.

    Raises Refusal 413 as soon as more is announced or arrives, 408 when it takes too long, 415 for a compressed one.
    """
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise Refusal(415, "unsupported_encoding", "Send the body without Content-Encoding.")
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    try:
        if request.content.is_eof():
            return await _collect(request, limit)
        async with asyncio.timeout(seconds):
            return await _collect(request, limit)
    except TimeoutError:
        raise Refusal(408, "too_slow", f"The body did not arrive within {seconds:g} seconds. Send it again.") from None
    except web.RequestPayloadError:
        raise Refusal(400, "broken_body", "The body broke off, or is not framed as HTTP says. Send it again.") from None


async def _collect(request: web.Request, limit: int) -> bytes:
    chunks, size = [], 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> TooLarge:
    size = f"{limit // 1024 // 1024} MB" if limit >= 1024 * 1024 else f"{limit // 1024} KB"
    return TooLarge(f"That is more than {size}, the most we take here.")


def require_json(request: web.Request) -> None:
    """Refuse with 415 a body that does not call itself JSON in UTF-8."""
    kind = request.content_type
    if kind != "application/json" and not kind.endswith("+json"):
        raise Refusal(415, "unsupported_media_type", "Send the body as application/json.")
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise Refusal(415, "unsupported_media_type", "Send the body in UTF-8.")


def parse_json(model: type[Model], body: bytes) -> Model:
    """`body` as `model`; Refusal 400 when it is no JSON, Invalid with a pointer for each wrong field."""
    try:
        parsed = model.model_validate_json(body)
    except ValidationError as error:
        raise _refusal_of_json(error, body) from None
    # JSON can only say NUL by this escape, so the walk is left out for nearly every body.
    if ESCAPED_NUL in body and (found := [*islice(_nuls(orjson.loads(body)), MOST_ERRORS)]):
        raise Invalid.fields(found)
    return parsed


def _refusal_of_json(error: ValidationError, body: bytes) -> Refusal:
    syntax = _syntax_fault(error)
    if syntax is None:
        return Invalid.fields(field_errors(error))
    if "recursion limit" in syntax:
        return Invalid.field("", "too_deep", "This is nested too deeply. Send it flatter.")
    if ("surrogate" in syntax or "hex escape" in syntax) and LONE_SURROGATE.search(body):
        return Invalid.field("", "surrogate", "A text holds half a character (a lone surrogate). Send whole ones.")
    return Refusal(400, "malformed_json", f"This is not JSON: {syntax.removeprefix('Invalid JSON: ')}.")


def _syntax_fault(error: ValidationError) -> str | None:
    """What the JSON parser says, or None when the text is JSON and only its content is wrong."""
    if error.error_count() != 1:
        return None
    only = _details(error)[0]
    return only["msg"] if only["type"] == "json_invalid" and not only["loc"] else None


def parse_texts(model: type[Model], given: Mapping[str, Any], where: str) -> Model:
    """Texts of a path, query or form as `model`; Invalid points below `where` (such as `/query`).

    NUL is no matter here: requests with one in path or query come no further than the middleware.
    """
    try:
        return model.model_validate_strings(dict(given))
    except ValidationError as error:
        raise Invalid.fields(field_errors(error, where)) from None


def parse_query(model: type[Model], request: web.Request) -> Model:
    """The query as `model`; a name given twice is refused, for nobody could say which one was meant."""
    query = request.query
    if len(query) != len(set(query)):
        twice = next(name for name in query if len(query.getall(name)) > 1)
        raise Invalid.field(_pointer(("query", twice)), "repeated", "Give this once.")
    return parse_texts(model, query, "/query")


async def read_form(request: web.Request, model: type[Model]) -> Model:
    """An urlencoded form of at most 1 MB as `model`; of a repeated field the last one counts."""
    fields = await read_fields(request)
    if found := [*islice(_nuls(fields), MOST_ERRORS)]:
        raise Invalid.fields(found)
    return parse_texts(model, fields, "")


async def read_fields(request: web.Request) -> dict[str, str]:
    """The fields of an urlencoded form of at most 1 MB; of a repeated one the last counts."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refusal(415, "unsupported_media_type", "Send the form as application/x-www-form-urlencoded.")
    body = await read_body(request)
    try:
        fields = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FORM_FIELDS
        )
    except ValueError:
        raise Refusal(400, "malformed_form", "This form is not readable. Reload the page and send it again.") from None
    return dict(fields)


def field_errors(error: ValidationError, where: str = "") -> list[FieldError]:
    """What pydantic found, as at most 20 field errors in our words, with nothing of what was sent but the names."""
    return [
        FieldError(where + _pointer(each["loc"]), _CODES.get(each["type"], each["type"]), _sentence(each))
        for each in _details(error)[:MOST_ERRORS]
    ]


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_input=False)


_CODES = {"missing": "required", "extra_forbidden": "unknown"}


def _sentence(detail: ErrorDetails) -> str:
    return field_words.sentence(detail["type"], detail["msg"], detail.get("ctx", {}))


def _pointer(path: tuple[str | int, ...]) -> str:
    """A JSON pointer (RFC 6901); names are cut at 100 characters, for a client may invent long ones."""
    return "".join("/" + str(step)[:100].replace("~", "~0").replace("/", "~1") for step in path)


def _nuls(value: Any) -> Iterator[FieldError]:
    waiting = [("", value)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, str):
            if "\0" in value:
                yield FieldError(pointer, "nul", "A text may not hold the NUL character.")
        elif isinstance(value, Mapping):
            waiting += [(pointer + _pointer((name.replace("\0", "?"),)), inner) for name, inner in value.items()]
            waiting += [(pointer, name) for name in value]
        elif isinstance(value, list):
            waiting += [(f"{pointer}/{index}", inner) for index, inner in enumerate(value)]
