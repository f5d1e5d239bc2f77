"""Schema lint: reads pg_catalog and names every table, key, index, grant or function through which a row could leak.

Each rule is one query that yields what breaks it: `thing, problem`. Nothing is written.
"""

# ruff: noqa: S608 - the statements are made of names in our own catalog; nothing that anybody sent is in them

from collections.abc import Sequence

import asyncpg
from sqlalchemy import ForeignKeyConstraint

from cli.isolation.tally import Tally
from tenants.tables import METADATA, is_owned

# Each runs as a role of its own and looks across channels; here is what for.
DEFINERS = {
    "admit": "a token's person and membership at the door of a channel",
    "certificate_at": "what a certificate says, for whoever has its code",
    "channel_at": "the channel of a slug or host",
    "channel_of_account": "the channel of a payment provider's webhook",
    "channel_of_connection": "the channel of a live connection's webhook",
    "channel_of_incoming": "the channel of an incoming webhook's address",
    "channels_listed": "the public list",
    "every_channel": "ids and slugs, to rebuild the search index of each",
    "reports_due": "which channels wait for the report of a week, by id",
    "admit_key": "whom a key acts for in the channel",
    "found_installation": "keeps the installation's first key",
    "installation_root": "the installation's key",
    "memberships_of": "a person's own channels",
    "person_by_email": "sign-in",
    "refresh_of": "the session of a refresh token",
    "room_heads": "the newest number of rooms that have open sockets",
    "rooms_standing": "who may still see the rooms they joined, for open sockets",
    "find_exact": "full text within the set channel",
    "find_near": "likeness within the set channel",
    "search_exact": "the same for the version before",
    "search_near": "the same for the version before",
    "session_of": "the session of a token",
    "sign_in_failed": "pauses after failed sign-ins",
    "sign_in_standing": "pauses after failed sign-ins",
    "sign_in_succeeded": "pauses after failed sign-ins",
    "sockets_standing": "whose session or membership has ended, for open sockets",
}
UNFORCED = ("search_documents",)
ROLES = ("guildhall_app", "guildhall_relay", "guildhall_backup", "guildhall_directory", "guildhall_search")
LOGINS = ROLES[:3]

_CHANNEL = "( SELECT (NULLIF(current_setting('app.channel_id'::text, true), ''::text))::uuid AS \"nullif\")"
_PERSON = _CHANNEL.replace("channel_id", "person_id")
OWNED_POLICY = (f"(channel_id = {_CHANNEL})",)
GLOBAL_POLICIES = (
    *OWNED_POLICY,
    f"(person_id = {_PERSON})",
    f"(id = {_CHANNEL})",
    f"(id = {_PERSON})",
    "false",
)

