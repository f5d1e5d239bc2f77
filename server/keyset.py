"""Lists by keyset: pages of `{items, next}`, and cursors that say where the next one begins."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from server.bodies import Given
from tenants.errors import Invalid
from tenants.tables import EVER

Item = TypeVar("Item")
Place = TypeVar("Place")
# A moment that a cursor names.
Then = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=EVER)]


class Page(BaseModel, Generic[Item]):
    """One page of a list, and the cursor of the next one, or null at the end."""

    model_config = ConfigDict(frozen=True)

    items: list[Item]
    next: str | None = None


class PageQuery(Given):
    """`?limit` (1-100) and `?after`, the cursor a page before this one gave."""

    limit: Annotated[int, Field(ge=1, le=100)] = 50
    after: Annotated[str, Field(max_length=1000)] | None = None


class Cursor(Generic[Place]):
    """Places in one list as opaque text, such as `Cursor("courses", tuple[datetime, UUID])`.

    A cursor is no secret and no right: rows are guarded by the scope. What comes back is checked to be of this
    list and of these types.
    """

    def __init__(self, name: str, place: Any) -> None:
        self._name = name
        self._places: TypeAdapter[Place] = TypeAdapter(place)

    def write(self, place: Place) -> str:
        """The cursor that stands for `place`."""
        payload = orjson.dumps([self._name, self._places.dump_python(place, mode="json")])
        return urlsafe_b64encode(payload).rstrip(b"=").decode()

    def read(self, cursor: str | None) -> Place | None:
        """The place `cursor` stands for, None for the beginning; Invalid for anything we did not write."""
        if cursor is None:
            return None
        try:
            payload = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            name, place = orjson.loads(payload)
            if name != self._name:
                raise _not_ours()
            return self._places.validate_json(orjson.dumps(place), strict=True)
        except (binascii.Error, ValueError, TypeError, ValidationError):
            raise _not_ours() from None


def _not_ours() -> Invalid:
    detail = "This is no cursor of this list. Take it from `next`, or leave it out to begin at the start."
    return Invalid.field("/query/after", "cursor", detail)
