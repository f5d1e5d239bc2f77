"""What a film is: how long, how large, how coded, and a picture of it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.media.failures import NotAVideo
from workers.media.layout import Layout
from workers.media.ports import LIMITS, MIB, Limits, Source

EXAMINER = Path(__file__).with_name("examiner.py")
FORMATS = {"video/mp4": "mov", "video/webm": "matroska"}
LONGEST = 7 * 86400.0
BROKE_OFF = "The file could not be examined: it is no film, or a broken one."


@dataclass(frozen=True, slots=True)
class Film:
    """A film's facts: duration in seconds, size in pixels as shown, names of the codings, a JPEG 640 pixels wide."""

    seconds: float
    width: int
    height: int
    video_codec: str
    audio_codec: str | None
    thumbnail: bytes


async def probe(layout: Layout, limits: Limits = LIMITS) -> Film:
    """Examine the film in a process of its own, reading only the parts it needs; NotAVideo when it cannot be shown.

    Bounded by `limits.probe_seconds` of waiting for an answer, `limits.probe_bytes` read, and a cap on memory and CPU.
    """
    async with examiner("probe", str(layout.size), FORMATS[layout.content_type]) as process:
        examination = Examination(process, limits)
        while "read" in (answer := await examination.answer()):
            await examination.send(layout, answer["read"])
        return await examination.film(answer)


async def listen(source: Source, form: str, limits: Limits = LIMITS) -> float:
    """How many seconds the sound in `source` lasts; NotAVideo when browsers cannot play it. Bounded as `probe`."""
    async with examiner("listen", str(source.size), form) as process:
        examination = Examination(process, limits)
        while "read" in (answer := await examination.answer()):
            await examination.send(source, answer["read"])
    match answer:
        case {"sound": {"seconds": float(seconds)}} if 0 < seconds < LONGEST:
            return seconds
    raise NotAVideo(BROKE_OFF)


async def rewrite(form: str, old: Path, new: Path, limits: Limits) -> str:
    """Write the film in `old`, of container `form`, anew into `new`: "mp4" or "webm"; NotAVideo when it cannot be."""
    async with examiner("rewrite", form, str(old), str(new)) as process:
        written = (await Examination(process, limits, patience=limits.remux_seconds).answer()).get("written")
    if not written:
        raise NotAVideo(BROKE_OFF)
    return str(written)


@asynccontextmanager
async def examiner(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The examining program at one task; it has no environment, and ends with the block."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    # Isolated (-I): the recording must find none of our modules, and no variable of ours.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(EXAMINER), *words, stdin=pipe, stdout=pipe, stderr=nothing, env={}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            # Not process.kill(): it may reap the process before asyncio does, which then never learns how it ended.
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        await process.wait()


class Examination:
    """The talk with the examining program, which is not trusted: a hostile film may speak through it."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits, patience: float | None = None) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the examiner was started without pipes")
        self._say, self._hear = process.stdin, process.stdout
        self._left, self._patience = limits.probe_bytes, patience or limits.probe_seconds

    async def answer(self) -> dict[str, Any]:
        """The next line; NotAVideo when it is a refusal, or does not come."""
        try:
            async with asyncio.timeout(self._patience):
                line = await self._hear.readline()
            answer = json.loads(line)
        except (TimeoutError, ValueError) as fault:
            raise NotAVideo(BROKE_OFF) from fault
        if not isinstance(answer, dict) or "refused" in answer:
            raise NotAVideo(str(answer["refused"])[:300] if isinstance(answer, dict) else BROKE_OFF)
        return answer

    async def send(self, source: Source, span: Any) -> None:
        """The bytes asked for, as long as they are few."""
        match span:
            case [int(start), int(end)] if 0 <= start < end <= min(source.size, start + MIB):
                # Each request counts for something, so that a film cannot ask for single bytes for ever.
                self._left -= end - start + MIB // 64
            case _:
                raise NotAVideo(BROKE_OFF)
        if self._left < 0:
            raise NotAVideo("The file's inner order is so scattered that it cannot be examined.")
        data = await source.read(start, end)
        try:
            self._say.write(data)
            await self._say.drain()
        except ConnectionError as fault:
            raise NotAVideo(BROKE_OFF) from fault

    async def film(self, answer: dict[str, Any]) -> Film:
        """The film in the last answer and the bytes after it."""
        match answer:
            case {"film": dict(facts), "jpeg": int(size)} if 0 < size <= 2 * MIB:
                try:
                    async with asyncio.timeout(self._patience):
                        return _film(facts, await self._hear.readexactly(size))
                except (TimeoutError, EOFError, KeyError, TypeError, ValueError) as fault:
                    raise NotAVideo(BROKE_OFF) from fault
        raise NotAVideo(BROKE_OFF)


def _film(facts: dict[str, Any], jpeg: bytes) -> Film:
    seconds, width, height = float(facts["seconds"]), int(facts["width"]), int(facts["height"])
    if not (0 < seconds < LONGEST and 0 < width <= 16384 and 0 < height <= 16384):
        raise NotAVideo("The file says of itself that it is longer or larger than any film.")
    sound = facts["audio_codec"]
    return Film(seconds, width, height, str(facts["video_codec"]), None if sound is None else str(sound), jpeg)