_TABLES = """
WITH given AS (SELECT $1::text[] AS unforced, $2::text[] AS definers, $3::text[] AS roles, $4::text[] AS logins),
tables AS (
  SELECT c.oid, c.relname::text AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
    coalesce(obj_description(c.oid, 'pg_class'), '') = 'global' AS global,
    (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'channel_id' AND a.attnotnull)
      AS channel
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND c.relname <> 'alembic_version'
), owned AS (SELECT * FROM tables WHERE NOT global AND channel IS NOT NULL)
"""
RULES: dict[str, str] = {
    "owner": "SELECT name AS thing, 'has no channel_id NOT NULL and is not marked global' AS problem"
    " FROM tables WHERE channel IS NULL AND NOT global",
    "row-level security": "SELECT name AS thing, 'row-level security is not enabled and forced' AS problem FROM tables"
    " WHERE NOT enabled OR NOT (forced OR name = ANY ($1))",
    "missing policy": "SELECT name AS thing, 'lacks the policy tenant or backup' AS problem FROM tables"
    " WHERE 2 > (SELECT count(*) FROM pg_policy WHERE polrelid = tables.oid AND polname IN ('tenant', 'backup'))",
    "keys and indexes": """SELECT i.indexrelid::regclass::text AS thing, 'is not led by channel_id' AS problem
        FROM pg_index i JOIN owned ON owned.oid = i.indrelid
        WHERE i.indkey[0] <> owned.channel AND (i.indisunique
          OR coalesce(obj_description(i.indexrelid, 'pg_class'), '') NOT IN ('relay', 'directory', 'search'))""",
    "primary keys": """SELECT name AS thing, 'has no primary key' AS problem FROM owned
        WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = owned.oid AND i.indisprimary)""",
    "references": """SELECT f.conrelid::regclass || '.' || f.conname AS thing, 'does not pair channel_id' AS problem
        FROM pg_constraint f JOIN owned a ON a.oid = f.conrelid JOIN owned b ON b.oid = f.confrelid
        WHERE f.contype = 'f' AND NOT EXISTS (SELECT FROM unnest(f.conkey, f.confkey) AS pair(here, there)
          WHERE here = a.channel AND there = b.channel)""",
    "references from outside": """SELECT f.conrelid::regclass || '.' || f.conname AS thing,
        'points from a global table at an owned one' AS problem
        FROM pg_constraint f JOIN tables a ON a.oid = f.conrelid AND a.global JOIN owned b ON b.oid = f.confrelid
        WHERE f.contype = 'f'""",
    "references to channels": """SELECT name AS thing, 'channel_id does not refer to channels' AS problem FROM owned
        WHERE NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = owned.oid AND f.contype = 'f'
          AND f.confrelid = 'channels'::regclass AND f.conkey = ARRAY[owned.channel])""",
    "references validated": """SELECT conrelid::regclass || '.' || conname AS thing, 'is not validated' AS problem
        FROM pg_constraint WHERE contype = 'f' AND NOT convalidated""",
    "views": """SELECT c.oid::regclass::text AS thing, 'is a view, or the like, that runs as its owner' AS problem
        FROM pg_class c LEFT JOIN pg_depend e ON e.objid = c.oid AND e.deptype = 'e'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('v', 'm', 'f') AND e.objid IS NULL
          AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)""",
    "functions": """SELECT p.oid::regprocedure::text AS thing,
        CASE WHEN NOT p.proname = ANY ($2) THEN 'is SECURITY DEFINER and not listed'
          WHEN NOT coalesce('search_path=public, pg_temp' = ANY (p.proconfig), false) THEN 'has no pinned search_path'
          WHEN r.rolname NOT IN ('guildhall_directory', 'guildhall_search') THEN 'runs as ' || r.rolname
          ELSE 'can be called by everyone' END AS problem
        FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
        WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace AND (NOT p.proname = ANY ($2)
          OR NOT coalesce('search_path=public, pg_temp' = ANY (p.proconfig), false)
          OR r.rolname NOT IN ('guildhall_directory', 'guildhall_search')
          OR EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) WHERE grantee = 0))""",
    "grants": """SELECT c.oid::regclass::text AS thing,
        coalesce(r.rolname, 'PUBLIC') || ' may ' || lower(g.privilege_type) AS problem
        FROM pg_class c CROSS JOIN aclexplode(c.relacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee
        LEFT JOIN pg_depend e ON e.objid = c.oid AND e.deptype = 'e'
        WHERE c.relnamespace = 'public'::regnamespace AND g.grantee <> c.relowner AND e.objid IS NULL
          AND (g.grantee = 0 OR g.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
            OR NOT r.rolname = ANY ($3) OR g.is_grantable
            OR (r.rolname = 'guildhall_backup' AND g.privilege_type <> 'SELECT'))""",
    "grants of columns": """SELECT attrelid::regclass || '.' || attname AS thing, 'has grants of its own' AS problem
        FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid IN (SELECT oid FROM tables)""",
    "grants to come": """SELECT defaclrole::regrole::text AS thing, 'grants what it makes by default' AS problem
        FROM pg_default_acl""",
    "grants of the schema": """SELECT 'public' AS thing, coalesce(r.rolname, 'PUBLIC') || ' may create in it' AS problem
        FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee
        WHERE n.nspname = 'public' AND g.privilege_type = 'CREATE'
          AND (g.grantee = 0 OR r.rolname = ANY ($3))""",
    "roles": """SELECT rolname::text AS thing, 'is superuser, bypasses row-level security or may make roles' AS problem
        FROM pg_roles WHERE rolname = ANY ($3)
          AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)""",
    "roles that sign in": """SELECT rolname::text AS thing, 'must not be able to sign in' AS problem
        FROM pg_roles WHERE rolname = ANY ($3) AND NOT rolname = ANY ($4) AND rolcanlogin""",
    "roles in roles": """SELECT m.member::regrole::text AS thing, 'is a member of ' || m.roleid::regrole AS problem
        FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = ANY ($3)""",
    "owners": """SELECT c.oid::regclass::text AS thing, 'belongs to ' || r.rolname AS problem
        FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
        WHERE r.rolname = ANY ($3) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
          AND NOT (r.rolname = 'guildhall_search' AND c.relname = ANY ($1))
          AND c.relnamespace = 'public'::regnamespace""",
}
_NAMES: tuple[Sequence[str], ...] = (UNFORCED, tuple(DEFINERS), ROLES, LOGINS)

