"""Cursors: they come back as they went out, and nothing else passes for one."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.keyset import Cursor
from tenants.errors import Invalid

Place = tuple[datetime, UUID]
COURSES: Cursor[Place] = Cursor("courses", Place)
PLACE = (datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=UTC), UUID(int=7))


def test_a_cursor_comes_back_as_the_place_it_stands_for() -> None:
    assert COURSES.read(COURSES.write(PLACE)) == PLACE


def test_no_cursor_is_the_beginning() -> None:
    assert COURSES.read(None) is None


def test_a_cursor_of_another_list_is_refused() -> None:
    lessons: Cursor[Place] = Cursor("lessons", Place)
    with pytest.raises(Invalid) as refusal:
        lessons.read(COURSES.write(PLACE))
    assert refusal.value.errors[0].pointer == "/query/after"


@pytest.mark.parametrize(
    "payload", [b"{}", b"[]", b'["courses",null]', b'["courses",[1,2]]', b'["courses",["x","y"]]', b"7"]
)
def test_a_forged_cursor_of_other_types_is_refused(payload: bytes) -> None:
    with pytest.raises(Invalid):
        COURSES.read(urlsafe_b64encode(payload).decode())


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        COURSES.read(text)
