"""The map of routes for a look-up in one walk: what aiohttp's router finds by trying what begins alike one by one."""

import functools
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler

from server.csrf import RULED_ELSEWHERE

# Escapes, braces and letters beyond ASCII have rules of their own in the router.
PLAIN = re.compile(r"/[!\"$&-z|~]*")


class Way(NamedTuple):
    """Where a path leads: the route, what answers it after all middlewares, and the named parts of the path."""

    route: web.AbstractRoute
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    parts: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Known:
    """A route at the end of its path; `rivals` are the patterns of those that the router would try before it."""

    route: web.AbstractRoute
    answer: Handler
    names: tuple[str, ...]
    rivals: tuple[re.Pattern[str], ...]


@dataclass(slots=True)
class _Place:
    """What the map knows of the paths with one beginning."""

    fixed: dict[str, "_Place"] = field(default_factory=dict)
    named: "_Place | None" = None
    routes: dict[str, _Known] = field(default_factory=dict)


class Ways:
    """Every route of an application whose path is made of words and whole `{names}`; for others ask the router.

    It answers as the router would or not at all: a path that another route may take before is left to the router.
    """

    def __init__(self, app: web.Application) -> None:
        self.app = app
        self._root = _Place()
        # The router tries the longer of two fixed beginnings first, then in the order in which routes were added.
        resources = [each for each in app.router.resources() if not each.canonical.startswith(RULED_ELSEWHERE)]
        shapes = sorted(map(_shape, resources), key=lambda each: -len(each.beginning))
        for place, shape in enumerate(shapes):
            if shape.plain or shape.regular:
                self._add(shape.resource, [each.resource for each in shapes[:place] if _may_meet(each, shape)])

    def find(self, method: str, path: str) -> Way | None:
        """The way of a path as it was sent, without its query; None when the router has to be asked."""
        if not PLAIN.fullmatch(path):
            return None
        place, values = self._root, []
        for segment in path[1:].split("/"):
            if (fixed := place.fixed.get(segment)) is not None:
                place = fixed
            elif place.named is not None and segment:
                place = place.named
                values.append(segment)
            else:
                return None
        known = place.routes.get(method)
        if known is None or any(rival.fullmatch(path) for rival in known.rivals):
            return None
        return Way(known.route, known.answer, dict(zip(known.names, values, strict=True)))

    def _add(self, resource: web.AbstractResource, before: Sequence[web.AbstractResource]) -> None:
        place, names = self._root, []
        for segment in resource.canonical[1:].split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                place.named = place = place.named or _Place()
            else:
                place = place.fixed.setdefault(segment, _Place())
        for route in resource:
            rivals = tuple(_pattern(each) for each in before if any(rival.method == route.method for rival in each))
            known = _Known(route, self._whole(route.handler), tuple(names), rivals)
            place.routes.setdefault(route.method, known)

    def _whole(self, handler: Handler) -> Handler:
        for middleware in reversed(self.app.middlewares):
            handler = functools.partial(middleware, handler=handler)
        return handler


@dataclass(frozen=True, slots=True)
class _Shape:
    """What can be told of a resource's paths: whole words alone (`plain`), or words and whole names (`regular`)."""

    resource: web.AbstractResource
    beginning: str
    parts: list[str]
    plain: bool
    regular: bool


def _shape(resource: web.AbstractResource) -> _Shape:
    plain, parts = isinstance(resource, web.PlainResource), resource.canonical.split("/")
    return _Shape(resource, _beginning(resource), parts, plain, _is_regular(resource))


def _beginning(resource: web.AbstractResource) -> str:
    """The whole words that a path begins with."""
    fixed, brace, _ = resource.canonical.partition("{")
    return fixed.rpartition("/")[0] if brace else fixed.rstrip("/")


def _pattern(resource: web.AbstractResource) -> re.Pattern[str]:
    info = resource.get_info()
    return info["pattern"] if "pattern" in info else re.compile(re.escape(resource.canonical) + "(/.*)?")


def _is_regular(resource: web.AbstractResource) -> bool:
    """Whether each part of the path is a word, or a name that stands for anything at all."""
    parts = resource.canonical.split("/")
    if not isinstance(resource, web.DynamicResource):
        return False
    if any("{" in part and not re.fullmatch(r"\{\w+\}", part) for part in parts):
        return False
    anything = (rf"(?P<{part[1:-1]}>{web.DynamicResource.GOOD})" if "{" in part else re.escape(part) for part in parts)
    return _pattern(resource).pattern == "/".join(anything)


def _may_meet(rival: _Shape, shape: _Shape) -> bool:
    """Whether there may be paths that both take."""
    if shape.plain or rival.plain:
        return False  # the router tries whole words first, and so does the map
    if not rival.regular:
        return rival.beginning.startswith(shape.beginning) or shape.beginning.startswith(rival.beginning)
    if len(rival.parts) != len(shape.parts):
        return False
    return all(a == b or "{" in a + b for a, b in zip(rival.parts, shape.parts, strict=True))
