"""From a click on Send to the words in another member's browser: two Chromiums, the whole product between them."""

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Page

from bench.memory import all_jobs_done
from bench.report import Report, platform_facts
from tests.slices.people import browser
from tests.slices.talking import Talker, talker
from tests.slices.town import running_town

MESSAGES, WARM_UP, PAUSE_MS = 200, 10, 150
GOAL_MS = 60.0
# Both pages note moments on the machine's one clock: when Send was pressed, and when an element with words appeared.
NOTES = """
window.pressed = [];
window.shown = {};
addEventListener("click", event => {
  if (event.target.closest(".sendit")) window.pressed.push(performance.timeOrigin + event.timeStamp);
}, true);
addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  const now = performance.timeOrigin + performance.now();
  for (const words of document.querySelectorAll("#messages .words, #outgoing .said > p"))
    if (words.textContent.startsWith("tick ")) window.shown[words.textContent] ??= now;
}).observe(document.querySelector("#messages"), {childList: true, subtree: true, characterData: true}));
"""


async def main() -> Report:
    """Have one member say so many things to the other, one after the other, and take the times."""
    with tempfile.TemporaryDirectory(prefix="gb-") as folder:
        home = Path(folder) / "var"
        async with running_town(home) as town, browser() as one, browser() as two:
            await all_jobs_done(home)
            place = await town.place()
            async with talker(one, town, "sam", place["slug"]) as sam, talker(two, town, "ana", place["slug"]) as ana:
                own, others = await _talk(sam, ana)
                version = one.version
    rows = [
        ["own words on one's own page", *_quantiles(own), ""],
        ["the words on the other's page", *_quantiles(others), f"p50 < {GOAL_MS:.0f}"],
    ]
    facts = platform_facts() | {"Chromium": version}
    figures = {"own_ms": own, "others_ms": others}
    return Report("seen", ["from the click on Send to", "p50 ms", "p99 ms", "goal"], rows, facts, figures)


async def _talk(sam: Talker, ana: Talker) -> tuple[list[float], list[float]]:
    """Milliseconds from each click to the words on the page of who clicked, and on the other's."""
    for who in (sam, ana):
        await who.page.add_init_script(NOTES)
        await who.enter()
    said = [f"tick {n}" for n in range(WARM_UP + MESSAGES)]
    for words in said:
        await sam.page.locator("#write").fill(words)
        await sam.page.locator(".sendit").click()
        await sam.page.wait_for_timeout(PAUSE_MS)
    await ana.reads(said[-1])
    assert await ana.words() == said, "a message is missing, twice there, or out of order"
    pressed: list[float] = await sam.page.evaluate("window.pressed")
    assert len(pressed) == len(said)
    return await _delays(sam.page, said, pressed), await _delays(ana.page, said, pressed)


async def _delays(page: Page, said: Sequence[str], pressed: Sequence[float]) -> list[float]:
    shown: dict[str, float] = await page.evaluate("window.shown")
    spans = [shown[words] - moment for words, moment in zip(said, pressed, strict=True)]
    return [round(span, 2) for span in spans[WARM_UP:]]


def _quantiles(spans: list[float]) -> tuple[str, str]:
    return f"{statistics.median(spans):.1f}", f"{statistics.quantiles(spans, n=100)[98]:.1f}"
