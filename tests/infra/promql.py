"""Which metrics and labels a PromQL expression names: as much of its grammar as our rules and panels use."""

import re
from collections.abc import Iterator

WORDS = {
    "sum", "max", "min", "avg", "count", "topk", "rate", "increase", "changes", "delta", "min_over_time",
    "max_over_time", "histogram_quantile", "by", "without", "and", "or", "unless", "on", "ignoring", "offset", "absent",
    "vector", "time", "le",
}  # fmt: skip
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?")
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
MATCHER = re.compile(r'([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*""')
RANGE = re.compile(r"\[[^\]]*\]")
OFFSET = re.compile(r"\boffset\s+\d+[smhd]")


def selectors(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric that is read, with the labels it is chosen by."""
    plain = OFFSET.sub("", GROUPING.sub("", RANGE.sub("", STRING.sub('""', expression))))
    for name, matchers in SELECTOR.findall(plain):
        if name not in WORDS:
            yield name, set(MATCHER.findall(matchers))


def grouped(expression: str) -> set[str]:
    """The labels that are kept in results."""
    found = GROUPING.findall(STRING.sub('""', expression))
    return {label.strip() for group in found for label in group.split(",") if label.strip()}
