"""Search in stretches: messages have numbers, and a word is looked for among the newest first.

Decision 0029 says why. `number` grows with each message of a channel that is indexed; courses and lessons, which are
few, have 0, and indexes of their own. `search_exact` and `search_near` stay for processes of the version before.
"""

# ruff: noqa: S608 - the statements are made of what stands here

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_function, index

revision = "0041"
down_revision = "0040"

# A span is 1,024 messages of a channel that follow one another. The spans of a message, the wide one below zero.
SPAN = 1024
SPANS = "(ARRAY[(number >> 10)::integer, (-1 - (number >> 14))::integer])"
# The same in another order, so that neither index is taken for the spans in the place of the other.
SPANS_OF_OPENINGS = "(ARRAY[(-1 - (number >> 14))::integer, (number >> 10)::integer])"
# A stretch holds as many messages that answer; what is as rare as RARE in a channel is looked for in all of it.
ENOUGH, RARE = 50, 250
# Above so many spans, asking for each of them takes longer than passing over what is found elsewhere.
MOST_SPANS = 384
# So many messages are looked through one by one for a word that is begun, and to tell which of two is the rarer.
WALKED, SAMPLED = 8192, 256

ASKED = (
    "kinds text[], seen text[], after_score real, after_id uuid, low bigint, high bigint, newest boolean,"
    " how_many integer"
)
FOUND = (
    "TABLE (id uuid, kind text, parent_id uuid, place text, seq bigint, title text, body text, score real,"
    " stretch_low bigint, stretch_high bigint, stretch_newest boolean)"
)
# Each is planned for what it is asked, for channels differ; and by a bitmap, for LIMIT would have it read a channel
# in the order of another index.
SETTINGS = {
    "enable_indexscan": "on",
    "enable_seqscan": "off",
    "max_parallel_workers_per_gather": "0",
    "plan_cache_mode": "force_custom_plan",
}
GATHER = """
SELECT coalesce(array_agg(m.id), '{{}}'), coalesce(array_agg(m.score), '{{}}') INTO more_ids, more_scores FROM (
  SELECT d.id, {score} AS score FROM {documents} d
  WHERE d.channel_id = channel AND d.visibility = ANY (seen) AND d.kind = ANY (kinds) AND {answers} AND {where}
  LIMIT most) m;"""
FEW = "d.kind <> 'message'"
# Sums, so that no other index than those of words and likeness is thought of.
ANYWHERE = "d.kind = 'message' AND (d.number + 0 > below OR below = 0) AND d.number + 0 <= above"
IN_SPANS = ANYWHERE + " AND {spans_of} && spans"
# Fenced off, so that it is read by its numbers and not by its words.
ONE_BY_ONE = """(SELECT * FROM search_documents
    WHERE channel_id = channel AND number >= below + sign(below)::integer AND number <= above OFFSET 0)"""
