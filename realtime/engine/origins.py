"""Cross-origin rules: which pages may connect, and what their browsers are told."""

from collections.abc import Mapping
from typing import Any


def allowed(rule: Any, environ: Mapping[str, Any]) -> bool:
    """Whether the origin of a request keeps to `cors_allowed_origins`: None for the same origin only, `*`, [] for no
    check, one, several, or a function of (origin, environ) or of (origin).
    """
    origin = environ.get("HTTP_ORIGIN")
    if rule == [] or origin is None:
        return True
    if rule is None:
        return origin in _own(environ)
    if callable(rule):
        return _asked(rule, origin, environ)
    rules = [rule] if isinstance(rule, str) else rule
    return "*" in rules or origin in rules


def headers(rule: Any, credentials: bool, environ: Mapping[str, Any]) -> dict[str, str]:
    """The response headers of CORS; none where the check is off."""
    if rule == []:
        return {}
    found: dict[str, str] = {}
    if "HTTP_ORIGIN" in environ and allowed(rule, environ):
        found["Access-Control-Allow-Origin"] = environ["HTTP_ORIGIN"]
    if environ["REQUEST_METHOD"] == "OPTIONS":
        found["Access-Control-Allow-Methods"] = "OPTIONS, GET, POST"
    if wanted := environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"):
        found["Access-Control-Allow-Headers"] = wanted
    if credentials:
        found["Access-Control-Allow-Credentials"] = "true"
    return found


def _own(environ: Mapping[str, Any]) -> set[str]:
    scheme, host = environ["wsgi.url_scheme"], environ.get("HTTP_HOST", "")
    origins = {f"{scheme}://{host}"}
    if "HTTP_X_FORWARDED_PROTO" in environ or "HTTP_X_FORWARDED_HOST" in environ:
        scheme = environ.get("HTTP_X_FORWARDED_PROTO", scheme).split(",")[0].strip()
        host = environ.get("HTTP_X_FORWARDED_HOST", host).split(",")[0].strip()
        origins.add(f"{scheme}://{host}")
    return origins


def _asked(rule: Any, origin: str, environ: Mapping[str, Any]) -> bool:
    try:
        return bool(rule(origin, environ))
    except TypeError:
        return bool(rule(origin))
