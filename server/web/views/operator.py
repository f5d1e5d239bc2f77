"""The operator's page of the live wire: every web process, what it carries and how it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One web process; without `answers` nothing else is known.

    `lag` is how long its line to the others takes, in milliseconds (None: Redis does not answer it); `fallback` whether
    its engine runs on the slower path; `answer` how many milliseconds most answers (nine in ten) took at most.
    """

    number: int
    answers: bool = True
    sockets: int = 0
    members: int = 0
    rooms: int = 0
    waiting: int = 0
    lag: float | None = None
    answer: float | None = None
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """Something that was counted since the processes began: in words, and how often."""

    words: str
    count: int


@dataclass(frozen=True, slots=True)
class WireView:
    """The page at `/operator/wire`: `troubles` are sentences, none when all is well."""

    processes: tuple[ProcessRow, ...]
    troubles: tuple[str, ...]
    tallies: tuple[Tally, ...]
