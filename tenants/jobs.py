"""Job requests: what a transaction asks to have done after its commit. Ids only; workers read the rest themselves."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar
from uuid import UUID

from tenants.ids import CertificateId, FileId, MemberId, MessageId, OrderId, RecordingId

# Each is done by worker processes of its own; `index` has no jobs, but tickets for the changes of a channel, and
# `webhooks` is for all that asks addresses which members name, so that slow ones hold up neither mails nor payments.
QUEUES = ("render", "media", "index", "webhooks", "default")


@dataclass(frozen=True, slots=True)
class Job:
    """A request for work. `queue` names the worker that does it; fields are ids or short words."""

    queue: ClassVar[str] = "default"

    def payload(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return {name: str(value) if isinstance(value, UUID) else value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class RenderCertificate(Job):
    """Print, sign and store the PDF of a certificate."""

    queue: ClassVar[str] = "render"
    certificate_id: CertificateId


@dataclass(frozen=True, slots=True)
class IngestRecording(Job):
    """Fetch a recording from its provider into the store and make it a lesson."""

    queue: ClassVar[str] = "media"
    recording_id: RecordingId


@dataclass(frozen=True, slots=True)
class LookAfterClass(Job):
    """Ask the provider of a class how its room stands and what recordings it has; `look` counts these from 0."""

    class_id: UUID
    look: int


@dataclass(frozen=True, slots=True)
class CallRoll(Job):
    """Ask the provider of a class that is on who is there; `call` counts these from 0."""

    # It comes each minute, and asks servers that creators name.
    queue: ClassVar[str] = "webhooks"
    class_id: UUID
    call: int


@dataclass(frozen=True, slots=True)
class ExamineFilm(Job):
    """Find out how long an uploaded film or sound is, and what it looks like."""

    queue: ClassVar[str] = "media"
    file_id: FileId


@dataclass(frozen=True, slots=True)
class ExamineAttachment(Job):
    """Look at a picture or sound that is to go into a message, or a profile: clean it, and find out how it is shown."""

    # Its sender waits for it, and behind a film they would wait for half an hour.
    queue: ClassVar[str] = "render"
    file_id: FileId


@dataclass(frozen=True, slots=True)
class PreviewLink(Job):
    """Look at what the first link of a message leads to, and show it under the message."""

    queue: ClassVar[str] = "webhooks"
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class ForgetFile(Job):
    """Free what the store holds of a file that no message or profile holds, or any more."""

    file_id: FileId


@dataclass(frozen=True, slots=True)
class SendMail(Job):
    """Write and send one mail: `template` names its words, `subject_id` the row it speaks of.

    A channel's mail speaks the channel's language; `language` is for those of the house.
    """

    template: str
    to: UUID
    subject_id: UUID | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class RenameMentions(Job):
    """Show a member by the present name in the messages, from the newest down, that mention them."""

    member_id: MemberId
    before: UUID | None = None


@dataclass(frozen=True, slots=True)
class RingMany(Job):
    """Ring for a message that concerns very many: those behind the member `after`."""

    message_id: MessageId
    after: UUID


@dataclass(frozen=True, slots=True)
class PushNotice(Job):
    """Tell a browser of a notice."""

    queue: ClassVar[str] = "webhooks"
    push_id: UUID
    ring_id: UUID


@dataclass(frozen=True, slots=True)
class ForgetWords(Job):
    """Keep the words of a message that moderators deleted no longer: the time to undo that has passed."""

    message_id: MessageId


@dataclass(frozen=True, slots=True)
class EndRaid(Job):
    """Tell that a raid has run out, if nobody has ended or prolonged it."""

    raid_id: UUID


@dataclass(frozen=True, slots=True)
class DeliverWebhook(Job):
    """Send what happened to an endpoint that listens for it."""

    queue: ClassVar[str] = "webhooks"
    delivery_id: UUID


@dataclass(frozen=True, slots=True)
class WriteReport(Job):
    """Write the report of the week of moderation that began on a Monday (`2026-11-23`), if it is not there yet."""

    week_on: str


@dataclass(frozen=True, slots=True)
class SettleOrder(Job):
    """Ask the provider how an order stands, and act on it."""

    order_id: OrderId


@dataclass(frozen=True, slots=True)
class SettlePayment(Job):
    """Find the order of a payment at the channel's account, and settle it."""

    payment_id: str


@dataclass(frozen=True, slots=True)
class RecheckOrder(Job):
    """Look after an order that nobody has settled yet, for the `turn`-th time: a webhook may have been lost."""

    order_id: OrderId
    turn: int


@dataclass(frozen=True, slots=True)
class RefundOrder(Job):
    """Give the price of an order back, as was asked."""

    order_id: OrderId


@dataclass(frozen=True, slots=True)
class CheckAccount(Job):
    """Ask the provider whether the channel's account there may be paid."""

    provider: str
