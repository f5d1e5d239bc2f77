"""`python -m tests.faults --seed 7 --rounds 10`: a line for each round and a total; exit 1 when anything went wrong."""

import argparse
import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.faults.house import housed
from tests.faults.reckoning import Count
from tests.faults.run import Round, Size, play

MOST_WORDS = 40
HEAD = (
    f"{'seed':>6}  {'fault':<28}{'acknowledged':>13}{'lost':>6}{'doubled':>9}{'out of order':>14}{'stale':>7}"
    f"{'stuck':>7}{'seconds':>9}"
)


def main() -> int:
    """Play the seeds that were asked for, one after the other, in one house."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", default="1", help="a seed, or the first and last of several: 1-100")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of each seed")
    parser.add_argument("--members", type=int, default=Size.members, help="clients")
    parser.add_argument("--pace", type=float, default=Size.pace, help="deeds a second")
    given = parser.parse_args()
    first, _, last = given.seed.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        done = asyncio.run(play_all(Path(folder), seeds, given.rounds, Size(given.members, given.pace)))
    total = Count()
    for each in done:
        total += each.count
    acknowledged = sum(each.acknowledged for each in done)
    print(line("total", Round(f"{len(seeds)} seeds", acknowledged, total, sum(each.seconds for each in done), [])))
    return 0 if total.clean else 1


async def play_all(home: Path, seeds: range, rounds: int, size: Size) -> list[Round]:
    """Every seed's rounds."""
    done = []
    async with housed(home) as house:
        for seed in seeds:
            done += await play(house, seed, rounds, size, partial(tell, seed))
    return done


def tell(seed: int, each: Round) -> None:
    """Print a round, and what was wrong in it."""
    print("\n".join([line(seed, each), *each.wrong[:MOST_WORDS]]), flush=True)


def line(seed: int | str, each: Round) -> str:
    """One round in one line."""
    count = each.count
    return (
        f"{seed:>6}  {each.fault:<28}{each.acknowledged:>13}{count.lost:>6}{count.doubled:>9}{count.misplaced:>14}"
        f"{count.stale:>7}{count.stuck:>7}{each.seconds:>8.1f}s"
    )


if __name__ == "__main__":
    sys.exit(main())
