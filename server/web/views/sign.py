"""The doors: sign in, sign up, a link by mail. They never tell whether an address exists."""

from dataclasses import dataclass, field

from server.web.art import Kind
from server.web.views.frame import Form


@dataclass(frozen=True, slots=True)
class SignInView:
    """The page at `/sign-in`; posts `email`, `password`, `next` back to it. `form.problem` is the one refusal."""

    form: Form = field(default_factory=Form)
    next: str = "/"
    art: Kind = "solids"
    sign_up: bool = True


@dataclass(frozen=True, slots=True)
class SignUpView:
    """The page at `/sign-up`; posts `name`, `email`, `password`, `next` back to it.

    `sent` (confirming by mail is on) shows what to look for instead of the form; `closed` says that one is invited.
    """

    form: Form = field(default_factory=Form)
    next: str = "/"
    art: Kind = "solids"
    sent: str = ""
    closed: bool = False
    shortest: int = 10


@dataclass(frozen=True, slots=True)
class MagicLinkView:
    """The page at `/sign-in/link`: ask (`email`), asked (`sent` holds the address), or arrived with a token to use.

    A token is used by a button and never by opening the page, because mail scanners open links.
    """

    form: Form = field(default_factory=Form)
    sent: str = ""
    token: str = ""
    minutes: int = 15
    art: Kind = "solids"
