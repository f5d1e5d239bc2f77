"""The verdict of a drill: what each row and the end say when something went wrong."""

from dataclasses import replace

import pytest

from cli.drill.client import Tally
from cli.drill.command import breakers_of, conclude, line_of, memory_of
from cli.drill.run import GROWTH_MB, Report, Row
from cli.stop import Stop

ROW = Row("relay stopped", Tally(), "ready", 3, 1.5, ["mail"], 0, 0, 810, [])


def report(**changes: object) -> Report:
    """A clean one, with changes."""
    made = Report([ROW], {"messages": (9, 0, 0)}, before={"web": 100, "default": 90}, after={"web": 110, "default": 91})
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_clean_drill_says_which_breakers_opened_and_that_memory_is_flat() -> None:
    conclude(report())
    assert breakers_of(report()) == "breakers that opened: mail (all are closed again)"
    assert memory_of(report()) == f"memory in MB: web 100 → 110, default 90 → 91 (none grew by more than {GROWTH_MB})"


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": [replace(ROW, lost=1, amiss=["messages"])]},
        {"rows": [replace(ROW, doubled=1, amiss=["purchases"])]},
        {"alone": ["Stripe"]},
        {"failed": ["SendMail: no"]},
        {"work": {"messages": (9, 1, 0)}},
        {"work": {"messages": (0, 0, 0)}},
        {"after": {"web": 101 + GROWTH_MB, "default": 90}},
    ],
)
def test_what_is_lost_doubled_given_up_left_open_or_grown_stops_it(changes: dict[str, object]) -> None:
    with pytest.raises(Stop):
        conclude(report(**changes))


def test_the_words_name_what_went_wrong() -> None:
    assert line_of(replace(ROW, lost=1, amiss=["messages"])).endswith("ready (left alone: mail) (amiss: messages)")
    assert breakers_of(report(alone=["Stripe"])).endswith("(STILL OPEN: Stripe)")
    assert memory_of(report(after={"web": 101 + GROWTH_MB})).endswith("(GREW: web)")
