"""Whatever the far side does, a recording is read right or refused by name, in bounded time."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.standins.recordings import Manners, recording_server
from tests.workers.media.rooms import QUICK, names_in, opened, outbound
from workers.media.failures import (
    LinkExpired,
    NotAVideo,
    SourceChanged,
    SourceLied,
    SourceRefused,
    SourceUnreachable,
    TooLarge,
)
from workers.media.ports import MIB, Limits
from workers.media.source import HttpSource, open_source


async def fetched(film: Path, manners: Manners, limits: Limits = QUICK, stall: float = 10.0) -> bytes:
    """All bytes that the source yields while its server has these manners."""
    async with opened(film, manners, limits, stall=stall) as (_, source):
        return await source.read(0, source.size)


async def test_a_recording_is_read_anywhere_by_range_of_one_version(film: Path, footage: bytes) -> None:
    async with opened(film) as (server, source):
        assert isinstance(source, HttpSource)
        assert source.size == len(footage)
        assert await source.read(1000, 1003) == footage[1000:1003]
        assert server.headers["range"] == "bytes=1000-1002"
        assert server.headers["if-range"] == '"one"'
        assert server.headers["authorization"] == "Bearer key"
        assert server.headers["accept-encoding"] == "identity"
        assert server.sent == 4


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_server_without_ranges_is_copied_once_and_the_copy_removed(
    film: Path, footage: bytes, tmp_path: Path, chunked: bool
) -> None:
    async with opened(film, Manners(ranges=False, chunked=chunked), folder=tmp_path) as (server, source):
        assert len(names_in(tmp_path)) == 1
        assert await source.read(0, source.size) == footage
        assert len(server.asked) == 2
    assert names_in(tmp_path) == []


async def test_a_connection_cut_now_and_then_is_taken_up_where_it_broke(film: Path, footage: bytes) -> None:
    async with opened(film, Manners(cut_at=300_001, cut_times=2)) as (server, source):
        assert await source.read(0, source.size) == footage
        assert server.cuts == 2
        assert server.asked[2].startswith("bytes=300001-")


async def test_a_server_that_fails_for_a_moment_is_asked_again(film: Path, footage: bytes) -> None:
    assert await fetched(film, Manners(status=503, status_times=2)) == footage


MISBEHAVIOURS = {
    "stalls": (Manners(stall_at=200_000), SourceUnreachable, "stopped sending"),
    "stalls at once": (Manners(stall_at=0), SourceUnreachable, "stopped sending"),
    "drips": (Manners(drip=True), SourceUnreachable, "too slowly"),
    "cuts for ever": (Manners(cut_at=100_000), SourceUnreachable, "broke off"),
    "fails for ever": (Manners(status=502), SourceUnreachable, "answered 502"),
    "asks too much": (Manners(status=429), SourceUnreachable, "answered 429"),
    "link expired": (Manners(status=403), LinkExpired, "link is not valid"),
    "gone": (Manners(status=410), SourceRefused, "answered 410"),
    "compressed": (Manners(compressed=True), SourceLied, "compressed"),
    "changes": (Manners(change_after=1), SourceChanged, "was replaced"),
    "changes unasked": (Manners(change_after=1, obey_if_range=False), SourceChanged, "was replaced"),
    "sends another part": (Manners(wrong_part=True), SourceLied, "another part"),
    "announces more": (Manners(longer_by=70_000), SourceUnreachable, "broke off"),
    "announces more in chunks": (Manners(longer_by=70_000, chunked=True), SourceLied, "not as long"),
    "never ends": (Manners(chunked=True, endless=True), SourceLied, "not as long"),
    "no ranges, stalls": (Manners(ranges=False, stall_at=200_000), SourceUnreachable, "stopped sending"),
    "no ranges, cuts": (Manners(ranges=False, cut_at=200_000), SourceUnreachable, "broke off"),
    "no ranges, never ends": (Manners(ranges=False, chunked=True, endless=True), TooLarge, "larger than"),
    "no ranges, announces more": (Manners(ranges=False, longer_by=70_000), SourceUnreachable, "broke off"),
    "redirects to a private address": (Manners(redirect="https://10.0.0.1/x"), SourceRefused, "private"),
    "redirects to the metadata server": (Manners(redirect="https://169.254.169.254/x"), SourceRefused, "private"),
    "redirects to a file": (Manners(redirect="file:///etc/passwd"), SourceRefused, "https"),
    "redirects in circles": (Manners(redirect="/recording.mp4"), SourceRefused, "redirects"),
}


@pytest.mark.parametrize("name", MISBEHAVIOURS)
async def test_a_misbehaving_server_is_named_for_what_it_does(film: Path, name: str) -> None:
    manners, failure, words = MISBEHAVIOURS[name]
    with pytest.raises(failure, match=words) as caught:
        await fetched(film, manners, replace(QUICK, staged_bytes=16 * MIB), stall=0.5)
    assert caught.value.reason.endswith(".")


async def test_a_server_that_is_not_there_is_unreachable(film: Path) -> None:
    async with recording_server(film) as server:
        pass
    async with outbound(server.host) as way:
        with pytest.raises(SourceUnreachable, match="cannot be reached"):
            async with open_source(way, server.url, limits=QUICK):
                pytest.fail("opened")


async def test_an_address_that_nobody_named_is_refused(film: Path) -> None:
    async with recording_server(film) as server, outbound() as way:
        with pytest.raises(SourceRefused):
            async with open_source(way, server.url, limits=QUICK):
                pytest.fail("opened")
        assert server.asked == []


@pytest.mark.parametrize("ranges", [True, False])
async def test_a_recording_beyond_the_limit_is_refused_before_it_is_read(film: Path, ranges: bool) -> None:
    small = replace(QUICK, film_bytes=100_000, staged_bytes=100_000)
    with pytest.raises(TooLarge):
        await fetched(film, Manners(ranges=ranges), small)


async def test_a_recording_that_hides_its_length_is_cut_off_at_the_limit(film: Path) -> None:
    with pytest.raises(TooLarge):
        await fetched(film, Manners(ranges=False, chunked=True), replace(QUICK, staged_bytes=100_000))


@pytest.mark.parametrize("ranges", [True, False])
async def test_an_empty_recording_is_no_video(tmp_path: Path, ranges: bool) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(NotAVideo, match="empty"):
        await fetched(empty, Manners(ranges=ranges))
