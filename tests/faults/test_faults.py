"""One short seed of the drill of the live wire; `make faults` plays the long ones."""

import tempfile
from pathlib import Path

from tests.faults.house import housed
from tests.faults.run import Round, Size, play

# Its rounds kill all connections to Redis, and a web process.
SEED, ROUNDS = 58, 2
FEW = Size(members=30, pace=20)


async def test_every_member_sees_what_the_database_holds_after_each_fault() -> None:
    rounds: list[Round] = []
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        async with housed(Path(folder)) as house:
            await play(house, SEED, ROUNDS, FEW, rounds.append)
    assert [each.wrong for each in rounds] == [[]] * ROUNDS
    assert all(each.count.clean and each.acknowledged for each in rounds)
    assert len({each.fault for each in rounds}) == ROUNDS
