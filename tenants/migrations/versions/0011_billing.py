"""Billing: prices of courses and batches, accounts at payment providers, orders, what they gave, and their ledger."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from tenants.migrations.schema import create_function, create_owned, index, instant, one_of, reference, text, unique

revision = "0011"
down_revision = "0010"

PROVIDERS = ("sandbox", "stripe")
STATES = ("pending", "processing", "expired", "failed", "paid", "disputed", "refunded")


def upgrade() -> None:
    for table in ("courses", "batches"):
        _price(table)
    _accounts()
    _orders()
    _fulfilments()
    _ledger()
    _inbox()
    create_function(
        "channel_of_account(at_provider text, account text)",
        "TABLE (channel_id uuid)",
        """SELECT a.channel_id FROM billing_accounts a JOIN channels c ON c.id = a.channel_id
           WHERE a.provider = at_provider AND a.account_id = account AND c.state <> 'closed' LIMIT 1""",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION channel_of_account")
    for table in ("payment_inbox", "ledger_entries", "fulfilments", "orders", "billing_accounts"):
        op.drop_table(table)
    for table in ("courses", "batches"):
        op.drop_constraint(f"{table}_price_check", table)
        op.drop_column(table, "price_currency")
        op.drop_column(table, "price_amount")


def _price(table: str) -> None:
    op.add_column(table, sa.Column("price_amount", sa.Integer))
    op.add_column(table, sa.Column("price_currency", sa.Text))
    op.create_check_constraint(
        f"{table}_price_check",
        table,
        "(price_amount IS NULL) = (price_currency IS NULL) AND price_amount >= 0 AND price_currency ~ '^[A-Z]{3}$'",
    )


def _accounts() -> None:
    create_owned(
        "billing_accounts",
        text("provider"),
        text("account_id"),
        text("country"),
        sa.Column("ready", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("missing", JSONB, nullable=False, server_default="[]"),
        sa.Column("fee_basis_points", sa.Integer, nullable=False, server_default="0"),
        instant("created_at", now=True),
        instant("checked_at", now=True),
        unique("billing_accounts", "provider"),
        one_of("billing_accounts", "provider", PROVIDERS),
        sa.CheckConstraint("fee_basis_points BETWEEN 0 AND 10000", name="billing_accounts_fee_check"),
        directory=True,
    )
    # A webhook names the account alone: the directory's function looks for it across channels.
    op.execute("CREATE INDEX billing_accounts_directory_idx ON billing_accounts (account_id, provider)")
    op.execute("COMMENT ON INDEX billing_accounts_directory_idx IS 'directory'")


def _order_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("course_id", sa.Uuid, nullable=False),
        sa.Column("batch_id", sa.Uuid),
        text("title"),
        text("provider"),
        text("account_id"),
        sa.Column("amount", sa.Integer, nullable=False),
        text("currency"),
        sa.Column("fee", sa.Integer, nullable=False, server_default="0"),
        text("state", default="pending"),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="1"),
        text("checkout_id", nullable=True),
        text("checkout_url", nullable=True),
        instant("expires_at", now=True),
        text("payment_id", nullable=True),
        sa.Column("refunded", sa.Integer, nullable=False, server_default="0"),
        text("refund_reason", nullable=True),
        instant("refund_asked_at"),
        text("problem", nullable=True),
        instant("created_at", now=True),
        instant("checked_at", now=True),
        instant("paid_at"),
        instant("refunded_at"),
    )


def _orders() -> None:
    create_owned(
        "orders",
        *_order_columns(),
        reference("member_id", "members"),
        reference("course_id", "courses"),
        reference("batch_id", "batches"),
        one_of("orders", "provider", PROVIDERS),
        one_of("orders", "state", STATES),
        sa.CheckConstraint(
            "amount > 0 AND fee BETWEEN 0 AND amount AND refunded BETWEEN 0 AND amount", name="orders_amounts_check"
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="orders_currency_check"),
    )
    nothing = "'00000000-0000-0000-0000-000000000000'::uuid"
    op.execute(
        "CREATE UNIQUE INDEX orders_one_pending_key ON orders"
        f" (channel_id, member_id, course_id, coalesce(batch_id, {nothing})) WHERE state IN ('pending', 'processing')"
    )
    index("orders", "batch_id", where="state IN ('pending', 'processing')", name="orders_holding_idx")
    index("orders", "member_id", "id")
    index("orders", "course_id", "member_id")
    index("orders", "payment_id", where="payment_id IS NOT NULL")
    index("orders", "checkout_id", where="checkout_id IS NOT NULL")


def _fulfilments() -> None:
    create_owned(
        "fulfilments",
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("course_id", sa.Uuid, nullable=False),
        instant("granted_at", now=True),
        instant("revoked_at"),
        unique("fulfilments", "order_id", "course_id"),
        reference("order_id", "orders"),
        reference("member_id", "members"),
        reference("course_id", "courses"),
    )
    index("fulfilments", "member_id", "course_id")


def _ledger() -> None:
    create_owned(
        "ledger_entries",
        sa.Column("order_id", sa.Uuid, nullable=False),
        text("kind"),
        text("account"),
        sa.Column("amount", sa.Integer, nullable=False),
        text("currency"),
        instant("at", now=True),
        unique("ledger_entries", "order_id", "kind", "account"),
        reference("order_id", "orders"),
        one_of("ledger_entries", "account", ("buyer", "creator", "platform")),
        grant="SELECT, INSERT",
    )


def _inbox() -> None:
    create_owned(
        "payment_inbox",
        text("provider"),
        text("event_id"),
        text("kind"),
        instant("received_at", now=True),
        unique("payment_inbox", "provider", "event_id"),
        one_of("payment_inbox", "provider", PROVIDERS),
        relay="SELECT, DELETE",
    )
    op.execute("CREATE INDEX payment_inbox_relay_idx ON payment_inbox (received_at)")
    op.execute("COMMENT ON INDEX payment_inbox_relay_idx IS 'relay'")
