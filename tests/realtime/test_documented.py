"""Every event that travels is in the documentation of the wire."""

import re
from pathlib import Path

from realtime.server import Wire
from server.sockets import WIRE
from tests.webapp import Web

HOUSE = Path(__file__).parents[2]
DOCUMENT = (HOUSE / "docs" / "events.md").read_text()


def test_every_notice_is_documented() -> None:
    events = re.findall(r'Notice\("([^"]+)"', "".join(path.read_text() for path in (HOUSE / "tenants").rglob("*.py")))
    assert events
    assert [event for event in events if f"`{event}`" not in DOCUMENT] == []


def test_every_event_told_outside_of_a_transaction_is_documented() -> None:
    source = "".join(path.read_text() for path in (HOUSE / "realtime").rglob("*.py"))
    events = re.findall(r'(?:\.tell\(|\.tell_one\([a-z.]+sid, )"([^"]+)"', source)
    assert {"typing", "presence.changed", "heads", "unread", "read"} <= set(events)
    assert [event for event in events if f"| `{event}` |" not in DOCUMENT] == []


async def test_every_event_a_client_may_send_is_documented_with_its_payload(web: Web) -> None:
    wire: Wire = web.app[WIRE]
    for event, (model, _) in wire.door._events.items():
        row = next(line for line in DOCUMENT.splitlines() if line.startswith(f"| `{event}` | `{{"))
        fields = row.split("|")[2].strip(" `{}").split(", ")
        assert sorted(fields) == sorted(
            name if field.is_required() else f"{name}?" for name, field in model.model_fields.items()
        )
