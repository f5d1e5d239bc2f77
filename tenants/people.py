"""People: global identities. One e-mail, one sign-in, many channels."""

from sqlalchemy import Column, ForeignKey, LargeBinary, Text, Uuid

from tenants.tables import instant, shared, text

PEOPLE = shared(
    "people",
    Column("id", Uuid, primary_key=True),
    text("email"),
    text("email_key"),
    text("name"),
    Column("password_hash", Text),
    text("locale", default="en"),
    text("time_zone", default="UTC"),
    instant("confirmed_at"),
    instant("created_at", now=True),
    instant("closed_at"),
)
SESSIONS = shared(
    "sessions",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("id", Uuid, primary_key=True),
    text("kind"),
    text("agent", default=""),
    text("address", default=""),
    instant("created_at", now=True),
    instant("last_seen_at", now=True),
    instant("ended_at"),
    Column("end_reason", Text),
)
TOKENS = shared(
    "tokens",
    Column("hash", LargeBinary, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("session_id", Uuid, ForeignKey("sessions.id"), nullable=False),
    text("kind"),
    instant("expires_at", now=True),
    instant("spent_at"),
)
