"""Residue: what the attacks left in rows, Redis and files, once the workers have done the jobs they caused."""

# ruff: noqa: S608 - the statements are made of names in our own catalog; nothing that anybody sent is in them

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from redis import Redis

import search
from cli.isolation.scratch import Ground, connected
from cli.isolation.shapes import Shape
from cli.isolation.tally import Tally
from search.followed import FollowedSearch
from tenants import work
from tenants.ids import ChannelId, new_id
from tenants.permissions import acting_system
from tenants.work import Ticket
from workers import indexing
from workers.__main__ import make_shop
from workers.registry import MODULES, Workshop
from workers.run import perform_leased

# A browser prints, a film is fetched: both need more than a scratch database.
HEAVY = ("RenderCertificate", "IngestRecording")
MOST_LISTED = 5000
INDEXED = {"course": "courses", "lesson": "lessons", "message": "messages"}


async def do_jobs(ground: Ground) -> Tally:
    """Do the jobs of the attacker's channel, and index what it names: among that, rows of the other channel."""
    tally = Tally("Jobs of the attacker")
    channel_id = ChannelId(ground.own.channel_id)
    await _ask_to_index(ground, tally)
    engine = search.choose(ground.settings.elasticsearch_url, f"{ground.settings.deployment}-isolation-{new_id().hex}")
    shop = replace(make_shop(ground.settings), search=engine)
    try:
        await _index(ground, shop, tally)
        for row in await _waiting(ground):
            tally.tried[row["name"]] += 1
            if leased := await work.take(shop.tenancy, Ticket(channel_id, None, row["id"])):
                await perform_leased(shop, leased)
    finally:
        await shop.search.close()
        await shop.tenancy.close()
        await shop.store.close()
        await shop.mailer.close()
    return tally


async def _index(ground: Ground, shop: Workshop, tally: Tally) -> None:
    """Index the attacker's channel, in a second engine too if there is one, in an index of its own that is dropped."""
    channel_id = ChannelId(ground.own.channel_id)
    if not isinstance(shop.search, FollowedSearch):
        await indexing.drain(shop, channel_id)
        return
    follower = shop.search.follower
    try:
        await follower.indexes.swap(await follower.indexes.create())
        await indexing.drain(shop, channel_id)
        theirs = {str(row["id"]) for table in INDEXED.values() for row in ground.other.rows[table]}
        for owner in (ground.own, ground.other):
            async with shop.tenancy.scope(ChannelId(owner.channel_id), acting_system("isolation")) as scope:
                for _, document_id in await follower.listed(scope, None, MOST_LISTED):
                    tally.tried["documents of Elasticsearch"] += 1
                    if str(document_id) in theirs or owner is ground.other:
                        tally.leak(
                            f"the attacker's changes brought the other's document {document_id} into Elasticsearch"
                        )
    finally:
        await follower.indexes.drop()


async def _ask_to_index(ground: Ground, tally: Tally) -> None:
    """Changes of the attacker's channel that name documents of the other's."""
    async with connected(ground.settings, "guildhall_app") as app, app.transaction():
        await app.execute(f"SET LOCAL app.channel_id = '{ground.own.channel_id}'")
        for kind, table in INDEXED.items():
            for row in ground.other.rows[table]:
                tally.tried["index changes"] += 1
                await app.execute(
                    "INSERT INTO index_changes (channel_id, id, kind, document_id) VALUES ($1, $2, $3, $4::text::uuid)",
                    ground.own.channel_id, new_id(), kind, row["id"],
                )  # fmt: skip


async def _waiting(ground: Ground) -> list[Any]:
    names = [name for name in MODULES if name not in HEAVY]
    async with connected(ground.settings, "guildhall_backup") as reader:
        return list(
            await reader.fetch(
                "SELECT id, name FROM jobs WHERE channel_id = $1 AND state <> 'failed' AND name = ANY ($2) LIMIT 200",
                ground.own.channel_id, names,
            )
        )  # fmt: skip


async def search_residue(ground: Ground) -> Tally:
    """Look for the other's canaries in the attacker's rows, in all of Redis and in every file of the installation."""
    tally, canary = Tally("Residue"), f"{ground.other.mark}-canary"
    async with connected(ground.settings, "guildhall_backup") as reader:
        for shape in ground.shapes:
            for row in await reader.fetch(*_rows_of(shape, ground)) if _rows_of(shape, ground) else ():
                tally.tried["rows"] += 1
                if canary in row["words"]:
                    tally.leak(f"a row of the attacker in {shape.name} holds {_around(row['words'], canary)}")
    for key, words in await asyncio.to_thread(lambda: list(_redis(ground.settings.redis_url))):
        tally.tried["keys of Redis"] += 1
        if canary in key or canary in words:
            tally.leak(f"Redis holds {_around(f'{key} {words}', canary)} under {key}")
    for path in sorted(ground.settings.home.rglob("*")):
        if path.is_file():
            tally.tried["files"] += 1
            if canary.encode() in path.read_bytes() or canary in path.name:
                tally.leak(f"the file {path.relative_to(ground.settings.home)} holds the other's words")
    return tally


def _rows_of(shape: Shape, ground: Ground) -> tuple[Any, ...]:
    """The query of a table's rows that are the attacker's, and its value; nothing for a table of nobody."""
    if shape.owner:
        return f"SELECT t::text AS words FROM {shape.name} t WHERE {shape.owner} = $1", ground.own.channel_id
    if "person_id" in shape.names:
        return f"SELECT t::text AS words FROM {shape.name} t WHERE person_id = ANY ($1::uuid[])", ground.own.people
    return ()


def _redis(url: str) -> Iterator[tuple[str, str]]:
    """Every key and what is under it, as text."""
    with Redis.from_url(url, decode_responses=True, encoding_errors="replace") as redis:
        readers: dict[str, Any] = {
            "string": redis.get,
            "hash": redis.hgetall,
            "list": lambda key: redis.lrange(key, 0, -1),
            "set": redis.smembers,
            "zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
            "stream": redis.xrange,
        }
        for key in redis.scan_iter(count=500):
            kind = str(redis.type(key))
            yield str(key), str(readers[kind](key)) if kind in readers else ""


def _around(words: str, canary: str) -> str:
    at = words.find(canary)
    return words[at : at + 80]