FIND = f"""
#variable_conflict use_column
DECLARE
  channel uuid := nullif(current_setting('app.channel_id', true), '')::uuid;
  enough integer := greatest(how_many, {ENOUGH});
  ids uuid[]; scores real[]; more_ids uuid[]; more_scores real[]; spans integer[];
  above bigint; below bigint; width bigint; widest bigint; most integer;
  rare boolean; rows integer; given integer := 0;
  {{declared}}
BEGIN
  SELECT d.number INTO above FROM search_documents d WHERE d.channel_id = channel ORDER BY d.number DESC LIMIT 1;
  -- Places come from outside.
  high := coalesce(least(high, above), 0);
  low := CASE WHEN low < high THEN low END;
  PERFORM set_config('enable_indexscan', 'off', true);
  {{prepared}}
  LOOP
    ids := '{{{{}}}}'; scores := '{{{{}}}}'; rows := 0; above := high; most := NULL; rare := true;
    IF newest THEN
      {{few}}
      ids := more_ids; scores := more_scores;
    END IF;
    width := coalesce(high - low, {SPAN});
    WHILE above > coalesce(low, 0) AND (rows < enough OR low IS NOT NULL) LOOP
      below := greatest(above - width, 0);
      most := CASE WHEN low IS NULL AND width > {SPAN} THEN 10 * enough END;
      -- A variable, so that each plan is made for as many as there are.
      spans := CASE
        WHEN above - below <= 16 * {SPAN} THEN ARRAY(SELECT generate_series(below + 1 >> 10, above >> 10)::integer)
        ELSE ARRAY(SELECT generate_series(-1 - (above >> 14), -1 - (below + 1 >> 14))::integer) END;
      {{messages}}
      IF cardinality(more_ids) = most THEN
        rare := false;
        widest := greatest({SPAN}, (above - below) / 8);
      ELSE
        ids := ids || more_ids; scores := scores || more_scores; rows := rows + cardinality(more_ids); above := below;
        widest := 64 * (high - above);
      END IF;
      rare := rare AND rows * high <= {RARE} * (high - above);
      width := CASE WHEN rare THEN above ELSE
        least(widest, greatest({SPAN}, (high - above) * (enough - rows) * 5 / (greatest(rows, 1) * 4))) END;
    END LOOP;
    RETURN QUERY
    SELECT d.id, d.kind, d.parent_id, d.place, d.seq, d.title, left(d.body, 8000), best.score, above, high, newest
    FROM (
      SELECT f.id, f.score FROM unnest(ids, scores) AS f(id, score)
      WHERE after_score IS NULL OR (f.score, f.id) < (after_score, after_id)
      ORDER BY f.score DESC, f.id DESC LIMIT how_many - given
    ) best JOIN search_documents d ON d.channel_id = channel AND d.id = best.id
    ORDER BY best.score DESC, best.id DESC;
    GET DIAGNOSTICS rows = ROW_COUNT;
    given := given + rows;
    EXIT WHEN given >= how_many OR above = 0;
    high := above; low := NULL; newest := false; after_score := NULL;
  END LOOP;
END
"""
BY_WIDTH = f"""IF below = 0 AND above > {MOST_SPANS * SPAN} THEN {{anywhere}}
      ELSE {{in_spans}}
      END IF;"""

EXACT_ASKED = f"asked text, whole text, begun text, {ASKED}"
EXACT_DECLARED = "q tsquery; sought tsquery; whole_q tsquery; begun_q tsquery;"
# The index would first gather every word that goes on from what is begun, in all channels. So the newest messages are
# looked through one by one, and of the whole words and the begun one the index is asked for the rarer.
EXACT_PREPARED = f"""q := to_tsquery('simple', asked) || to_tsquery('english', asked);
  sought := q;
  IF begun <> '' AND whole <> '' AND numnode(to_tsquery('english', whole)) > 0 THEN
    whole_q := to_tsquery('simple', whole) || to_tsquery('english', whole);
    begun_q := to_tsquery('simple', begun) || to_tsquery('english', begun);
    SELECT CASE WHEN count(*) FILTER (WHERE n.words @@ begun_q) > count(*) FILTER (WHERE n.words @@ whole_q)
      THEN whole_q ELSE q END INTO sought FROM (
      SELECT d.words FROM search_documents d
      WHERE d.channel_id = channel AND d.number > greatest(high - {SAMPLED}, 0) AND d.number <= high OFFSET 0) n;
  END IF;"""
RANK = "ts_rank(d.words, q, 1)"
# By a function, so that the index is asked for no more than what is sought.
MATCHES = "d.words @@ sought AND ts_match_vq(d.words, q)"

NEAR_ASKED = f"asked text[], {ASKED}"
LIKENESS = "(SELECT avg(word_similarity(word, d.opening))::real FROM unnest(asked) AS word)"
# The longest word finds candidates by the index; the others then have to be near as well.
# Asked for apart, for planning with the word would compare it with every sample of the statistics.
RESEMBLES = (
    "(SELECT asked[1]) <% d.opening AND NOT EXISTS (SELECT FROM unnest(asked[2:]) AS word WHERE NOT word <% d.opening)"
)


