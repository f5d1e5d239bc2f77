"""Shapes of the wire: what a client may send, how answers and refusals look, and the JSON both travel as."""

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from realtime.engine.codec import RESERVED
from tenants import field_words
from tenants.community import polls
from tenants.community.polls import Asked
from tenants.errors import Invalid, Refusal

# What stands for an event whose JSON is well formed and not read: too deep, or with half characters.
UNREADABLE = "\0unreadable"


class Json:
    """The module-like JSON of packets."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> bytes:
        """Compact JSON with times in RFC 3339 UTC."""
        return orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC, default=str)

    @staticmethod
    def loads(text: str | bytes) -> Any:
        """The value; ValueError for no JSON.

        An event whose name the protocol keeps for itself ends a connection where it is taken at its word. Ours is
        answered, under a name that nobody listens to; so is what only a hostile client would write, as UNREADABLE.
        """
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            if "depth limit" in str(error) or "surrogate" in str(error):
                return [UNREADABLE]
            raise
        if isinstance(value, list) and value and isinstance(value[0], str) and value[0] in RESERVED:
            value[0] = f"\0{value[0]}"
        return value


class Sent(BaseModel):
    """What a client sends with an event: exact types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)


Id = Annotated[UUID, Field(strict=False)]
Seq = Annotated[int, Field(ge=0, le=2**53)]
Body = Annotated[str, Field(max_length=65536)]


class InRoom(Sent):
    """A room."""

    room: Id


class Joining(InRoom):
    """A room to hear; `unseen` by those in it, for who reads of it elsewhere."""

    unseen: bool = False


class Behind(InRoom):
    """A room, and the last `seq` the client holds."""

    after_seq: Seq


class NewPoll(Sent):
    """A poll that a message carries."""

    options: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=100)]
    several: bool = False
    anonymous: bool = False
    ends_at: Annotated[AwareDatetime | None, Field(strict=False)] = None

    def asked(self) -> Asked:
        """The same, checked; raises Invalid as `polls.check` does."""
        return polls.check(self.options, several=self.several, anonymous=self.anonymous, ends_at=self.ends_at)


class Posting(InRoom):
    """A message to be posted."""

    client_id: Id
    body: Body
    reply_to: Id | None = None
    files: Annotated[list[Id], Field(default_factory=list, max_length=100)]
    poll: NewPoll | None = None


class Editing(Sent):
    """A message and its new words; with the `edited_at` that the writer saw, only instead of those."""

    id: Id
    body: Body
    edited_at: Annotated[AwareDatetime | None, Field(strict=False)] = None


class Deleting(Sent):
    """A message; and why, where a moderator deletes another's."""

    id: Id
    reason: Literal["spam", "abuse", "unsafe", "off-topic", "other"] | None = None
    words: Annotated[str, Field(max_length=2000)] = ""


class Reacting(Sent):
    """A message, one emoji, and whether it is put or taken back."""

    message: Id
    emoji: Annotated[str, Field(max_length=100)]
    on: bool


class Reading(InRoom):
    """How far a room was read."""

    seq: Seq


class Watching(InRoom):
    """A room, and in a large one the members whose presence is asked for."""

    members: Annotated[list[Id], Field(max_length=200)] | None = None


def parse(model: type[Sent], arguments: list[Any]) -> Sent:
    """The one payload of an event; Invalid with the first thing that is wrong with it."""
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise Invalid("Send exactly one object with this event.")
    try:
        return model.model_validate(arguments[0])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step)[:60] for step in first["loc"])
        raise Invalid(f"{place}: {field_words.sentence(first['type'], first['msg'], first.get('ctx', {}))}") from None


def refused(refusal: Refusal) -> dict[str, Any]:
    """The acknowledgement of a refused event: `{error: {code, message, retry_after?, present?}}`."""
    return {"error": told(refusal)}


def told(refusal: Refusal) -> dict[str, Any]:
    """A refusal in the words of the wire; its code is that of HTTP, but one for all that will pass by itself."""
    code = "invalid" if isinstance(refusal, Invalid) else "unavailable" if refusal.status == 503 else refusal.code
    error: dict[str, Any] = {"code": code, "message": refusal.message}
    return error | {name: refusal.data[name] for name in ("retry_after", "present") if name in refusal.data}


def turned_away(refusal: Refusal) -> dict[str, Any]:
    """What `connect_error` carries: `{message, data: {code, retry_after?}}`."""
    error = told(refusal)
    return {"message": error.pop("message"), "data": error}
