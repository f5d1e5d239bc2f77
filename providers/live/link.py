"""A plain link: the class meets at an address that somebody else keeps; nothing is asked of it and nothing heard."""

import secrets
from collections.abc import Mapping

from providers import SignatureRefused
from providers.live import LiveEvent
from providers.live.credentials import Field, FieldRefused, address, keep, read, stripped
from providers.live.hosting import Abilities, NoHosting, Participant, Room, Token
from providers.outbound import Outbound


def open_provider() -> "LinkProvider":
    """The provider, which has nothing to open."""
    return LinkProvider()


class LinkProvider:
    """LiveProvider for one address that all classes of the connection share."""

    fields = (Field("url", "Meeting link", "Such as https://meet.example.org/our-room.", longest=2000),)
    abilities = Abilities(joins=True)

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes, secret: str) -> list[LiveEvent]:
        """Nobody speaks for a plain link."""
        raise SignatureRefused("A plain link has no webhooks.")

    def greeting(self, headers: Mapping[str, str], raw: bytes, secret: str) -> dict[str, str] | None:
        """None."""
        return None

    def make_secret(self) -> str:
        """Random letters that nothing uses."""
        return secrets.token_urlsafe(24)

    def checked_secret(self, secret: str) -> str:
        """Any will do."""
        return secret

    def check(self, given: Mapping[str, str]) -> str:
        """The address, which is https; a query that belongs to it stays."""
        values = stripped(self.fields, given)
        path, mark, query = values["url"].partition("?")
        if not path.startswith("https://") or any(ord(letter) <= 32 or ord(letter) > 126 for letter in values["url"]):
            raise FieldRefused("url", "Give the address of the meeting; it begins with https://.")
        return keep({"url": address("url", path, "https://meet.example.org/our-room") + mark + query})

    def open(self, secret: str, outbound: Outbound, memory: dict[str, Token]) -> "LinkHosting":
        """The far end, which is never asked."""
        return LinkHosting(read(secret)["url"])


class LinkHosting(NoHosting):
    """Hosting that only knows the address."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def probe(self) -> str:
        """The address is all there is."""
        return f"Join leads to {self._url}. Nobody tells us who came, or of recordings."

    async def join_url(self, room: Room, participant: Participant) -> str:
        """The same address for everybody."""
        return self._url
