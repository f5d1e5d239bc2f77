"""The garbage collector of a process of many sockets: it looks at what is new, and at all when many have gone."""

import gc
from collections.abc import Iterator

import pytest

from server.collector import STEP, Calm


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_stands_is_left_out_when_many_have_come_and_looked_at_again_when_half_have_gone() -> None:
    standing: list[list[object]] = [[each] for each in range(STEP)]
    calm = Calm(lambda: len(standing))
    calm.look()
    assert not any(each is standing[0] for each in gc.get_objects())
    standing.append(["new"])
    calm.look()
    assert any(each is standing[-1] for each in gc.get_objects())

    garbage = standing[1]
    garbage.append(garbage)
    del garbage, standing[STEP // 2 :], standing[1]
    left_out = gc.get_freeze_count()
    calm.look()
    assert gc.get_freeze_count() < left_out
