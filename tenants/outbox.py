"""The outbox: side effects as rows of the transaction that causes them: none is lost, none outlives a rollback.

`notices` wait to be told on the wire, `jobs` to be done, `index_changes` to reach the search index. The relay role
reads them across channels; a job's row stays until it is done, or for ever with its error when it failed.
"""

from typing import Any

from sqlalchemy import Boolean, Column, Integer, Text, Uuid

from tenants.tables import Json, instant, owned, shared, text


def _job_columns() -> tuple[Column[Any], ...]:
    """What a job is, whoever asked for it."""
    return (
        text("queue"),
        text("name"),
        Column("payload", Json, nullable=False),
        text("state", default="waiting"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("waits", Integer, nullable=False, server_default="0"),
        instant("waiting_since"),
        Column("request_id", Text),
        Column("error", Text),
        instant("run_at", now=True),
        instant("sent_at"),
        Column("lease", Uuid),
        instant("leased_until"),
        instant("created_at", now=True),
    )


MOST_ENDPOINTS = 10
NOTICES = owned(
    "notices",
    text("event"),
    Column("room_id", Uuid),
    Column("person_id", Uuid),
    Column("payload", Json, nullable=False),
    instant("created_at", now=True),
)
JOBS = owned(
    "jobs",
    *_job_columns(),
)
# `followed`: the documents here are as the row is, and a second engine has to take them; `refused`: it never will.
INDEX_CHANGES = owned(
    "index_changes",
    text("kind"),
    Column("document_id", Uuid, nullable=False),
    Column("followed", Boolean, nullable=False, server_default="false"),
    Column("refused", Text),
)
PERSON_JOBS = shared(
    "person_jobs",
    Column("person_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    *_job_columns(),
)

FLUSH = """
with told as (
  insert into notices (channel_id, id, event, room_id, person_id, payload)
  select $1, n.id, n.event, n.room_id, n.person_id, n.payload
  from jsonb_to_recordset($2) as n(id uuid, event text, room_id uuid, person_id uuid, payload jsonb)
), changed as (
  insert into index_changes (channel_id, id, kind, document_id)
  select $1, c.id, c.kind, c.document_id from jsonb_to_recordset($3) as c(id uuid, kind text, document_id uuid)
)
insert into jobs (channel_id, id, queue, name, payload, request_id, run_at)
select $1, j.id, j.queue, j.name, j.payload, j.request_id, coalesce(j.run_at, now())
from jsonb_to_recordset($4) as j(id uuid, queue text, name text, payload jsonb, request_id text, run_at timestamptz)
"""
# What happened, for each endpoint that listens for it, with a job; ids are made beforehand, enough for all of them.
HAPPENED = """
with heard as (
  select e.id as endpoint_id, h.id as event_id, h.event, h.payload, row_number() over (order by h.id, e.id) as place
  from jsonb_to_recordset($2) as h(id uuid, event text, payload jsonb)
  join webhook_endpoints e on e.channel_id = $1 and e.enabled and h.event = any(e.events)
), delivered as (
  insert into webhook_deliveries (channel_id, id, endpoint_id, event, event_id, payload)
  select $1, ($3::uuid[])[place], endpoint_id, event, event_id, payload from heard order by place returning id
)
insert into jobs (channel_id, id, queue, name, payload, request_id)
select $1, ($4::uuid[])[row_number() over (order by id)], 'webhooks', 'DeliverWebhook',
  jsonb_build_object('delivery_id', id), $5 from delivered
"""
FLUSH_PERSON = """
insert into person_jobs (person_id, id, queue, name, payload, request_id, run_at)
select $1, j.id, j.queue, j.name, j.payload, j.request_id, coalesce(j.run_at, now())
from jsonb_to_recordset($2) as j(id uuid, queue text, name text, payload jsonb, request_id text, run_at timestamptz)
"""
