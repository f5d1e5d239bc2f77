"""The installation's own page: its public channels, and the way to one's own."""

from dataclasses import dataclass

from server.web.views.frame import ChannelMark, Form


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """One channel in the list: its mark, its sentence, how many members if that is known, whether the reader is one."""

    mark: ChannelMark
    about: str
    members: int | None = None
    joined: bool = False


@dataclass(frozen=True, slots=True)
class HomeView:
    """The page at `/`. `make` is the form of a new channel (`name`, `slug`, `colour`), for a signed-in reader only.

    It posts to `/`; joining posts to `{channel url}/join`.
    """

    channels: tuple[ChannelCard, ...]
    make: Form | None = None
    older: str | None = None

    @property
    def brands(self) -> dict[str, str]:
        """The colour of each channel by the class that its pennant stands in; `theme.several` dresses the page."""
        return {f"channel-{i}": card.mark.colour for i, card in enumerate(self.channels) if card.mark.colour}
