"""Previews of links: under which message one stands, what pages said of themselves, whether a channel wants any."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from tenants.migrations.schema import create_owned, instant, text, unique

revision = "0027"
down_revision = "0026"

LONGEST = {"url": 1000, "title": 140, "description": 300, "site": 60}


def upgrade() -> None:
    op.add_column("messages", sa.Column("preview", JSONB))
    op.add_column("channels", sa.Column("link_previews", sa.Boolean, nullable=False, server_default="true"))
    create_owned(
        "link_pages",
        text("url"),
        text("title", default=""),
        text("description", default=""),
        text("site", default=""),
        instant("fetched_at", now=True),
        unique("link_pages", "url"),
        *(sa.CheckConstraint(f"length({name}) <= {most}", name=f"{name}_length") for name, most in LONGEST.items()),
        relay="SELECT, DELETE",
    )


def downgrade() -> None:
    op.drop_table("link_pages")
    op.drop_column("channels", "link_previews")
    op.drop_column("messages", "preview")
