"""Files in a room, in real browsers over a whole installation: picked, dropped, looked at, sent, seen and saved."""

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import asyncpg
from playwright.async_api import Browser, Route, expect

from tests.server.web.gallery import SCHEMES
from tests.server.web.test_browser import objections
from tests.slices.people import browser
from tests.slices.talking import Talker, talker
from tests.slices.town import CHANNEL, Town
from tests.waiting import until
from tests.workers.test_attachments import SVG, drawn

WITHIN = 20_000
DROP = """([name, words]) => {
    const given = new DataTransfer();
    given.items.add(new File([words], name, { type: "text/plain" }));
    for (const kind of ["dragover", "drop"]) {
        document.querySelector("#stream").dispatchEvent(new DragEvent(kind, { dataTransfer: given, bubbles: true }));
    }
}"""

LOOKED = "select not exists (select from jobs where name = 'PreviewLink' and state <> 'failed')"


async def pick(who: Talker, *files: Path) -> None:
    """Press the paperclip, and choose files."""
    async with who.page.expect_file_chooser() as chooser:
        await who.page.locator("#attach").click()
    await (await chooser.value).set_files(files)


async def test_files_are_sent_with_a_message_and_seen_by_the_room(
    chromium: Browser, town: Town, tmp_path: Path
) -> None:
    place = await town.place()
    bowl, logo = tmp_path / "bowl.jpg", tmp_path / "logo.svg"
    bowl.write_bytes(drawn((1600, 900)))
    logo.write_bytes(SVG)
    async with AsyncExitStack() as stack:
        sam, zoe = [
            await stack.enter_async_context(talker(chromium, town, who, place["slug"])) for who in ("sam", "zoe")
        ]
        for who in (sam, zoe):
            await who.enter()
        await pick(sam, bowl, logo)
        await expect(sam.page.locator("#chips li")).to_have_count(2, timeout=WITHIN)
        await sam.page.evaluate(DROP, ["glaze.txt", "Two parts of ash"])
        chips = sam.page.locator("#chips li")
        await expect(chips).to_have_count(3)
        await expect(sam.page.locator("#chips li.done")).to_have_count(3, timeout=WITHIN)
        await chips.nth(1).get_by_role("button").click()
        await expect(chips).to_have_count(2)
        await sam.page.locator("#write").press("Enter")
        await expect(chips).to_have_count(0)
        for who in (sam, zoe):
            said = who.page.locator("#messages .said[data-seq='1']")
            picture = said.locator(".picture img")
            await expect(picture).to_have_attribute("alt", "bowl.jpg", timeout=WITHIN)
            await expect(picture).to_have_attribute("width", "384")
            await expect(said.locator(".filerow")).to_contain_text("glaze.txt")
            await who.page.wait_for_function("image => image.naturalWidth === 800", arg=await picture.element_handle())
        saved = await zoe.page.locator(".filerow").get_attribute("href")
        got = await zoe.who.fetch(saved or "")
        assert (got.status, got.body) == (200, b"Two parts of ash")
        for scheme in SCHEMES:
            await zoe.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert await objections(zoe.page) == []
        for who in (sam, zoe):
            await who.enter()
            await expect(who.page.locator(".picture img")).to_have_count(1)
        assert sam.who.complaints == zoe.who.complaints == []


async def test_the_paperclip_pressed_before_its_scripts_have_come_opens_the_chooser(
    chromium: Browser, town: Town, tmp_path: Path
) -> None:
    place = await town.place()
    glaze = tmp_path / "glaze.txt"
    glaze.write_bytes(b"Two parts of ash")
    pressed = asyncio.Event()

    async def held(route: Route) -> None:
        await pressed.wait()
        await route.continue_()

    async with talker(chromium, town, "sam", place["slug"]) as sam:
        await sam.page.route("**/lively-*.js", held)
        await sam.enter()
        async with sam.page.expect_file_chooser() as chooser:
            await sam.page.locator("#attach").click()
            pressed.set()
        await (await chooser.value).set_files(glaze)
        await expect(sam.page.locator("#chips li.done")).to_have_count(1, timeout=WITHIN)


