"""Lighthouse's verdict of pages that people open on a phone: its four scores, and when something is seen."""

import asyncio
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench import peers
from bench.memory import all_jobs_done
from bench.report import Report, platform_facts
from tests.slices.people import browser
from tests.slices.talking import talker
from tests.slices.town import CHANNEL, Town, running_town

LIGHTHOUSE = Path(__file__).parent / "lighthouse"
OWN_FONTS = Path("/etc/fonts/fonts.conf")
REPEATS = 3
GOAL_FCP_MS = 1200
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
Verdict = dict[str, Any]


async def main() -> Report:
    """Ask for each page some times over; what is said of it is the median."""
    program = peers.node()
    peers.install(program, LIGHTHOUSE)
    with tempfile.TemporaryDirectory(prefix="gb-") as folder:
        home = Path(folder) / "var"
        async with running_town(home) as town:
            await all_jobs_done(home)
            said = await _judge(town, program)
    rows = [[name, *_row(verdicts)] for name, verdicts in said.items()]
    columns = ["page", *CATEGORIES, f"first paint ms (≤ {GOAL_FCP_MS})", "largest paint ms", "KB", "found wanting"]
    facts = platform_facts() | {
        "Lighthouse": next(iter(said.values()))[0]["version"],
        "fonts": "the machine's" if _fonts() else "the printer's",
    }
    return Report("pages", columns, rows, facts, said)


async def _judge(town: Town, program: str) -> dict[str, list[Verdict]]:
    port = peers.free_port()
    room = await _filled(town)
    async with (
        browser(f"--remote-debugging-port={port}", environment=_fonts()) as running,
        talker(running, town, "sam", room) as sam,
    ):
        cookie = await sam.who.cookie()
        pages = {
            "landing": (f"/c/{CHANNEL}", ""),
            "verify": ("/verify", ""),
            "sign in": ("/sign-in", ""),
            "room": (f"/c/{CHANNEL}/community/{room}", cookie),
        }
        return {
            name: [await _ask(program, port, town.url + path, shown) for _ in range(REPEATS)]
            for name, (path, shown) in pages.items()
        }


def _fonts() -> dict[str, str]:
    """The fonts of this machine, as a reader has theirs; the printer's hundreds make each name that is missing dear."""
    return {"FONTCONFIG_FILE": str(OWN_FONTS)} if OWN_FONTS.is_file() else {}


async def _filled(town: Town) -> str:
    """The demo's first room, filled up to a page of messages."""
    token = await town.token("ana")
    room = (await town.call("GET", f"/channels/{CHANNEL}/rooms", token))["items"][0]
    for number in range(50 - len(await town.messages(room["id"], token))):
        await town.post(room["id"], token, f"Bowl {number} is dry, **thin** and out of the sun until Friday.")
    return str(room["slug"])


async def _ask(program: str, port: int, url: str, cookie: str) -> Verdict:
    words = [program, str(LIGHTHOUSE / "audit.js"), str(port), url, *([cookie] if cookie else [])]
    pipe = asyncio.subprocess.PIPE
    asked = await asyncio.create_subprocess_exec(*words, cwd=LIGHTHOUSE, stdout=pipe, stderr=pipe)
    out, err = await asked.communicate()
    if asked.returncode:
        raise RuntimeError(f"Lighthouse said nothing of {url}: {err.decode()[-800:]}")
    verdict: Verdict = json.loads(out)
    return verdict


def _row(verdicts: list[Verdict]) -> list[str]:
    scores = [f"{statistics.median(each['scores'][name] for each in verdicts):.0f}" for name in CATEGORIES]
    paints = [
        f"{statistics.median(each[name] for each in verdicts):.0f}"
        for name in ("first_contentful_paint_ms", "largest_contentful_paint_ms")
    ]
    kilobytes = f"{statistics.median(each['bytes'] for each in verdicts) / 1000:.0f}"
    return [*scores, *paints, kilobytes, ", ".join(sorted({fault for each in verdicts for fault in each["failed"]}))]
