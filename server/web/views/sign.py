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
    Where addresses are confirmed (`confirming`) the password is chosen at the end of the link.
    """

    form: Form = field(default_factory=Form)
    next: str = "/"
    art: Kind = "solids"
    sent: str = ""
    closed: bool = False
    confirming: bool = False
    shortest: int = 10


@dataclass(frozen=True, slots=True)
class MagicLinkView:
    """The page at `/sign-in/link`: ask (`email`, `next`), asked (`sent` holds the address), or arrived with a `token`.

    A token is used by a button and never by opening the page, because mail scanners open links.
    """

    form: Form = field(default_factory=Form)
    sent: str = ""
    token: str = ""
    next: str = "/"
    minutes: int = 15
    art: Kind = "solids"


@dataclass(frozen=True, slots=True)
class PasswordView:
    """The page at `/set-password`: ask for a link (`email`), asked (`sent`), or choose a new password (`choosing`).

    `token` comes from a link; without one somebody is signed in, who gives the `present` password when `asks_present`.
    `voided` says why there is none any more.
    """

    form: Form = field(default_factory=Form)
    sent: str = ""
    token: str = ""
    email: str = ""
    choosing: bool = False
    asks_present: bool = False
    voided: bool = False
    shortest: int = 10
    minutes: int = 15
    art: Kind = "solids"


@dataclass(frozen=True, slots=True)
class HandOffView:
    """The page between the installation's host and a channel's own `host`: asks, or goes on to `url` by itself.

    Asking posts `to`, `for` and `next` back to `/sign-in/hand-off`.
    """

    name: str
    host: str
    seal: str = ""
    next: str = "/"
    url: str = ""
    art: Kind = "solids"
