"""The shapes of polls over the API: as one is given with a message, and as its message shows it."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from server.bodies import Given
from tenants.community import polls
from tenants.community.polls import Asked

OptionText = Annotated[str, Field(max_length=1000, examples=["Tuesday evening"])]


class NewPoll(Given):
    """A poll that a message carries, whose body is the question: 2 to 10 options, each of 1 to 200 characters.

    One votes for one of them, or for `several`. In an `anonymous` one nobody is ever told who chose what. It ends by
    itself at `ends_at`, at most 30 days ahead.
    """

    options: Annotated[tuple[OptionText, ...], Field(max_length=100)]
    several: bool = False
    anonymous: bool = False
    ends_at: AwareDatetime | None = None

    def asked(self) -> Asked:
        """The same, checked; raises Invalid as `polls.check` does."""
        return polls.check(self.options, several=self.several, anonymous=self.anonymous, ends_at=self.ends_at)


class OptionShown(BaseModel):
    """An option, and how many chose it."""

    text: str
    count: int


class PollShown(BaseModel):
    """A poll as it stands: `v` grows with each change. `mine` are the places of the options that you chose, from 0.

    What everybody is told alike (events of a room) has no `mine`.
    """

    options: list[OptionShown]
    voters: int
    several: bool
    anonymous: bool
    ends_at: datetime | None
    closed: bool
    v: int
    mine: list[int] = []
