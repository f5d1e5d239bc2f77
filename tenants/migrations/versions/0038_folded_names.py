"""Names of members as one types them who knows no accents, so that "jose" finds José; the directory's order too.

By functions of PostgreSQL itself: `unaccent` is an extension, which an installation need not have.
"""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import index

revision = "0038"
down_revision = "0037"

# As `folded` of tenants/members/members.py says it; what it stands for here never changes.
FOLDED = r"translate(regexp_replace(normalize(name, NFKD), '[\u0300-\u036F]', '', 'g'), 'øØłŁđĐħĦıŧŦ', 'oOlLdDhHitT')"
for letter, written in (("ß", "ss"), ("æ", "ae"), ("Æ", "ae"), ("œ", "oe"), ("Œ", "oe")):
    FOLDED = f"replace({FOLDED}, '{letter}', '{written}')"
FOLDED = f"lower({FOLDED})"


def upgrade() -> None:
    op.add_column("members", sa.Column("folded", sa.Text, sa.Computed(FOLDED, persisted=True), nullable=False))
    op.execute("DROP INDEX members_by_name_idx")
    index("members", "folded", "id", where="left_at IS NULL", name="members_by_name_idx")


def downgrade() -> None:
    op.execute("DROP INDEX members_by_name_idx")
    index("members", "lower(name)", "id", where="left_at IS NULL", name="members_by_name_idx")
    op.drop_column("members", "folded")
