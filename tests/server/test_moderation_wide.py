"""Words without a break, at the moderators' desk, where their author reads of it, and in profiles: no page is wider."""

from playwright.async_api import Browser, Page

from tests.server.browsing import signed_in
from tests.server.test_community_api import make_room, post
from tests.server.test_moderation_api import ask
from tests.server.web.gallery import WIDTHS, browser
from tests.webapp import Web
from tests.world import School, Somebody

LONG = "withoutabreak" * 38
WIDER = """[...document.querySelectorAll("main *")].filter(one => one.getBoundingClientRect().right > innerWidth + 1 &&
    !one.closest(".unseen")).map(one => one.outerHTML.slice(0, 120))"""


async def page_of(running: Browser, web: Web, who: Somebody, path: str) -> Page:
    context = await running.new_context(base_url=web.url, reduced_motion="reduce")
    cookie = (await signed_in(web, who)).cookie
    await context.add_cookies([{"name": "guildhall", "value": cookie, "url": web.url}])
    page = await context.new_page()
    await page.goto(path)
    return page


async def wide(page: Page, width: int) -> list[str]:
    """What reaches over the edge of a window."""
    await page.set_viewport_size({"width": width, "height": 900})
    over: list[str] = await page.evaluate(WIDER)
    return over + ["page"] * (await page.evaluate("document.documentElement.scrollWidth") > width)


async def test_long_words_break_at_the_desk_and_in_decisions(web: Web, school: School) -> None:
    room = await make_room(web, school)
    message = (await post(web, school, room, school.sam.token, LONG)).json["id"]
    await ask(web, school, school.zoe, "POST", f"/messages/{message}/flags", {"reason": "other", "words": LONG})
    given = {"reason": "other", "words": LONG}
    for kind in ("note", "warn"):
        about = given | {"kind": kind, "message": message}
        acted = await ask(web, school, school.mia, "POST", "/moderation/acts", about)
        assert acted.status == 201
    desk, decisions = f"/c/{school.slug}/studio/moderation", f"/c/{school.slug}/community/decisions"
    async with browser() as chromium:
        mia, sam, ana = [
            await page_of(chromium, web, who, path)
            for who, path in ((school.mia, desk), (school.sam, decisions), (school.ana, desk))
        ]
        for width in WIDTHS:
            assert await wide(mia, width) == []
            assert await wide(sam, width) == []
        path = f"/moderation/acts/{acted.json['id']}/appeal"
        assert (await ask(web, school, school.sam, "PUT", path, {"words": LONG * 2})).status == 204
        await sam.reload()
        page = await ask(web, school, school.ana, "GET", "/moderation/queue")
        case = next(each["id"] for each in page.json["items"] if each["kind"] == "appeal")
        await ana.goto(f"{desk}?case={case}")
        await ana.get_by_role("heading", name="The appeal").wait_for()
        for width in WIDTHS:
            assert await wide(ana, width) == []
            assert await wide(sam, width) == []
        answer = {"upheld": True, "answer": LONG}
        path = f"/moderation/cases/{case}/decision"
        assert (await ask(web, school, school.ana, "PUT", path, answer)).status == 204
        await sam.reload()
        for width in WIDTHS:
            assert await wide(sam, width) == []


async def test_long_words_break_in_a_profile(web: Web, school: School) -> None:
    said = {
        "about": f"{LONG}\n\n> {LONG}",
        "links": [{"url": "https://a.example", "label": LONG[:60]}],
    }
    saved = await web.call("PATCH", f"/channels/{school.slug}/profile", said, token=school.sam.token)
    assert saved.status == 200
    async with browser() as chromium:
        page = await page_of(chromium, web, school.zoe, f"/c/{school.slug}/people/{school.sam.member_id}")
        for width in WIDTHS:
            assert await wide(page, width) == []
