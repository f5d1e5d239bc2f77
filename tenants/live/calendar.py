"""A class as a calendar keeps it: one event in iCalendar form (RFC 5545), the same one again when the class changes."""

from datetime import UTC, datetime

from tenants.scope import Record

MEDIA_TYPE = "text/calendar; charset=utf-8"
_OCTETS = 73
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def event(row: Record, channel_name: str, url: str, now: datetime | None = None) -> bytes:
    """The file of a class, as `classes.read` gives it; `url` is its page, where the door is."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Guildhall//Live classes//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{row['id']}@guildhall",
        f"SEQUENCE:{row['version']}",
        f"DTSTAMP:{_moment(now or datetime.now(UTC))}",
        f"DTSTART:{_moment(row['starts_at'])}",
        f"DTEND:{_moment(row['ends_at'])}",
        f"SUMMARY:{_text(row['title'])}",
        f"DESCRIPTION:{_text(channel_name + ', ' + row['batch_name'])}",
        f"URL:{url}",
        f"STATUS:{'CANCELLED' if row['state'] == 'cancelled' else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _folded(line: str) -> bytes:
    """The line in pieces of at most 75 octets, no letter torn (RFC 5545, §3.1)."""
    pieces, piece = [], b""
    for letter in line:
        coded = letter.encode()
        if len(piece) + len(coded) > _OCTETS:
            pieces.append(piece)
            piece = b""
        piece += coded
    return b"\r\n ".join([*pieces, piece])