async def test_what_could_not_be_posted_comes_back_with_its_files(
    chromium: Browser, town: Town, tmp_path: Path
) -> None:
    place = await town.place()
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        await sam.enter()
        glaze = tmp_path / "glaze.txt"
        glaze.write_bytes(b"Two parts of ash")
        async with sam.page.expect_response("**/attachments") as begun:
            await pick(sam, glaze)
        file_id = (await (await begun.value).json())["id"]
        await expect(sam.page.locator("#chips li.done")).to_have_count(1, timeout=WITHIN)
        # Meanwhile another device drops the file.
        own = f"/channels/{CHANNEL}/attachments/{file_id}"
        token = await town.token("sam")
        await town.call("DELETE", own, token)
        url, headers = f"{town.url}/api/v1{own}", {"Authorization": f"Bearer {token}"}

        async def gone() -> bool:
            async with town.programs.get(url, headers=headers) as answer:
                return answer.status == 404

        await until(gone)
        await sam.say("The recipe")
        await expect(sam.unsent).to_contain_text("Upload the file first", timeout=WITHIN)
        await sam.unsent.get_by_role("button", name="Change it").click()
        await expect(sam.page.locator("#write")).to_have_value("The recipe")
        await expect(sam.page.locator("#chips li")).to_contain_text("glaze.txt")
        await sam.page.locator("#chips li button").click()
        await sam.say("The recipe")
        await sam.reads("The recipe")


async def test_a_voice_note_is_recorded_heard_and_sent(town: Town) -> None:
    place = await town.place()
    microphone = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    async with browser(*microphone) as running, talker(running, town, "sam", place["slug"]) as sam:
        await sam.enter()
        await sam.page.locator("#record").click()
        voice = sam.page.locator("#voice")
        await expect(voice).to_have_attribute("data-state", "recording", timeout=WITHIN)
        await sam.page.wait_for_function("() => document.querySelector('#voice progress').value > 0")
        await expect(voice.locator(".num")).to_contain_text("0:02 / 5:00", timeout=WITHIN)
        assert await objections(sam.page) == []
        await voice.get_by_role("button", name="Stop").click()
        await expect(voice).to_have_attribute("data-state", "recorded")
        await voice.get_by_role("button", name="Listen").click()
        await expect(voice).to_have_attribute("data-playing", "")
        await voice.get_by_role("button", name="Send it").click()
        sound = sam.page.locator("#messages .said[data-seq='1'] .sound")
        await expect(sound.locator(".num")).to_have_text(re.compile(r"^0:\d\d$"), timeout=WITHIN)
        await expect(voice).to_be_hidden()
        played = "audio => audio.play().then(() => { audio.pause(); return audio.error === null; })"
        assert await sound.locator("audio").evaluate(played)
        await sam.page.locator("#record").click()
        await voice.get_by_role("button", name="Discard").click()
        await expect(voice).to_be_hidden()
        (said,) = await town.messages(place["id"], await town.token("sam"))
        (note,) = said["files"]
        assert note["kind"] == "audio"
        assert 2 <= note["seconds"] < 60
        assert sam.who.complaints == []


async def test_what_a_link_leads_to_stands_under_it_until_it_is_taken_away(chromium: Browser, town: Town) -> None:
    place = await town.place()
    async with talker(chromium, town, "sam", place["slug"]) as sam, talker(chromium, town, "zoe", place["slug"]) as zoe:
        for who in (sam, zoe):
            await who.enter()
        # No worker of a test reaches this host; what it would have found is put there by hand.
        await sam.say("See https://clay.example/bowls")
        await zoe.reads("clay.example")
        for who in (sam, zoe):
            await who.offline(offline=True)
        owner = await asyncpg.connect(town.installation.database_url)
        # Once it has looked in vain: it may wait for a name server.
        await until(lambda: owner.fetchval(LOOKED), within=60)
        found = '{"url": "https://clay.example/bowls", "title": "Bowls", "description": "Thin walls", "site": "Clay"}'
        await owner.execute("update messages set preview = $1::jsonb where room_id = $2", found, UUID(place["id"]))
        await owner.close()
        for who in (sam, zoe):
            await who.offline(offline=False)
            card = who.page.locator(".preview")
            await expect(card.get_by_role("link")).to_have_attribute(
                "href", "https://clay.example/bowls", timeout=45_000
            )
            await expect(card).to_contain_text("Thin walls")
            assert await objections(who.page) == []
        await expect(zoe.page.locator(".preview button")).to_be_hidden()
        await zoe.enter()
        await expect(zoe.page.locator(".preview")).to_contain_text("Thin walls")
        await sam.page.locator(".preview button").click()
        for who in (sam, zoe):
            await expect(who.page.locator(".preview")).to_have_count(0, timeout=WITHIN)
