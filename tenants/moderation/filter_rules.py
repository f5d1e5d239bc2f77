"""Rules of filters as people give them, checked and tidied: what each kind needs, and how far it may go."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tenants.community.catching import clean_domain
from tenants.community.filters import ACTIONS, KINDS
from tenants.errors import Invalid
from tenants.texts import clean_line

MOST_WORDS, MOST_DOMAINS, LONGEST_WORD = 200, 200, 80
MODES = ("allow", "deny", "new")
RANGES = {
    "days": (0, 365), "messages": (0, 1000), "per_hour": (0, 1000), "links": (0, 50), "times": (2, 50),
    "minutes": (1, 1440), "exempt_days": (0, 3650),
}  # fmt: skip
Given = Mapping[str, Any]


def clean(given: Given) -> dict[str, Any]:
    """A filter's `name, kind, rule, action, enabled, exempt_days, exempt_enrolled`; Invalid at the first wrong one."""
    if given["kind"] not in KINDS:
        raise Invalid.field("/kind", "unknown_kind", f"A filter is one of: {', '.join(KINDS)}.")
    if given["action"] not in ACTIONS:
        raise Invalid.field("/action", "unknown_action", f"A filter does one of: {', '.join(ACTIONS)}.")
    return {
        "name": clean_line(given["name"], "/name", longest=60),
        "kind": given["kind"],
        "rule": _clean_rule(given["kind"], given["rule"]),
        "action": given["action"],
        "enabled": bool(given.get("enabled", False)),
        "exempt_days": _optional(given, "exempt_days", ""),
        "exempt_enrolled": bool(given.get("exempt_enrolled", False)),
    }


def _clean_rule(kind: str, rule: Given) -> dict[str, Any]:
    needs, make = _RULES[kind]
    if unknown := [name for name, value in rule.items() if value is not None and name not in needs]:
        detail = f"A filter of {kind} takes {', '.join(needs)}."
        raise Invalid.field(f"/rule/{min(unknown)[:40]}", "unknown", detail)
    return make(rule)


def _words(rule: Given) -> dict[str, Any]:
    written = _listed(rule, "words", MOST_WORDS)
    words = [clean_line(each, "/rule/words", longest=LONGEST_WORD) for each in written]
    return {"words": list(dict.fromkeys(words))}


def _links(rule: Given) -> dict[str, Any]:
    mode = rule.get("mode")
    if mode not in MODES:
        raise Invalid.field("/rule/mode", "unknown_mode", f"A filter of links is one of: {', '.join(MODES)}.")
    written = _listed(rule, "domains", MOST_DOMAINS, fewest=1 if mode == "deny" else 0)
    domains = [clean_domain(each) for each in written]
    if None in domains:
        wrong = written[domains.index(None)][:60]
        raise Invalid.field("/rule/domains", "domain", f"“{wrong}” is no domain. Write them as in example.org.")
    found: dict[str, Any] = {"mode": mode, "domains": list(dict.fromkeys(domains))}
    return found | (_new(rule) if mode == "new" else {})


def _newcomers(rule: Given) -> dict[str, Any]:
    found = _new(rule) | {"per_hour": _number(rule, "per_hour")}
    links = _optional(rule, "links")
    return found if links is None else found | {"links": links}


def _repeats(rule: Given) -> dict[str, Any]:
    return {"times": _number(rule, "times"), "minutes": _number(rule, "minutes")}


def _new(rule: Given) -> dict[str, Any]:
    """Who is new: by days of membership, or by number of messages, or both."""
    found = {name: _optional(rule, name) or 0 for name in ("days", "messages")}
    if not any(found.values()):
        raise Invalid.field("/rule/days", "missing", "Say for how many days, or messages, somebody is new.")
    return found


def _listed(rule: Given, name: str, most: int, fewest: int = 1) -> Sequence[str]:
    given: Sequence[str] = rule.get(name) or ()
    if not fewest <= len(given) <= most:
        raise Invalid.field(f"/rule/{name}", "number", f"Give {fewest} to {most} of them.")
    return given


def _number(rule: Given, name: str) -> int:
    found = _optional(rule, name)
    if found is None:
        raise Invalid.field(f"/rule/{name}", "missing", "Give a number here.")
    return found


def _optional(given: Given, name: str, within: str = "/rule") -> int | None:
    value, (least, most) = given.get(name), RANGES[name]
    if value is not None and not least <= value <= most:
        raise Invalid.field(f"{within}/{name}", "range", f"Give a number from {least} to {most}.")
    return value


_RULES: dict[str, tuple[tuple[str, ...], Callable[[Given], dict[str, Any]]]] = {
    "words": (("words",), _words),
    "links": (("mode", "domains", "days", "messages"), _links),
    "newcomers": (("days", "messages", "per_hour", "links"), _newcomers),
    "repeats": (("times", "minutes"), _repeats),
}
