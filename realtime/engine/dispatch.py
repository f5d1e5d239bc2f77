"""Which handler an event goes to, in python-socketio's order: its own, the namespace's `*`, the `*` namespace's."""

import inspect
from collections.abc import Callable
from typing import Any

from realtime.engine.handlers import fits

RESERVED = {"connect", "disconnect"}
UNHANDLED = object()
Found = tuple[Callable[..., Any], tuple[Any, ...]]


def find(server: Any, event: str, namespace: str) -> Found | None:
    """The function for an event and what it is given before the event's own arguments."""
    if event != "*" and (own := server.handlers.get(namespace)) is not None and event in own:
        return own[event], ()
    for place, before in ((namespace, ()), ("*", (namespace,))):
        handlers = server.handlers.get(place, {})
        if event in handlers and event != "*":
            return handlers[event], before
        if "*" in handlers and event not in RESERVED:
            return handlers["*"], (event, *before)
    return None


async def trigger(server: Any, event: str, namespace: str, *given: Any) -> Any:
    """What the handler of an event returns, or UNHANDLED; older handlers of `connect` and `disconnect` get one less."""
    if found := find(server, event, namespace):
        handler, before = found
        arguments = (*before, *given)
        if event in RESERVED and not fits(handler, len(arguments)):
            arguments = arguments[:-1]
        result = handler(*arguments)
        return await result if inspect.isawaitable(result) else result
    for place, before in ((namespace, ()), ("*", (namespace,))):
        if whole := server.namespace_handlers.get(place):
            arguments = (*before, *given)
            method = getattr(whole, f"on_{event}", None)
            if event in RESERVED and method is not None and not fits(method, len(arguments)):
                arguments = arguments[:-1]
            result = await whole.trigger_event(event, *arguments)
            return UNHANDLED if result is server.not_handled else result
    return UNHANDLED
