"""The moderators' desk in a browser on a phone: its bar leads to their main work, and nothing on it breaks apart."""

from playwright.async_api import ViewportSize, expect

from tests.server.test_community_api import make_room, post
from tests.server.test_moderation_api import ask
from tests.server.test_moderation_wide import page_of
from tests.server.web.gallery import browser
from tests.webapp import Web
from tests.world import World

PHONE: ViewportSize = {"width": 390, "height": 844}


async def test_a_moderator_on_a_phone_has_their_work_in_the_bar_and_whole_buttons(web: Web, world: World) -> None:
    school = world.pottery
    room = await make_room(web, school)
    for words in ("Buy my clay", "Buy my kiln"):
        message = (await post(web, school, room, school.sam.token, words)).json["id"]
        await ask(web, school, school.zoe, "POST", f"/messages/{message}/flags", {"reason": "spam"})
    desk = f"/c/{school.slug}/studio/moderation"
    async with browser() as chromium:
        page = await page_of(chromium, web, school.mia, desk)
        await page.set_viewport_size(PHONE)
        bar = page.locator("nav.tabbar")
        await expect(bar.locator("> a").first).to_have_text("Moderation")
        await expect(bar.locator("> a").first).to_be_visible()
        assert await bar.locator("> a").first.get_attribute("aria-current") == "page"
        following = page.locator(".sechead [data-key=j]")
        await expect(following).to_be_visible()
        box = await following.bounding_box()
        assert box is not None
        assert box["height"] <= 46
        # The script says by itself who is looking.
        await expect(page.locator("form.unscripted")).to_be_hidden()
        plain = await chromium.new_context(java_script_enabled=False, storage_state=await page.context.storage_state())
        unscripted = await plain.new_page()
        await unscripted.goto(web.url + desk)
        await unscripted.locator(".sechead [data-key=j]").click()
        await expect(unscripted.locator("form.unscripted button")).to_be_visible()
        await plain.close()


async def test_an_owner_s_bar_is_as_it_was(web: Web, world: World) -> None:
    school = world.pottery
    async with browser() as chromium:
        page = await page_of(chromium, web, school.ana, f"/c/{school.slug}/studio")
        await page.set_viewport_size(PHONE)
        assert await page.locator("nav.tabbar > a").all_inner_texts() == ["Overview", "Courses", "Live", "People"]
        await page.locator("nav.tabbar summary").click()
        await expect(page.locator("nav.tabbar .leaf a", has_text="Moderation")).to_be_visible()
