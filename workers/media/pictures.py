"""What a picture is: its size, and its pixels written anew, so that nothing else that was in its file is passed on."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.media.failures import NotAPicture
from workers.media.ports import MIB

EXAMINER = Path(__file__).with_name("picture_examiner.py")
PATIENCE = 60.0
MOST_BYTES, MOST_SMALL = 80 * MIB, 4 * MIB
MOST_SIDE = 16_384
KINDS = ("image/jpeg", "image/png", "image/gif", "image/webp")
BROKE_OFF = "The picture could not be looked at: it is no picture, or a broken one."


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture upright and clean, a small WebP of it, its pixels and media type."""

    width: int
    height: int
    content_type: str
    clean: bytes
    thumbnail: bytes


async def look_at(data: bytes, patience: float = PATIENCE) -> Drawn:
    """Have a picture looked at in a process of its own; NotAPicture, with a sentence, when it cannot be shown."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    # Isolated (-I): the picture must find none of our modules, and no variable of ours.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(EXAMINER), stdin=pipe, stdout=pipe, stderr=nothing, env={}
    )
    try:
        async with asyncio.timeout(patience):
            return await _asked(process, data)
    except (TimeoutError, EOFError, ConnectionError, ValueError, KeyError, TypeError) as fault:
        raise NotAPicture(BROKE_OFF) from fault
    finally:
        if process.returncode is None:
            # Not process.kill(): it may reap the process before asyncio does, which then never learns how it ended.
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        await process.wait()


async def _asked(process: asyncio.subprocess.Process, data: bytes) -> Drawn:
    """The answer, which is not trusted: a hostile picture may speak through it."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("the examiner was started without pipes")
    process.stdin.write(data)
    process.stdin.close()
    answer: Any = json.loads(await process.stdout.readline())
    match answer:
        case {"refused": str(why)}:
            raise NotAPicture(why[:300])
        case {
            "picture": {"width": int(width), "height": int(height), "content_type": str(kind)},
            "clean": int(clean),
            "thumbnail": int(small),
        } if (
            0 < width <= MOST_SIDE
            and 0 < height <= MOST_SIDE
            and kind in KINDS
            and 0 < clean <= MOST_BYTES
            and 0 < small <= MOST_SMALL
        ):
            pixels = await process.stdout.readexactly(clean)
            return Drawn(width, height, kind, pixels, await process.stdout.readexactly(small))
    raise NotAPicture(BROKE_OFF)
