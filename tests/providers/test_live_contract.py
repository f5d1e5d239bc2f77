"""One contract over every provider that hosts: only it is heard, each member has a way in of their own, and what goes
wrong is said with its cure."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from providers import PayloadRefused, ProviderDown, ProviderRefused, SignatureRefused
from providers.live import ADAPTERS, BODY_LIMIT, choose
from providers.live.credentials import FieldRefused
from providers.live.hosting import Present, Room, Stay
from providers.live.hosts import LiveHosts
from providers.live.wire import _BREAKERS
from tests.providers.live_sides import (
    HASTE,
    MEMBER,
    NOW,
    SIDES,
    STUDENT,
    TEACHER,
    TELLERS,
    Side,
    asked,
    let_in,
    meeting,
    told_by_webhook,
)
from tests.standins import bigbluebutton as bbb
from tests.standins import livekit, zoom
from tests.standins.live import Manners, astray


@pytest.fixture(params=sorted(SIDES))
def side(request: pytest.FixtureRequest) -> Side:
    """One that hosts classes, and can be asked."""
    return SIDES[request.param]()


@pytest.fixture(params=sorted(TELLERS))
def teller(request: pytest.FixtureRequest) -> Side:
    """One that tells of classes."""
    return TELLERS[request.param]()


def test_every_kind_is_under_this_contract_or_cannot_be_asked() -> None:
    assert set(ADAPTERS) == {*TELLERS, "link"}


def test_each_event_is_read_in_our_words(teller: Side) -> None:
    for delivery, expected in teller.told:
        [event] = teller.hear(delivery)
        assert event == expected(event.event_id)


def test_a_delivery_sent_again_has_the_same_number_and_others_have_others(teller: Side) -> None:
    numbers = [teller.hear(delivery)[0].event_id for delivery, _ in teller.told]
    assert numbers == [teller.hear(delivery)[0].event_id for delivery, _ in teller.told]
    assert len(set(numbers)) == len(numbers) or teller.kind == "livekit"  # whose two egresses are one delivery


def test_what_we_do_not_know_is_no_event_and_no_fault(teller: Side) -> None:
    assert [teller.hear(delivery) for delivery in teller.unknown] == [[] for _ in teller.unknown]


def test_a_changed_body_header_address_or_secret_is_refused(teller: Side) -> None:
    (query, headers, raw), _ = teller.told[0]
    other = teller.provider.make_secret()
    tries = [(query, headers, raw + b"x"), (query, headers, raw[:-1]), teller.forged, ("", {}, raw)]
    tries += [(query, {**headers, name: value}, raw) for name in headers if name != "Content-Type" for value in CHANGED]
    for changed in tries if teller.kind != "bigbluebutton" else tries[:4]:
        with pytest.raises(SignatureRefused):
            teller.hear(changed)
    with pytest.raises(SignatureRefused):
        teller.hear((query, headers, raw), other)


@pytest.mark.parametrize("seconds", [-3600, -90, 1500, 90_000])
def test_neither_an_old_nor_a_future_signature_counts(teller: Side, seconds: float) -> None:
    assert teller.aged is not None
    assert teller.hear(teller.aged(290))
    late = seconds - 86_400 if teller.kind == "bigbluebutton" and seconds < 0 else seconds
    with pytest.raises(SignatureRefused):
        teller.hear(teller.aged(late))


def test_a_body_beyond_the_limit_is_refused_before_any_work(teller: Side) -> None:
    with pytest.raises(PayloadRefused) as refusal:
        teller.hear(("", {}, b" " * (BODY_LIMIT + 1)))
    assert refusal.value.status == 413


CHANGED = ("", "x", "é", "v0=", "a.b.c")


async def test_a_room_is_made_stands_and_is_closed(side: Side) -> None:
    async with asked(side) as (server, hosting):
        room = await hosting.create_room(meeting())
        if side.provider.abilities.recreates:
            assert await hosting.create_room(meeting()) == room
        assert (await hosting.room_state(room)).word in {"open", "waiting"}
        await hosting.end_room(room)
        if side.provider.abilities.recreates:
            assert (await hosting.room_state(room)).word == "ended"
            assert (await hosting.create_room(meeting())).ref == room.ref
        await hosting.end_room(Room("90000000009"))
        assert server.asked


async def test_each_member_has_a_way_in_of_their_own_by_their_part(side: Side) -> None:
    async with asked(side) as (_, hosting):
        room = await hosting.create_room(meeting())
        links = [await hosting.join_url(room, who) for who in (STUDENT, TEACHER)]
        assert len(set(links)) == 2
        assert all(parse_qs(urlsplit(link).query) for link in links)


async def test_a_check_says_what_stands(side: Side) -> None:
    async with asked(side) as (_, hosting):
        assert (await hosting.probe()).endswith(".")


async def test_recordings_are_listed_under_the_keys_that_webhooks_name(side: Side) -> None:
    async with asked(side) as (server, hosting):
        room = side.room
        if isinstance(server, livekit.LiveKitServer):
            server.egresses = [livekit.egress(_class(room), NOW, "https://films.example/a.mp4")]
        elif isinstance(server, zoom.ZoomServer):
            server.recordings[room.ref] = zoom.films(room.ref, NOW, "https://zoom.example")
        elif isinstance(server, bbb.BigBlueButtonServer):
            server.recordings[room.ref] = bbb.recording("rec-1", NOW, "https://films.example/playback/video/rec-1/")
        [found] = await hosting.list_recordings(room, NOW)
        named = {"livekit": "EG_1", "bigbluebutton": "rec-1", "zoom": f"{zoom.SITTING}|{NOW.isoformat()}"}
        assert (found.key, found.size, found.started_at) == (named[side.kind], 5, NOW)
        assert found.url.startswith("https://")
        assert await hosting.list_recordings(room, NOW.replace(year=NOW.year + 1)) == []


def _class(room: Room) -> Any:
    return room.ref


MISBEHAVIOURS = {
    "5xx": Manners(status=503),
    "slow": Manners(slow=2.0),
    "cut": Manners(cut=True),
    "html": Manners(lie=b"<html><body>Welcome to nginx</body></html>"),
    "nothing": Manners(lie=b""),
    "list": Manners(lie=b"[]"),
    "bomb": Manners(lie=b'<!DOCTYPE a [<!ENTITY b "c">]><response>&b;</response>'),
    "wrong types": Manners(lie=b'{"rooms": 5, "items": {"a": 1}, "access_token": [], "expires_in": "x"}'),
    "huge": Manners(lie=b"x" * (2 * 1024 * 1024)),
}


@pytest.mark.parametrize("name", sorted(MISBEHAVIOURS))
async def test_a_provider_that_misbehaves_is_a_sentence(side: Side, name: str) -> None:
    async with asked(side) as (server, hosting):
        server.manners = MISBEHAVIOURS[name]
        people = hosting.list_people if side.provider.abilities.calls_roll else partial(hosting.list_stays, since=NOW)
        for call in (partial(people, side.room), hosting.probe, partial(hosting.list_recordings, side.room, NOW)):
            with pytest.raises((ProviderDown, ProviderRefused)) as hindrance:
                await call()
            assert str(hindrance.value).endswith(".")


async def test_a_provider_that_fails_again_and_again_is_left_alone_and_others_of_its_kind_are_not(side: Side) -> None:
    async with asked(side) as (server, hosting), asked(side) as (_, other):
        server.manners = Manners(status=500)
        for _ in range(3):
            with pytest.raises(ProviderDown):
                await hosting.probe()
        asked_so_far = len(server.asked)
        with pytest.raises(ProviderDown, match="left alone"):
            await hosting.probe()
        assert len(server.asked) == asked_so_far
        assert await other.probe()
    _BREAKERS.clear()


async def test_wrong_keys_and_wrong_clocks_are_told_apart(side: Side) -> None:
    async with asked(side) as (server, hosting):
        server.manners = Manners(skew=format_datetime(NOW.replace(year=NOW.year - 1), usegmt=True))
        with pytest.raises(ProviderRefused, match="clock") as refused:
            await hosting.probe()
        assert refused.value.code == "clock_skew"
        server.manners = Manners(skew=format_datetime(datetime.now(UTC), usegmt=True))
        with pytest.raises(ProviderRefused, match=r"again") as refused:
            await hosting.probe()
        assert refused.value.code == "credentials_refused"


async def test_a_private_address_is_asked_only_where_the_operator_named_it(side: Side) -> None:
    async with side.serve() as server:
        hosts = LiveHosts()
        with pytest.raises(ProviderRefused, match="RECORDING_HOSTS"):
            await hosts.of(side.kind, side.provider.check(server.given)).probe()
        assert server.asked == []
        await hosts.close()


@pytest.mark.parametrize("kind", sorted(ADAPTERS))
def test_every_required_field_is_named_when_it_is_missing_or_not_its_own(kind: str) -> None:
    provider = choose(kind)
    full = {**SIDES[kind]().given} if kind in SIDES else {"url": "https://meet.example/a?b=c"}
    for field in provider.fields:
        if not field.optional:
            with pytest.raises(FieldRefused) as refused:
                provider.check({name: value for name, value in full.items() if name != field.name})
            assert (refused.value.field, refused.value.sentence[-1]) == (field.name, ".")
        with pytest.raises(FieldRefused):
            provider.check({**full, field.name: "a" * (field.longest + 1)})
    with pytest.raises(FieldRefused, match="no 'colour'"):
        provider.check({"colour": "red"})


@pytest.mark.parametrize("url", ["javascript:1", "ftp://a/", "https://u:p@h/", "https://", "x", "https://a b/", "//a"])
@pytest.mark.parametrize("kind", ["livekit", "bigbluebutton", "link", "zoom"])
def test_an_address_that_is_none_is_refused(kind: str, url: str) -> None:
    full = SIDES[kind]().given if kind in SIDES else {}
    with pytest.raises(FieldRefused) as refused:
        choose(kind).check({**full, "url": url})
    assert refused.value.field == "url"


def test_what_goes_astray_is_what_was_sent() -> None:
    sent = list(range(50))
    got = astray(sent, random.Random(1), drop=[3])
    assert set(got) == set(sent) - {3}
    assert got != sorted(got)


async def test_a_limit_that_is_reached_is_named_with_its_cure(side: Side) -> None:
    async with asked(side) as (server, hosting):
        if isinstance(server, livekit.LiveKitServer | bbb.BigBlueButtonServer):
            server.full = True
        else:
            server.manners = Manners(status=429)
        with pytest.raises((ProviderRefused, ProviderDown), match=r"limit is reached|slow down"):
            await hosting.create_room(meeting())


async def test_credentials_of_another_account_are_refused_with_where_to_look(side: Side) -> None:
    async with side.serve() as server:
        hosts = LiveHosts([server.host], HASTE)
        wrong = {**server.given, "secret": "of-somebody-else-and-long-enough"}
        with pytest.raises(ProviderRefused, match="does not accept these credentials") as refused:
            await hosts.of(side.kind, side.provider.check(wrong)).probe()
        assert refused.value.code == "credentials_refused"
        await hosts.close()


def test_every_kind_says_whether_it_can_say_who_is_there() -> None:
    able = {kind: (choose(kind).abilities.calls_roll, choose(kind).abilities.reports) for kind in ADAPTERS}
    assert able == {
        "livekit": (True, False), "bigbluebutton": (True, False), "zoom": (False, True),
        "generic": (False, False), "link": (False, False),
    }  # fmt: skip


async def test_who_is_in_the_room_is_told_as_the_webhook_tells_it(side: Side) -> None:
    who, at = told_by_webhook(side)
    async with asked(side) as (server, hosting):
        room = await hosting.create_room(meeting())
        if not side.provider.abilities.calls_roll:
            with pytest.raises(ProviderRefused, match="cannot be asked"):
                await hosting.list_people(room)
            return
        assert await hosting.list_people(room) == []
        let_in(server, (str(STUDENT.id), NOW), (str(TEACHER.id), NOW - timedelta(minutes=1)))
        found = await hosting.list_people(room)
        assert Present(who, "Zoë", at if side.kind == "livekit" else None) in found
        assert {each.participant for each in found} == {str(MEMBER), str(TEACHER.id)}
        assert await hosting.list_people(Room(str(uuid4()))) == []


async def test_who_was_there_is_reported_as_the_webhook_tells_it_or_not_at_all(side: Side) -> None:
    who, at = told_by_webhook(side)
    async with asked(side) as (server, hosting):
        assert await hosting.list_stays(side.room, NOW) == []
        if isinstance(server, zoom.ZoomServer):
            until = at + timedelta(minutes=1)
            server.sittings[side.room.ref] = {zoom.SITTING: [zoom.took_part(STUDENT.address, at, until)]}
            assert await hosting.list_stays(side.room, NOW) == [Stay(who, "Zoë", at, until)]
