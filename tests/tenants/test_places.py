"""Places in a room: a page around a message, where a day begins, and that neither walks the whole room."""

from datetime import UTC, date, datetime
from typing import Any

import orjson

from tenants.community import messages, places
from tenants.members import profiles
from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants.test_community import make_room, say
from tests.world import World

_MANY = """
insert into messages (channel_id, id, room_id, member_id, client_id, seq, body, html, created_at)
select $1, gen_random_uuid(), $2, $3, gen_random_uuid(), n, '', '', $4::timestamptz + n * interval '1 hour'
from generate_series(1, 3000) n
"""


async def test_a_page_about_a_message_has_as_many_before_as_after(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    room = await make_room(tenancy, pottery)
    for _ in range(9):
        await say(tenancy, pottery, pottery.sam.actor, room)
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        for seq, seqs in ((5, [3, 4, 5, 6]), (1, [1, 2]), (9, [7, 8, 9]), (0, [1, 2]), (2**40, [8, 9])):
            assert [row["seq"] for row in await places.around(scope, room, seq, 4)] == seqs
        assert [row["seq"] for row in await places.around(scope, room, 5, 1)] == [5]


async def test_a_day_begins_in_ones_own_zone_or_the_channels(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    room = await make_room(tenancy, pottery)
    async with bare(tenancy.app, channel_id=pottery.id) as connection:
        # On a June day Amsterdam is two hours ahead: its 2nd begins with the message of 22:00 UTC on the 1st.
        await connection.execute("update channels set time_zone = 'Europe/Amsterdam' where id = $1", pottery.id)
        begin = datetime(2026, 6, 1, 0, tzinfo=UTC)
        await connection.execute(_MANY, pottery.id, room, pottery.sam.member_id, begin)
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        assert await places.day_begins(scope, room, date(2026, 6, 2)) == 22
        for far, seq in ((date.min, 1), (date(2026, 5, 1), 1), (date(2027, 1, 1), None), (date.max, None)):
            assert await places.day_begins(scope, room, far) == seq
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await profiles.put(scope, profiles.prepare({"time_zone": "Asia/Tokyo"}))
        assert await places.day_begins(scope, room, date(2026, 6, 2)) == 15


async def test_a_jump_reads_an_index_and_nothing_else_of_a_long_room(own: Tenancy, here: World) -> None:
    pottery = here.pottery
    room = await make_room(own, pottery)
    async with bare(own.app, channel_id=pottery.id) as connection:
        begin = datetime(2020, 1, 1, tzinfo=UTC)
        await connection.execute(_MANY, pottery.id, room, pottery.sam.member_id, begin)
        given = {"channel_id": pottery.id, "room_id": room, "then": datetime(2020, 3, 1, tzinfo=UTC), "limit": 25}
        given |= {"before": 1500, "after": 1499}

        async def plan(statement: Any) -> list[dict[str, Any]]:
            names = [name for name in statement.names if name in given]
            values = statement.arguments({name: given[name] for name in names})
            found = await connection.fetchval(f"explain (analyze, format json) {statement.sql}", *values)
            plans = found if isinstance(found, list) else orjson.loads(found)
            return list(_nodes(plans[0]["Plan"]))

        await connection.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
        (day,) = [node for node in await plan(places.FROM_THEN_ON) if "Index Name" in node]
        assert (day["Node Type"], day["Index Name"]) == ("Index Only Scan", "messages_room_id_created_at_seq_idx")
        assert day["Actual Rows"] == 1
        for statement in (messages.BEFORE, messages.AFTER):
            (page,) = [node for node in await plan(statement) if node.get("Relation Name") == "messages"]
            assert page["Index Name"] == "messages_channel_id_room_id_seq_key"
            assert "seq" in page["Index Cond"]
            assert page["Actual Rows"] == 25


def _nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
