"""The calendar file of a class: RFC 5545 line by line, whatever people write."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tenants.live import calendar

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLASS = {
    "id": UUID(int=7), "version": 3, "title": "Centring", "batch_name": "Spring", "state": "scheduled",
    "starts_at": NOON, "ends_at": NOON + timedelta(hours=1),
}  # fmt: skip


def lines_of(**changes: Any) -> list[str]:
    """The unfolded lines of the file."""
    row: Any = CLASS | changes
    raw = calendar.event(row, "Clay & Fire", "https://guildhall.example/c/clay/classes/7", NOON)
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    return raw.replace(b"\r\n ", b"").decode().split("\r\n")


def test_the_event_is_the_class() -> None:
    assert lines_of() == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Guildhall//Live classes//EN", "METHOD:PUBLISH", "BEGIN:VEVENT",
        f"UID:{UUID(int=7)}@guildhall", "SEQUENCE:3", "DTSTAMP:20261121T120000Z", "DTSTART:20261121T120000Z",
        "DTEND:20261121T130000Z", "SUMMARY:Centring", "DESCRIPTION:Clay & Fire\\, Spring",
        "URL:https://guildhall.example/c/clay/classes/7", "STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip


def test_a_class_called_off_says_so() -> None:
    assert "STATUS:CANCELLED" in lines_of(state="cancelled")


def test_no_title_breaks_out_of_its_line_or_is_torn() -> None:
    title = "陶芸 🏺; clay, \\ fire\nEND:VEVENT " * 8
    escaped = title.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    assert f"SUMMARY:{escaped}" in lines_of(title=title)
