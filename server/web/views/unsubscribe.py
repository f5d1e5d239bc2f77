"""Unsubscribing: one press in a mail, or one on this page; another press takes it back."""

from dataclasses import dataclass

from server.web.art import Kind


@dataclass(frozen=True, slots=True)
class UnsubscribeView:
    """The page at `/unsubscribe/{token}`, which posts to itself; `done` says that such mails have ended.

    `choices_url` is where all that reaches a member is chosen.
    """

    channel: str
    about: str
    address: str
    choices_url: str
    done: bool = False
    art: Kind = "solids"
