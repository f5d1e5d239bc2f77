"""From recording to playable film: facts, thumbnail, and what is refused as no video."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import av
import psutil
import pytest
from PIL import Image

from tests import films
from tests.standins.recordings import Manners
from tests.workers.media.rooms import QUICK, kinds_of_boxes, names_in, opened
from workers.media import probe as probing
from workers.media.failures import Damaged, NotAVideo, SourceUnreachable, TooLarge
from workers.media.files import FileSource
from workers.media.layout import Layout
from workers.media.ports import MIB, Limits
from workers.media.prepare import prepare
from workers.media.probe import Film, probe


@asynccontextmanager
async def prepared(path: Path, limits: Limits = QUICK) -> AsyncIterator[Layout]:
    """The layout of a film in a file."""
    async with prepare(await FileSource.of(path), limits, path.parent) as layout:
        yield layout


async def examined(path: Path, limits: Limits = QUICK) -> Film:
    """The facts of a film in a file."""
    async with prepared(path, limits) as layout:
        return await probe(layout, limits)


def shades(jpeg: bytes) -> bytes:
    """The brightness of each pixel."""
    return Image.open(BytesIO(jpeg)).convert("L").tobytes()


async def test_a_film_tells_its_length_size_and_codings_and_shows_a_picture(film: Path) -> None:
    facts = await examined(film)
    assert facts.seconds == pytest.approx(4.0, abs=0.1)
    assert (facts.width, facts.height, facts.video_codec, facts.audio_codec) == (640, 360, "h264", "aac")
    picture = Image.open(BytesIO(facts.thumbnail))
    assert (picture.format, picture.size) == ("JPEG", (640, 360))
    assert len(set(shades(facts.thumbnail))) > 50


async def test_a_large_film_is_examined_by_reading_little_of_it(big_film: Path) -> None:
    async with opened(big_film) as (server, source), prepare(source, QUICK) as layout:
        facts = await probe(layout, QUICK)
        assert facts.seconds > 30
        assert Image.open(BytesIO(facts.thumbnail)).size == (640, 360)
        assert server.sent < 16 * MIB < source.size // 10
        assert len(server.asked) < 60


async def test_a_black_beginning_does_not_make_the_picture(tmp_path: Path) -> None:
    facts = await examined(films.make_film(tmp_path / "black.mp4", seconds=10, black=0.25))
    assert max(shades(facts.thumbnail)) > 100


async def test_a_film_taken_upright_is_shown_upright(tmp_path: Path) -> None:
    facts = await examined(films.turn(films.make_film(tmp_path / "film.mp4", seconds=1), tmp_path / "turned.mp4"))
    assert (facts.width, facts.height) == (360, 640)
    assert Image.open(BytesIO(facts.thumbnail)).size == (360, 640)


@pytest.mark.parametrize(
    ("codec", "content_type"),
    [("libvpx", "video/webm"), ("libvpx-vp9", "video/mp4"), ("libx264", "video/mp4")],
)
async def test_a_browser_s_recording_gets_a_duration_and_an_index(
    tmp_path: Path, codec: films.Codec, content_type: str
) -> None:
    recorded = films.make_webm(tmp_path / "recorded.webm", seconds=3, video=codec)
    async with prepared(recorded) as layout:
        assert layout.content_type == content_type
        facts = await probe(layout, QUICK)
        assert facts.seconds == pytest.approx(3.0, abs=0.2)
        copy = await layout.read(0, layout.size)
        with av.open(BytesIO(copy), "r") as played:
            assert len(list(played.decode(video=0))) == 75
    async with prepared(recorded) as again:
        assert again.fingerprint == layout.fingerprint
    assert names_in(tmp_path) == ["recorded.webm"]


async def test_a_film_in_fragments_is_joined(tmp_path: Path) -> None:
    parts = films.make_film(tmp_path / "parts.mp4", seconds=2, movflags="frag_keyframe+empty_moov")
    async with prepared(parts) as layout:
        assert kinds_of_boxes(await layout.read(0, layout.size))[:2] == [b"ftyp", b"moov"]
        assert (await probe(layout, QUICK)).seconds == pytest.approx(2.0, abs=0.1)


async def test_what_has_to_be_written_anew_has_a_limit(tmp_path: Path) -> None:
    recorded = films.make_webm(tmp_path / "recorded.webm")
    with pytest.raises(TooLarge):
        await examined(recorded, replace(QUICK, staged_bytes=1000))


STRANGERS = {
    "words": b"It is with regret that I write to you.",
    "a page": b"<!doctype html><title>Sign in</title><p>Your session has expired</p>",
    "a playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n",
    "a list of files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "a beginning of WebM": b"\x1a\x45\xdf\xa3" + bytes(5000),
    "WebM of noise": b"\x1a\x45\xdf\xa3" + os.urandom(50_000),
    "one byte": b"\0",
    "a box and nothing": b"\0\0\0\x10ftypisom\0\0\0\0",
    "zeros": bytes(10_000),
}


@pytest.mark.parametrize("name", STRANGERS)
async def test_what_is_no_film_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "stranger"
    path.write_bytes(STRANGERS[name])
    with pytest.raises((NotAVideo, Damaged)) as refused:
        await examined(path)
    assert not refused.value.retryable
    assert refused.value.reason.endswith(".")


async def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo, match="no moving pictures"):
        await examined(films.make_sound(tmp_path / "sound.mp4"))


async def test_a_coding_that_browsers_do_not_play_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo, match="mpeg4, which browsers do not play"):
        await examined(films.make_film(tmp_path / "old.mp4", seconds=1, codec="mpeg4"))


async def test_pictures_that_cannot_be_decoded_are_no_video(footage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    index = footage.index(b"moov") - 4
    path.write_bytes(footage[:48] + os.urandom(index - 48) + footage[index:])
    with pytest.raises(NotAVideo):
        await examined(path)


async def test_an_examiner_that_says_nothing_is_ended_in_time(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A film that keeps the decoder busy for ever looks like this from outside."""
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass")
    monkeypatch.setattr(probing, "EXAMINER", endless)
    with pytest.raises(NotAVideo, match="could not be examined"):
        await examined(film, replace(QUICK, probe_seconds=0.5))
    assert not [child for child in psutil.Process().children() if str(endless) in child.cmdline()]


@pytest.mark.parametrize(
    "words",
    [
        "print('nonsense')",
        "print('{\"read\": [0, 99999999999]}')",
        "print('{\"read\": [-5, 10]}')",
        'print(\'{"read": "all"}\')',
        "print('[]')",
        "print('{\"film\": {}, \"jpeg\": 5}'); print('1234567')",
        'print(\'{"film": 1, "jpeg": 5}\')',
        "print('{\"read\": [0, 9]}')",
        "print('x' * 10**6)",
        "import os; os.abort()",
        "import sys\nwhile True: print('{\"read\": [0, 1]}', flush=True); sys.stdin.buffer.read(1)",
    ],
)
async def test_an_examiner_taken_over_by_a_film_is_not_believed(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    taken = tmp_path / "taken.py"
    taken.write_text(words)
    monkeypatch.setattr(probing, "EXAMINER", taken)
    with pytest.raises(NotAVideo):
        await examined(film, replace(QUICK, probe_seconds=5, probe_bytes=MIB))


async def test_a_server_that_fails_while_a_film_is_examined_is_named(film: Path) -> None:
    async with opened(film, stall=0.5) as (server, source), prepare(source, QUICK) as layout:
        server.manners = Manners(stall_at=0)
        with pytest.raises(SourceUnreachable):
            await probe(layout, QUICK)
