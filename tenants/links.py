"""Links: the stable address of each thing, the same in frames, mails and documents; only the server checks rights."""

from uuid import UUID


def absolute(base_url: str, path: str) -> str:
    """`path` below the installation's own URL."""
    return base_url.rstrip("/") + path


def channel(slug: str) -> str:
    """The landing page of a channel."""
    return f"/c/{slug}"


def course(slug: str, course_slug: str) -> str:
    """Where a student learns a course."""
    return f"/c/{slug}/learn/{course_slug}"


def lesson(slug: str, course_slug: str, lesson_id: UUID | str) -> str:
    """The page of a lesson."""
    return f"/c/{slug}/learn/{course_slug}/{lesson_id}"


def buy(slug: str, course_slug: str, batch_id: UUID | str | None = None) -> str:
    """Where a course, or a seat in a batch of it, is bought."""
    return f"{course(slug, course_slug)}/buy" + (f"?batch={batch_id}" if batch_id else "")


def orders(slug: str) -> str:
    """One's own orders in a channel."""
    return f"/c/{slug}/orders"


def order(slug: str, order_id: UUID | str) -> str:
    """The page of an order: where it stands, and its receipt."""
    return f"/c/{slug}/orders/{order_id}"


def notices(slug: str) -> str:
    """What one was told in a channel."""
    return f"/c/{slug}/notices"


def notice_choices(slug: str) -> str:
    """Where one chooses by which way one is told what."""
    return f"{notices(slug)}/settings"


def push_worker(slug: str) -> str:
    """The service worker of a channel, whose scope is the channel."""
    return f"/c/{slug}/push.js"


def room(slug: str, room_slug: str) -> str:
    """The page of a room of the community."""
    return f"/c/{slug}/community/{room_slug}"


def message(slug: str, room_slug: str, seq: int) -> str:
    """A message in its room, whatever was said after it."""
    return f"{room(slug, room_slug)}?at={seq}#m-{seq}"


def thread(slug: str, room_slug: str, seq: int) -> str:
    """The replies to a message of a room."""
    return f"{room(slug, room_slug)}/t/{seq}"


def reply(slug: str, room_slug: str, root_seq: int, seq: int) -> str:
    """A reply among the replies to a message of a room."""
    return f"{thread(slug, room_slug, root_seq)}#m-{seq}"


def history(slug: str, room_slug: str, seq: int) -> str:
    """The earlier words of a message, for those who may see them."""
    return f"{room(slug, room_slug)}/m/{seq}/history"


def threads(slug: str) -> str:
    """The threads of a channel that the reader follows."""
    return f"/c/{slug}/threads"


def direct(slug: str, rest: str = "") -> str:
    """One's own conversations in a channel; `rest` is a path such as `/block`."""
    return f"/c/{slug}/direct{rest}"


def poll(slug: str, room_slug: str, message_id: UUID | str) -> str:
    """The poll of a message: where one votes, and sees who chose what."""
    return f"{room(slug, room_slug)}/polls/{message_id}"


def pins(slug: str, room_slug: str) -> str:
    """The pinned messages of a room."""
    return f"{room(slug, room_slug)}/pins"


def saved(slug: str) -> str:
    """The messages of a channel that the reader keeps."""
    return f"/c/{slug}/saved"


def people(slug: str, rest: str = "") -> str:
    """The people of a channel; `rest` is one's own `/me`, or `/{id}` of a member."""
    return f"/c/{slug}/people{rest}"


def decisions(slug: str) -> str:
    """What moderators of a channel decided about the reader."""
    return f"/c/{slug}/community/decisions"


def studio(slug: str, rest: str = "") -> str:
    """Where a creator works on the channel; `rest` is a path such as `/courses`."""
    return f"/c/{slug}/studio{rest}"


def live_class(slug: str, class_id: UUID | str) -> str:
    """The page of a live class."""
    return f"/c/{slug}/classes/{class_id}"


def file(slug: str, file_id: UUID | str) -> str:
    """A file of a channel; answered by a redirect to a signed, expiring URL for those who may read it."""
    return f"/c/{slug}/files/{file_id}"


def thumbnail(slug: str, file_id: UUID | str) -> str:
    """The small copy of a picture in a message; answered as the picture itself is."""
    return f"{file(slug, file_id)}/thumbnail"


def certificate(code: str) -> str:
    """The page that verifies a certificate."""
    return f"/verify/{code}"


def live_webhook(connection_id: UUID | str) -> str:
    """Where the provider of a live connection posts to."""
    return f"/webhooks/live/{connection_id}"


def incoming_webhook(address: UUID | str) -> str:
    """Where a program posts to that writes in a room."""
    return f"/webhooks/rooms/{address}"


def payments_webhook(provider: str) -> str:
    """Where a payment provider posts to."""
    return f"/webhooks/{provider}"


def status_list(slug: str, number: int) -> str:
    """A channel's list of the awards that have ended, as verifiers of credentials read it."""
    return f"/c/{slug}/status/{number}"


def unsubscribe(token: str) -> str:
    """Where the holder of a mail asks for no more of its kind."""
    return f"/unsubscribe/{token}"