def upgrade() -> None:
    op.add_column("search_documents", sa.Column("number", sa.BigInteger, nullable=False, server_default="0"))
    for name in ("words", "opening"):
        op.execute(f"DROP INDEX IF EXISTS search_documents_{name}_idx")
    op.execute("""
        UPDATE search_documents d SET number = n.number FROM (
          SELECT channel_id, id, row_number() OVER (PARTITION BY channel_id ORDER BY id) AS number
          FROM search_documents WHERE kind = 'message'
        ) n WHERE d.channel_id = n.channel_id AND d.id = n.id""")
    index("search_documents", "number")
    _make_indexes(spanned=True)
    _make_indexes(spanned=False, few="few_", where="WHERE kind <> 'message'")
    _make("find_exact", EXACT_ASKED, _exact(), {})
    if _has("pg_trgm"):
        _make("find_near", NEAR_ASKED, _near(), {"pg_trgm.word_similarity_threshold": "0.45"})
    else:
        _make("find_near", NEAR_ASKED, "BEGIN RETURN; END", {})


def downgrade() -> None:
    op.execute("DROP FUNCTION find_exact, find_near")
    op.execute("DROP INDEX IF EXISTS search_documents_few_words_idx, search_documents_few_opening_idx")
    op.drop_column("search_documents", "number")
    _make_indexes(spanned=False)


def _make_indexes(*, spanned: bool, few: str = "", where: str = "") -> None:
    """Indexes of words and of likeness, as far as the extensions that they need are there."""
    by_channel = _has("btree_gin")
    words = ["channel_id"] * by_channel + [SPANS] * spanned + ["words"]
    op.execute(
        f"CREATE INDEX search_documents_{few}words_idx ON search_documents USING gin ({', '.join(words)}) {where}"
    )
    if not by_channel:
        op.execute(f"COMMENT ON INDEX search_documents_{few}words_idx IS 'search'")
    elif _has("pg_trgm"):
        opening = ["channel_id", *[SPANS_OF_OPENINGS] * spanned, "opening gin_trgm_ops"]
        op.execute(f"CREATE INDEX search_documents_{few}opening_idx ON search_documents"
                   f" USING gin ({', '.join(opening)}) {where}")  # fmt: skip


def _make(name: str, asked: str, body: str, settings: dict[str, str]) -> None:
    create_function(f"{name}({asked})", FOUND, body, owner="guildhall_search", language="plpgsql")
    for setting, value in (SETTINGS | settings).items():
        op.execute(f"ALTER FUNCTION {name} SET {setting} = {value}")


def _exact() -> str:
    in_spans, anywhere = (_gather(RANK, MATCHES, where) for where in (IN_SPANS.format(spans_of=SPANS), ANYWHERE))
    one_by_one = _gather(RANK, "d.words @@ q", "d.kind = 'message'", ONE_BY_ONE)
    messages = (
        f"IF begun <> '' AND sought = q AND above - below <= {WALKED} THEN {one_by_one}"
        f"\n      ELS{BY_WIDTH.format(anywhere=anywhere, in_spans=in_spans)}"
    )
    few = _gather(RANK, "d.words @@ q", FEW)
    return FIND.format(declared=EXACT_DECLARED, prepared=EXACT_PREPARED, few=few, messages=messages)


def _near() -> str:
    wheres = (IN_SPANS.format(spans_of=SPANS_OF_OPENINGS), ANYWHERE, FEW)
    in_spans, anywhere, few = (_gather(LIKENESS, RESEMBLES, where) for where in wheres)
    messages = BY_WIDTH.format(anywhere=anywhere, in_spans=in_spans)
    return FIND.format(declared="", prepared="", few=few, messages=messages)


def _gather(score: str, answers: str, where: str, documents: str = "search_documents") -> str:
    return GATHER.format(score=score, answers=answers, where=where, documents=documents)


def _has(extension: str) -> bool:
    found = op.get_bind().execute(sa.text("SELECT 1 FROM pg_extension WHERE extname = :name"), {"name": extension})
    return found.first() is not None
