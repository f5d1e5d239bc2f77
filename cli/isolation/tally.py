"""What the proofs tried and what they found: counts by kind, and every leak in a sentence."""

from collections import Counter
from dataclasses import dataclass, field

MOST_SHOWN = 40


@dataclass(slots=True)
class Tally:
    """Attempts of one proof by kind, what came of them, and what was found."""

    name: str
    tried: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def attempts(self) -> int:
        """How many attempts there were in all."""
        return self.tried.total()

    def leak(self, sentence: str) -> None:
        """Remember a leak, once."""
        if sentence not in self.found:
            self.found.append(sentence)

    def lines(self) -> list[str]:
        """The proof in words: what was tried, then what was found."""
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.tried.items()))
        answers = ", ".join(f"{answer} {count:,}" for answer, count in self.outcomes.most_common(12))
        notes = [*([f"answers: {answers}"] if answers else []), *self.notes]
        verdict = f"{len(self.found)} found" if self.found else "nothing found"
        more = [f"  and {len(self.found) - MOST_SHOWN} more"] if len(self.found) > MOST_SHOWN else []
        shown = [f"  {sentence}" for sentence in (*notes, *self.found[:MOST_SHOWN])]
        return [f"{self.name}: {self.attempts:,} tried ({kinds}), {verdict}", *shown, *more]
