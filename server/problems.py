"""Every answer that says no: refusals as problem+json (RFC 9457) for programs, as a page for people."""

import html
import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiohttp import hdrs, web

from providers import ProviderDown, ProviderRefused
from server.language import words_for_scripts
from server.sender import REQUEST_ID
from tenants.errors import Invalid, NotFound, Refusal, SignInNeeded, TooFast, TooLarge, Unavailable
from tenants.languages import Words

ErrorPage = Callable[[Refusal, web.Request], str]
ERROR_PAGE: web.AppKey[ErrorPage] = web.AppKey("error_page")

PROBLEM_JSON = "application/problem+json"
SPOKEN_TO_PROGRAMS = ("/api/", "/openapi.json", "/livez", "/readyz", "/metrics", "/socket.io/", "/webhooks/")
OWN_MEMBERS = frozenset({"type", "title", "status", "detail", "code", "request_id", "errors"})

log = structlog.get_logger("server.problems")


def answer_error(error: Exception, request: web.Request) -> web.StreamResponse:
    """The answer to whatever a handler raised: a refusal is explained, a redirect passed on, a fault logged and hidden.

    Raises the error again when the answer has already begun or the sender has gone.
    """
    if request.writer.output_size > 0 or isinstance(error, ConnectionResetError):
        raise error
    if isinstance(error, web.HTTPException) and error.status < 400:
        return _pass_on(error)
    return render(refusal_of(error), request)


def _pass_on(redirect: web.HTTPException) -> web.Response:
    """The redirect as a plain response, for aiohttp wants exceptions raised and never returned."""
    response = web.Response(status=redirect.status, headers=redirect.headers, body=redirect.body)
    response.cookies.update(redirect.cookies)
    return response


def refusal_of(error: Exception) -> Refusal:
    """The refusal that `error` amounts to; a fault of ours is logged with its traceback and told as a bare 500."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, web.HTTPException):
        return _refusal_of_http(error)
    if isinstance(error, ProviderRefused):
        return Refusal(error.status, error.code, error.message)
    if isinstance(error, ProviderDown):
        log.warning("a provider did not answer", error=error.message)
        return Unavailable(error.message, "provider_down", error.retry_after or 5)
    if isinstance(error, ConnectionError | TimeoutError):
        log.warning("something we need did not answer", error=repr(error), exc_info=error)
        return Refusal(503, "unavailable", "We cannot do this now. Try again in a few seconds.", retry_after=3)
    log.error("unexpected error", exc_info=error)
    return Refusal(500, "internal", "Something went wrong on our side. Quote the request id when you report it.")


def _refusal_of_http(error: web.HTTPException) -> Refusal:
    match error:
        case web.HTTPNotFound():
            return NotFound()
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return Refusal(405, "method_not_allowed", f"Here you can use: {allowed}.", allow=allowed)
        case web.HTTPRequestEntityTooLarge():
            return TooLarge("That is more than 1 MB, the most we take here.")
        case _:
            title = title_of(error.status)
            return Refusal(error.status, title.lower().replace(" ", "_").replace("-", "_"), f"{title}.")


def render(refusal: Refusal, request: web.Request) -> web.Response:
    """The refusal as a response in the sender's own language: a problem for programs, a page for people."""
    if speaks_json(request):
        words = words_for_scripts(request)
        body = orjson.dumps(problem_of(refusal, request, words), default=str)
        headers = {hdrs.CONTENT_TYPE: PROBLEM_JSON, hdrs.CONTENT_LANGUAGE: words.language}
    else:
        body = request.app[ERROR_PAGE](refusal, request).encode()
        headers = {hdrs.CONTENT_TYPE: "text/html; charset=utf-8"}
    response = web.Response(status=refusal.status, body=body, headers=headers)
    response.headers.update(_headers_of(refusal))
    if refusal.status in {408, 413} or not request.content.is_eof():
        response.force_close()
    return response


def speaks_json(request: web.Request) -> bool:
    """Whether the sender is a program: by the path, or because it accepts JSON and no HTML."""
    if request.path.startswith(SPOKEN_TO_PROGRAMS):
        return True
    accepts = request.headers.get(hdrs.ACCEPT, "")
    return "json" in accepts and "html" not in accepts


def problem_of(refusal: Refusal, request: web.Request, words: Words) -> dict[str, Any]:
    """The problem: type, title, status, detail, code, request_id, for 422 errors, then the refusal's own data.

    What is there for people to read (RFC 9457 section 3.1.4) is said in `words`.
    """
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": title_of(refusal.status),
        "status": refusal.status,
        "detail": words.message(refusal.message),
        "code": refusal.code,
        "request_id": request.get(REQUEST_ID, ""),
    }
    if isinstance(refusal, Invalid):
        problem["errors"] = [
            {"pointer": error.pointer, "code": error.code, "detail": words.message(error.detail)}
            for error in refusal.errors
        ]
    return problem | {name: value for name, value in refusal.data.items() if name not in OWN_MEMBERS}


def _headers_of(refusal: Refusal) -> dict[str, str]:
    headers: dict[str, str] = {hdrs.CACHE_CONTROL: "no-store"}
    if isinstance(refusal, SignInNeeded):
        headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="guildhall"'
    if refusal.status == 405 and "allow" in refusal.data:
        headers[hdrs.ALLOW] = refusal.data["allow"]
    if isinstance(refusal, TooFast) or "retry_after" in refusal.data:
        headers[hdrs.RETRY_AFTER] = str(max(1, math.ceil(refusal.data["retry_after"])))
    return headers


def title_of(status: int) -> str:
    """The words HTTP has for `status`."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Refused"


def render_plain_page(refusal: Refusal, request: web.Request) -> str:
    """An error page that needs no template: what went wrong, in a sentence, and the request id."""
    return plain_page(title_of(refusal.status), refusal.message, request.get(REQUEST_ID, ""))


def plain_page(title: str, sentence: str, request_id: str) -> str:
    """A page of a heading, a sentence, a way on and the request id, in the browser's own dress."""
    title = html.escape(title)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{title}</title><main><h1>{title}</h1><p>{html.escape(sentence)}</p><p><a href="/">All channels</a></p>'
        f"<p><small>{html.escape(request_id)}</small></p></main></html>"
    )