_POLICIES = """
SELECT c.relname::text AS thing, p.polname::text AS name, p.polcmd::text AS command, p.polpermissive AS permissive,
  ARRAY(SELECT coalesce(r.rolname::text, 'PUBLIC') FROM unnest(p.polroles) o LEFT JOIN pg_roles r ON r.oid = o)
    AS roles,
  pg_get_expr(p.polqual, p.polrelid) AS seen, pg_get_expr(p.polwithcheck, p.polrelid) AS written,
  obj_description(c.oid, 'pg_class') IS NOT DISTINCT FROM 'global' AS global
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'public'::regnamespace
"""
_REFERENCES = """
SELECT f.conrelid::regclass::text AS here, f.confrelid::regclass::text AS there,
  ARRAY(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY AS k(number, place)
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number ORDER BY k.place) AS columns
FROM pg_constraint f WHERE f.contype = 'f'
"""


async def lint_schema(connection: asyncpg.Connection) -> Tally:
    """Every rule over the database that the connection is in; it reads the catalog and nothing else."""
    tally = Tally("Schema lint")
    tables = await connection.fetchval(_TABLES + "SELECT count(*) FROM tables", *_NAMES)
    for rule, query in RULES.items():
        tally.tried[rule] += tables
        for row in await connection.fetch(_TABLES + query, *_NAMES):
            tally.leak(f"{row['thing']} {row['problem']}")
    await _check_policies(connection, tally)
    await _check_declared(connection, tally)
    return tally


async def _check_policies(connection: asyncpg.Connection, tally: Tally) -> None:
    for row in await connection.fetch(_POLICIES):
        tally.tried["policies"] += 1
        if not _is_canonical(row):
            tally.leak(f"{row['thing']} has the policy {row['name']} that is not one of ours")


def _is_canonical(row: asyncpg.Record) -> bool:
    if not row["permissive"] or len(row["roles"]) != 1:
        return False
    role, seen, written = row["roles"][0], row["seen"], row["written"]
    match row["name"], role, row["command"]:
        case "tenant", "guildhall_app", "*":
            return written == seen and seen in (GLOBAL_POLICIES if row["global"] else OWNED_POLICY)
        case "relay", "guildhall_relay", "*":
            return (seen, written) == ("true", "true")
        case ("backup", "guildhall_backup", "r") | ("directory", "guildhall_directory", "r"):
            return (seen, written) == ("true", None)
    return bool(row["global"]) and role == "guildhall_directory"


async def _check_declared(connection: asyncpg.Connection, tally: Tally) -> None:
    """Each reference that the code declares exists, so that one which was dropped is missed."""
    kept = {(row["here"], row["there"], frozenset(row["columns"])) for row in await connection.fetch(_REFERENCES)}
    for table in METADATA.tables.values():
        for constraint in table.constraints:
            if is_owned(table) and isinstance(constraint, ForeignKeyConstraint):
                tally.tried["declared references"] += 1
                columns = frozenset(constraint.column_keys)
                if (table.name, constraint.referred_table.name, columns) not in kept:
                    tally.leak(f"{table.name} lacks its reference ({', '.join(sorted(columns))})")
