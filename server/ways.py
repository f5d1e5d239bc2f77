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
SAMPLE = "x"


class Way(NamedTuple):
    """Where a path leads: the route, what answers it after all middlewares, and the named parts of the path."""

    route: web.AbstractRoute
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    parts: dict[str, str]


@dataclass(slots=True)
class _Place:
    """What the map knows of the paths with one beginning; `rivals` are patterns the router would try before."""

    fixed: dict[str, "_Place"] = field(default_factory=dict)
    named: "_Place | None" = None
    names: tuple[str, ...] = ()
    routes: dict[str, tuple[web.AbstractRoute, Handler]] = field(default_factory=dict)
    rivals: tuple[re.Pattern[str], ...] = ()


class Ways:
    """Every route of an application whose path is made of words and whole `{names}`; for others ask the router.

    It answers as the router would or not at all: a path that an earlier route with a pattern of its own also takes is
    left to the router.
    """

    def __init__(self, app: web.Application) -> None:
        self.app = app
        self._root = _Place()
        earlier: list[web.DynamicResource] = []
        for resource in app.router.resources():
            if isinstance(resource, web.PlainResource) and not resource.canonical.startswith(RULED_ELSEWHERE):
                self._add(resource, ())
            elif isinstance(resource, web.DynamicResource):
                if _is_regular(resource):
                    self._add(resource, earlier)
                earlier.append(resource)

    def find(self, method: str, path: str) -> Way | None:
        """The way of a path as it was sent, without its query; None when the router has to be asked."""
        if not PLAIN.fullmatch(path):
            return None
        place, values = self._root, []
        for segment in path[1:].split("/"):
            if (known := place.fixed.get(segment)) is not None:
                place = known
            elif place.named is not None and segment:
                place = place.named
                values.append(segment)
            else:
                return None
        found = place.routes.get(method)
        if found is None or any(rival.fullmatch(path) for rival in place.rivals):
            return None
        return Way(*found, dict(zip(place.names, values, strict=True)))

    def _add(self, resource: web.Resource, earlier: Sequence[web.DynamicResource]) -> None:
        path, place, names = resource.canonical, self._root, []
        for segment in path[1:].split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                place.named = place = place.named or _Place()
            else:
                place = place.fixed.setdefault(segment, _Place())
        if place.names not in ((), tuple(names)):
            return
        place.names = tuple(names)
        place.rivals += tuple(_pattern(each) for each in earlier if not _is_regular(each))
        sample = re.sub(r"\{\w+\}", SAMPLE, path)
        taken = {route.method for each in earlier if _pattern(each).fullmatch(sample) for route in each}
        for route in resource:
            if route.method not in taken:
                place.routes.setdefault(route.method, (route, self._whole(route.handler)))

    def _whole(self, handler: Handler) -> Handler:
        for middleware in reversed(self.app.middlewares):
            handler = functools.partial(middleware, handler=handler)
        return handler


def _pattern(resource: web.DynamicResource) -> re.Pattern[str]:
    return resource.get_info()["pattern"]


def _is_regular(resource: web.DynamicResource) -> bool:
    """Whether each part of the path is a word, or a name that stands for anything at all."""
    parts = resource.canonical.split("/")
    if any("{" in part and not re.fullmatch(r"\{\w+\}", part) for part in parts):
        return False
    anything = (rf"(?P<{part[1:-1]}>{web.DynamicResource.GOOD})" if "{" in part else re.escape(part) for part in parts)
    return _pattern(resource).pattern == "/".join(anything)
