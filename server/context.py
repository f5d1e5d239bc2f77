"""What a handler works in: the house's doors, who calls, and for a channel's routes an open scope."""

from dataclasses import dataclass, field
from types import TracebackType

from aiohttp import web

import search
from providers.live.hosts import LiveHosts
from providers.mail import Mailer
from providers.payments import Payments
from providers.storage import ObjectStore
from search import SearchEngine
from server.op import KEYED, Keyed
from tenants import directory
from tenants.directory import ChannelAt, SignedIn
from tenants.errors import Forbidden, SignInNeeded
from tenants.keys import keys, tokens
from tenants.keys.scopes import KeyScope
from tenants.people.mailed_links import LinkSecrets
from tenants.people.passwords import Passwords
from tenants.people.sessions import Device, Lives
from tenants.scope import Opening, Scope, Tenancy


@dataclass(frozen=True, slots=True)
class House:
    """All that a web process holds for its handlers, made once in `server/__main__.py`.

    `provider` is the word by which `payments` was chosen; its pages are at `checkout_origins`. To `webhook_hosts`,
    each with its port, webhooks may be sent though they are private or plain.
    """

    tenancy: Tenancy
    store: ObjectStore
    mailer: Mailer
    payments: Payments
    provider: str
    checkout_origins: tuple[str, ...]
    passwords: Passwords
    links: LinkSecrets
    lives: Lives
    base_url: str
    sign_up: str
    demo: bool
    secret: bytes
    search: SearchEngine = field(default_factory=search.choose)
    live: LiveHosts = field(default_factory=LiveHosts)
    webhook_hosts: tuple[str, ...] = ()


HOUSE: web.AppKey[House] = web.AppKey("house")


@dataclass(frozen=True, slots=True)
class AsPerson:
    """A call outside of any channel; `signed_in` is None for a visitor."""

    house: House
    request: web.Request
    signed_in: SignedIn | None
    device: Device

    @property
    def keyed(self) -> Keyed:
        """The call's idempotency key, to be kept in the transaction that the handler opens."""
        return self.request[KEYED]

    @property
    def tenancy(self) -> Tenancy:
        """Scopes, opened by the handler itself."""
        return self.house.tenancy

    @property
    def person(self) -> SignedIn:
        """Who calls; SignInNeeded when nobody is signed in, Forbidden by a sign-in that is good for one channel."""
        if self.signed_in is None:
            raise SignInNeeded()
        if self.signed_in.for_channel is not None:
            raise Forbidden("This sign-in is good for its own channel only. Use the installation’s host.", "own_host")
        return self.signed_in


@dataclass(frozen=True, slots=True)
class AtChannel:
    """A call to a channel whose handler opens its own short transactions, because a provider is asked in between."""

    house: House
    request: web.Request
    channel: ChannelAt
    token: str | None
    needs: KeyScope | None = None
    """The scope that a key must have for what is done here; None where none is taken."""

    @property
    def keyed(self) -> Keyed:
        """The call's idempotency key, to be kept in the transaction that the handler opens."""
        return self.request[KEYED]

    def scope(self, *, readonly: bool = False) -> "Admitted":
        """One transaction as the caller, whose rights are looked up afresh in it."""
        return Admitted(self.house.tenancy.scope(self.channel.id, readonly=readonly), self.token, self.needs)


class Admitted:
    """A scope as a context that its token has been admitted to."""

    __slots__ = ("_needs", "_opening", "_token")

    def __init__(self, opening: Opening[Scope], token: str | None, needs: KeyScope | None) -> None:
        self._opening, self._token, self._needs = opening, token, needs

    async def __aenter__(self) -> Scope:
        """Begin the transaction and admit; SignInNeeded for a bad token, Forbidden beyond a key's scopes."""
        scope = await self._opening.__aenter__()
        try:
            if self._token is not None and tokens.is_key(self._token):
                await keys.admit(scope, self._token, self._needs)
            else:
                await directory.admit(scope, self._token)
        except BaseException as error:
            await self._opening.__aexit__(type(error), error, error.__traceback__)
            raise
        return scope

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, or roll back when the block raised."""
        await self._opening.__aexit__(kind, error, trace)


@dataclass(frozen=True, slots=True)
class InChannel:
    """A call to a channel within one open transaction: committed when the handler returns, before the answer."""

    house: House
    request: web.Request
    channel: ChannelAt
    scope: Scope
