"""What a run of the contracts found, by port, test and adapter; it is a plugin of pytest."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.contracts.ports import PORTS, Port

MARKS = {"passed": "✓", "failed": "✗", "skipped": "s", "collected": "·"}
Cell = tuple[str, str]


@dataclass(eq=False)  # pytest keeps its plugins in sets
class Table:
    """Outcomes by port, then by test and adapter; a test with several cases has one outcome, the worst."""

    cells: dict[str, dict[Cell, list[str]]] = field(default_factory=lambda: {name: {} for name in PORTS})
    places: dict[str, tuple[str, Cell]] = field(default_factory=dict)
    reasons: dict[tuple[str, Cell], str] = field(default_factory=dict)

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        """Note what belongs to which adapter."""
        for item in items:
            if (found := _place(item)) is not None:
                port, cell = found
                self.places[item.nodeid] = found
                self.cells[port].setdefault(cell, [])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what came of it."""
        if report.nodeid not in self.places or (report.when != "call" and report.outcome == "passed"):
            return
        port, cell = self.places[report.nodeid]
        self.cells[port][cell].append(report.outcome)
        if report.skipped and isinstance(report.longrepr, tuple):
            self.reasons[port, cell] = report.longrepr[2].removeprefix("Skipped: ")

    def outcome(self, port: str, cell: Cell) -> str:
        """The worst of a cell: failed, skipped, passed, only collected, or nothing when there is no such test."""
        found = self.cells[port].get(cell)
        if found is None:
            return ""
        return next((word for word in ("failed", "skipped", "passed") if word in found), "collected")

    def tests(self, port: str) -> list[str]:
        """The tests of a contract, in their order."""
        return list(dict.fromkeys(test for test, _ in self.cells[port]))

    def lines(self) -> Iterator[str]:
        """The whole as text."""
        for name, port in PORTS.items():
            if tests := self.tests(name):
                yield from self._of_port(name, port, tests)

    def _of_port(self, name: str, port: Port, tests: list[str]) -> Iterator[str]:
        head = "".join(f"{adapter:>17}" for adapter in port.adapters)
        yield f"{name + ' (' + port.path + ')':<86}{head}"
        for test in tests:
            marks = (MARKS.get(self.outcome(name, (test, adapter)), "-") for adapter in port.adapters)
            yield f"  {test.removeprefix('test_').replace('_', ' '):<84}" + "".join(f"{mark:>17}" for mark in marks)
        yield from self.notes(name)
        yield ""

    def notes(self, name: str) -> Iterator[str]:
        """A line for each cell that did not pass, with its reason; `WITHOUT A REASON` where none is known."""
        port = PORTS[name]
        for adapter in port.adapters:
            missing = [test for test in self.tests(name) if not self.outcome(name, (test, adapter))]
            if missing:
                yield f"  - {adapter}, {len(missing)} tests: {port.apart.get(adapter, 'WITHOUT A REASON')}"
            for test in self.tests(name):
                if self.outcome(name, (test, adapter)) == "skipped":
                    why = self.reasons.get((name, (test, adapter)), "WITHOUT A REASON")
                    yield f"  s {adapter}, {test.removeprefix('test_').replace('_', ' ')}: {why}"


def _place(item: pytest.Function) -> tuple[str, Cell] | None:
    path = item.nodeid.partition("::")[0]
    name = next((name for name, port in PORTS.items() if port.path == path), None)
    if name is None or not hasattr(item, "callspec"):
        return None
    adapter = next((item.callspec.params[by] for by in PORTS[name].named_by if by in item.callspec.params), None)
    return None if adapter is None else (name, (item.originalname, str(adapter)))
