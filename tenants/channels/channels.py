"""Channels: the table of tenants. A channel is born inside its own scope, and found through the directory."""

from sqlalchemy import Boolean, Column, Uuid

from tenants.tables import Json, channel_itself, instant, text

CHANNELS = channel_itself(
    "channels",
    Column("id", Uuid, primary_key=True),
    text("slug"),
    text("name"),
    text("tagline", default=""),
    text("about", default=""),
    Column("brand", Json, nullable=False, server_default="{}"),
    Column("landing", Json, nullable=False, server_default="{}"),
    text("locale", default="en"),
    text("time_zone", default="UTC"),
    text("host", nullable=True),
    text("state", default="open"),
    Column("listed", Boolean, nullable=False, server_default="true"),
    instant("created_at", now=True),
    instant("updated_at", now=True),
)
