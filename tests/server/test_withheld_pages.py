"""What a filter holds, in the browsers of its author and of another: told at once and readable to the author alone."""

from playwright.async_api import Page, expect

from tests.server.browsing import signed_in
from tests.server.test_community_api import make_room
from tests.server.test_filters_api import make
from tests.server.test_moderation_api import act, ask
from tests.server.test_moderation_wide import page_of
from tests.server.web.gallery import browser
from tests.webapp import Web
from tests.world import School

WAITS = "This message is hidden. It waits for a moderator to look at it. Decisions about you"


async def say(page: Page, words: str) -> None:
    await page.locator("#write").fill(words)
    await page.keyboard.press("Enter")


async def test_the_author_of_held_words_is_told_at_once_and_reads_them(web: Web, school: School) -> None:
    await make_room(web, school)
    await make(web, school, action="hold")
    url = f"/c/{school.slug}/community/wheel-talk"
    async with browser() as chromium:
        sam, zoe = [await page_of(chromium, web, who, url) for who in (school.sam, school.zoe)]
        for page in (sam, zoe):
            await expect(page.locator("#online .here")).to_have_class("here on", timeout=15_000)
        await say(sam, "Buy my **clay**")
        await say(sam, "A bowl")
        own, others = sam.locator("#m-1 .words"), zoe.locator("#m-1 .words")
        for words in (WAITS, "Buy my clay"):
            await expect(own).to_contain_text(words)
        await expect(zoe.locator("#m-2 .words")).to_have_text("A bowl")
        await expect(others).to_have_text("This message is hidden.")
        said = sam.locator("#m-2")
        await said.hover()
        await said.locator("[data-act=edit]").click()
        await said.locator(".editing textarea").fill("A bowl of clay")
        await sam.keyboard.press("Enter")
        for words in (WAITS, "A bowl of clay"):
            await expect(said.locator(".words")).to_contain_text(words)
        await expect(zoe.locator("#m-2 .words")).to_have_text("This message is hidden.")
        message = await sam.locator("#m-1").get_attribute("data-id")
        await sam.reload()
        for words in (WAITS, "Buy my clay"):
            await expect(own).to_contain_text(words)
        await zoe.reload()
        await expect(others).to_have_text("This message is hidden.")
        acted = await act(web, school, school.mia, kind="hide", message=message)
        assert acted.status == 201
        await expect(own).to_contain_text("It advertises")
        await expect(own).not_to_contain_text("Buy my clay")
        page = (await ask(web, school, school.mia, "GET", "/moderation/queue")).json["items"]
        case = next(each["id"] for each in page if each["message"] != message)
        assert (await act(web, school, school.mia, kind="keep", case=case)).status == 201
        for page in (sam, zoe):
            await expect(page.locator("#m-2 .words")).to_have_text("A bowl of clay")


async def test_only_its_author_is_told_what_is_withheld(web: Web, school: School) -> None:
    room = await make_room(web, school)
    await make(web, school, action="hold")
    given = {"client_id": str(school.sam.member_id), "body": "Buy my clay"}
    posted = await ask(web, school, school.sam, "POST", f"/rooms/{room}/messages", given)
    path = f"/messages/{posted.json['id']}"
    own, others = [(await ask(web, school, who, "GET", path)).json for who in (school.sam, school.zoe)]
    assert (own["hidden"], own["body"], own["withheld"]["body"]) == (True, "", "Buy my clay")
    assert own["withheld"]["reason"] == "It waits for a moderator to look at it."
    assert (others["hidden"], others["withheld"]) == (True, None)
    assert "clay" not in str(others)
    await act(web, school, school.mia, kind="hide", message=posted.json["id"])
    assert (await ask(web, school, school.sam, "GET", path)).json["withheld"]["body"] == ""
    page = (await (await signed_in(web, school.sam)).get(f"/c/{school.slug}/community/wheel-talk")).text
    assert "Buy my clay" not in page
