"""Search: the documents of the embedded engine, and the two functions that alone may look through them.

Full text and trigram operators are not leakproof, so under row-level security they never use an index. The table
belongs to `guildhall_search`, whose SECURITY DEFINER functions add the channel themselves.
"""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_function, create_owned, instant, text

revision = "0007"
down_revision = "0006"

FOUND = "TABLE (id uuid, kind text, parent_id uuid, place text, seq bigint, title text, body text, score real)"
SHOWN = "id, kind, parent_id, place, seq, title, left(body, 8000), score"
PAGE = """
SELECT {shown} FROM ({found}) AS found
WHERE after_score IS NULL OR (score, id) < (after_score, after_id)
ORDER BY score DESC, id DESC LIMIT how_many
"""
EXACT = """
SELECT d.*, ts_rank(d.words, asked_for.q, 1) AS score
FROM search_documents d, (SELECT to_tsquery('simple', asked) || to_tsquery('english', asked) AS q) AS asked_for
WHERE d.channel_id = (select nullif(current_setting('app.channel_id', true), '')::uuid)
  AND d.visibility = ANY (seen) AND d.kind = ANY (kinds) AND d.words @@ asked_for.q
"""
# The longest word finds candidates by the index; the others then have to be near as well.
NEAR = """
SELECT d.*, (SELECT avg(word_similarity(word, d.opening))::real FROM unnest(asked) AS word) AS score
FROM search_documents d
WHERE d.channel_id = (select nullif(current_setting('app.channel_id', true), '')::uuid)
  AND d.visibility = ANY (seen) AND d.kind = ANY (kinds) AND asked[1] <% d.opening
  AND NOT EXISTS (SELECT FROM unnest(asked) AS word WHERE NOT word <% d.opening)
"""
NEAR_WITHOUT_TRIGRAMS = "SELECT d.*, 0::real AS score FROM search_documents d WHERE false AND asked IS NOT NULL"


def upgrade() -> None:
    for extension in ("btree_gin", "pg_trgm"):
        _try_extension(extension)
    _documents()
    _index()
    create_function(
        "search_exact(asked text, kinds text[], seen text[], after_score real, after_id uuid, how_many integer)",
        FOUND,
        PAGE.format(shown=SHOWN, found=EXACT),
        owner="guildhall_search",
    )
    create_function(
        "search_near(asked text[], kinds text[], seen text[], after_score real, after_id uuid, how_many integer)",
        FOUND,
        PAGE.format(shown=SHOWN, found=NEAR if _has("pg_trgm") else NEAR_WITHOUT_TRIGRAMS),
        owner="guildhall_search",
    )
    if _has("pg_trgm"):
        op.execute("ALTER FUNCTION search_near SET pg_trgm.word_similarity_threshold = 0.45")
    create_function(
        "every_channel(after_id uuid, how_many integer)",
        "TABLE (id uuid, slug text)",
        """SELECT id, slug FROM channels WHERE state <> 'closed' AND (after_id IS NULL OR id > after_id)
           ORDER BY id LIMIT how_many""",
    )


def downgrade() -> None:
    for function in ("every_channel", "search_near", "search_exact"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("search_documents")


def _documents() -> None:
    vectors = " || ".join(
        f"setweight(to_tsvector('{language}', {column}), '{weight}')"
        for language in ("simple", "english")
        for column, weight in (("title_words", "A"), ("body_words", "C"))
    )
    create_owned(
        "search_documents",
        text("kind"),
        sa.Column("parent_id", sa.Uuid),
        text("visibility"),
        text("place"),
        sa.Column("seq", sa.BigInteger, nullable=False, server_default="0"),
        text("title"),
        text("body"),
        text("title_words"),
        text("body_words"),
        instant("indexed_at", now=True),
        sa.Column("words", sa.dialects.postgresql.TSVECTOR, sa.Computed(vectors, persisted=True), nullable=False),
        sa.Column(
            "opening", sa.Text, sa.Computed("left(title_words || ' ' || body_words, 400)", persisted=True),
            nullable=False,
        ),
    )  # fmt: skip
    op.execute("CREATE INDEX search_documents_parent_idx ON search_documents (channel_id, parent_id)")


def _index() -> None:
    if _has("btree_gin"):
        op.execute("CREATE INDEX search_documents_words_idx ON search_documents USING gin (channel_id, words)")
    else:
        op.execute("CREATE INDEX search_documents_words_idx ON search_documents USING gin (words)")
        op.execute("COMMENT ON INDEX search_documents_words_idx IS 'search'")
    if _has("btree_gin") and _has("pg_trgm"):
        op.execute(
            "CREATE INDEX search_documents_opening_idx ON search_documents USING gin (channel_id, opening gin_trgm_ops)"
        )
    # Enabled, not forced: its owner's functions must see past the policies to use the indexes above.
    op.execute("ALTER TABLE search_documents NO FORCE ROW LEVEL SECURITY")
    op.execute("GRANT CREATE ON SCHEMA public TO guildhall_search")
    op.execute("ALTER TABLE search_documents OWNER TO guildhall_search")
    op.execute("REVOKE CREATE ON SCHEMA public FROM guildhall_search")


def _try_extension(name: str) -> None:
    """Make an extension where the server has it and lets us; search does with less where not."""
    op.execute(f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_available_extensions WHERE name = '{name}') THEN
            CREATE EXTENSION IF NOT EXISTS {name} SCHEMA public;
          END IF;
        EXCEPTION WHEN insufficient_privilege THEN
          RAISE NOTICE '{name} may not be made here';
        END $$""")


def _has(name: str) -> bool:
    found = op.get_bind().execute(sa.text("SELECT 1 FROM pg_extension WHERE extname = :name"), {"name": name})
    return found.first() is not None
