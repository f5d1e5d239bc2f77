"""Members: who belongs to a channel, and in which role."""

from sqlalchemy import Column, ForeignKey, Text, Uuid

from tenants.tables import instant, owned, text

MEMBERS = owned(
    "members",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    text("role", default="student"),
    text("name"),
    instant("joined_at", now=True),
    instant("left_at"),
    instant("banned_at"),
    instant("banned_until"),
    Column("ban_reason", Text),
)
