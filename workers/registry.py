"""Who performs which job: one function each, in a module that is loaded when its first job comes."""

import contextlib
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

import search
from providers.live.hosts import LiveHosts
from providers.mail import Mailer
from providers.payments import Payments
from providers.pdf import PdfPrinter
from providers.push import WebPush
from providers.storage import ObjectStore
from search import SearchEngine
from tenants.ids import ChannelId, PersonId
from tenants.jobs import Job
from tenants.people.mailed_links import LinkSecrets
from tenants.permissions import acting_system
from tenants.scope import PersonScope, Scope, Tenancy
from tenants.work import Leased

# Loading these is dear (a browser's driver, a film library): a worker loads only what its queue needs.
MODULES = {
    "CallRoll": "workers.live",
    "CheckAccount": "workers.billing",
    "DeliverWebhook": "workers.webhooks",
    "RenameMentions": "workers.community",
    "RecheckOrder": "workers.billing",
    "RefundOrder": "workers.billing",
    "SettleOrder": "workers.billing",
    "SettlePayment": "workers.billing",
    "RenderCertificate": "workers.certificates",
    "ExamineAttachment": "workers.attachments",
    "ForgetFile": "workers.attachments",
    "PreviewLink": "workers.previews",
    "ExamineFilm": "workers.films",
    "IngestRecording": "workers.recordings",
    "LookAfterClass": "workers.live",
    "RingMany": "workers.community",
    "EndRaid": "workers.moderation",
    "PushNotice": "workers.pushing",
    "ForgetWords": "workers.moderation",
    "SendMail": "workers.mail",
    "WriteReport": "workers.moderation",
}


@dataclass(frozen=True, slots=True)
class Workshop:
    """All that a worker process holds for its jobs; `provider` is the word by which `payments` was chosen."""

    tenancy: Tenancy
    store: ObjectStore
    mailer: Mailer
    printer: PdfPrinter
    links: LinkSecrets
    payments: Payments
    provider: str
    base_url: str
    secret: bytes
    push: WebPush
    recording_hosts: tuple[str, ...] = ()
    webhook_hosts: tuple[str, ...] = ()
    search: SearchEngine = field(default_factory=search.choose)
    live: LiveHosts = field(default_factory=LiveHosts)
    away: set[str] = field(default_factory=set)
    """Services that jobs lean on, and that this process found away."""


@dataclass(frozen=True, slots=True)
class Work:
    """One job at work: its workshop, its channel or person, and scopes to open around what takes long."""

    shop: Workshop
    leased: Leased

    @property
    def channel_id(self) -> ChannelId:
        """The channel that asked; ValueError for a job of a person."""
        if self.leased.ticket.channel_id is None:
            raise ValueError(f"{self.leased.name} was asked for outside of any channel")
        return self.leased.ticket.channel_id

    @property
    def person_id(self) -> PersonId | None:
        """The person that asked, for a job outside of any channel."""
        return self.leased.ticket.person_id

    @property
    def job_id(self) -> UUID:
        """The job's id: the same each time it is tried."""
        return self.leased.ticket.job_id

    @contextlib.asynccontextmanager
    async def scope(self) -> AsyncIterator[Scope]:
        """One short transaction in the job's channel, as the system."""
        async with self.shop.tenancy.scope(self.channel_id, acting_system(self.leased.name)) as scope:
            yield scope

    def person_scope(self, person_id: PersonId) -> AbstractAsyncContextManager[PersonScope]:
        """One short transaction as a person, for what mails need to know of them."""
        return self.shop.tenancy.person(person_id)


class PutOff(Exception):
    """The work cannot be done now: try it again after `seconds` (None: by the usual back-off)."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


Asked = TypeVar("Asked", bound=Job)
Performer = Callable[[Work, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Performance:
    """How a kind of job is done, and within how many seconds.

    It `leans_on` one service, by the name that its breaker knows it by; on none, or many, when empty.
    """

    kind: type[Job]
    performer: Performer
    seconds: float
    leans_on: str = ""


PERFORMANCES: dict[str, Performance] = {}


def performs(
    kind: type[Asked], *, seconds: float = 300, leans_on: str = ""
) -> Callable[[Callable[[Work, Asked], Awaitable[None]]], Performer]:
    """Make the function the performer of a kind of job. It must be idempotent: a job runs at least once.

    Jobs that lean on the same one service wait for it together: once one of them is done, the others are due.
    """

    def register(performer: Callable[[Work, Asked], Awaitable[None]]) -> Performer:
        if kind.__name__ in PERFORMANCES:
            raise TypeError(f"{kind.__name__} has a performer already")
        PERFORMANCES[kind.__name__] = Performance(kind, performer, seconds, leans_on)
        return performer

    return register


def performance(name: str) -> Performance:
    """How jobs of this name are done; LookupError when nobody does them."""
    if name not in PERFORMANCES:
        importlib.import_module(MODULES[name])
    return PERFORMANCES[name]


def companions(service: str) -> list[str]:
    """The names of the jobs that lean on a service, as far as this process has come across them."""
    return [name for name, how in PERFORMANCES.items() if how.leans_on == service]


def job_of(kind: type[Job], payload: dict[str, Any]) -> Job:
    """The job that `payload` was written from, by an earlier version too; ValueError when an id in it is none."""
    hints = get_type_hints(kind)
    known = [field for field in fields(kind) if field.name in payload or field.default is MISSING]
    return kind(**{field.name: _value(hints[field.name], payload.get(field.name)) for field in known})


def _value(hint: Any, value: Any) -> Any:
    wants_id = hint is not str and hint is not int
    return UUID(value) if wants_id and isinstance(value, str) else value
