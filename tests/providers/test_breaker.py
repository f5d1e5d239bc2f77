"""A breaker opens after a run of failures or slow calls, spares the provider, and lets one call decide."""

import pytest

from providers import ProviderDown, ProviderRefused
from providers.breaker import Breaker, known


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("The relay", failures=3, slow=5, rest=60, clock=clock)


def fail(breaker: Breaker, error: Exception | None = None) -> None:
    with pytest.raises(type(error) if error else ProviderDown), breaker.call():
        raise error or ProviderDown("no")


def succeed(breaker: Breaker) -> None:
    with breaker.call():
        pass


def test_three_failures_in_a_row_open_it(breaker: Breaker) -> None:
    fail(breaker)
    fail(breaker, TimeoutError())
    assert breaker.state == "closed"
    fail(breaker, ConnectionResetError())
    assert breaker.state == "open"
    with pytest.raises(ProviderDown, match="The relay") as refused, breaker.call():
        pytest.fail("the provider was asked")
    assert refused.value.retry_after == 60
    assert breaker.calls == {"down": 3, "spared": 1}


def test_a_success_between_failures_begins_the_count_anew(breaker: Breaker) -> None:
    for _ in range(4):
        fail(breaker)
        fail(breaker)
        succeed(breaker)
    assert breaker.state == "closed"


def test_a_refusal_is_an_answer(breaker: Breaker) -> None:
    for _ in range(5):
        fail(breaker, ProviderRefused("never"))
    assert breaker.state == "closed"


def test_slow_calls_count_as_failures(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        with breaker.call():
            clock.now += 6
    assert breaker.state == "open"


def test_one_call_decides_after_the_rest(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now += 61
    with breaker.call():
        assert breaker.state == "trying"
        with pytest.raises(ProviderDown), breaker.call():
            pytest.fail("a second call was made")
    assert breaker.state == "closed"


def test_a_failed_try_opens_it_anew(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now += 61
    fail(breaker)
    assert breaker.state == "open"
    clock.now += 59
    with pytest.raises(ProviderDown), breaker.call():
        pytest.fail("the provider was asked too soon")


def test_a_try_that_was_given_up_decides_nothing(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now += 61
    fail(breaker, KeyError("a fault of ours"))
    succeed(breaker)
    assert breaker.state == "closed"


def test_every_breaker_is_known(breaker: Breaker) -> None:
    assert breaker in known()
