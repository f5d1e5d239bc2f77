"""Which page answers which address."""

from aiohttp import web

from server.access import HouseAccess
from server.context import House
from server.pages import (
    bell,
    buying,
    classes,
    community,
    decisions,
    direct,
    doors,
    files,
    hand_off,
    history,
    home,
    kept,
    landing,
    learning,
    mail,
    me,
    new_password,
    notice_choices,
    operator,
    people,
    polls,
    public,
    search,
    threads,
    unsubscribing,
    verify,
    vouching,
)
from server.pages.errors import error_page, set_policy
from server.pages.studio import map as studio
from server.pages.visits import ACCESS_TO_HOUSE, PAGES, PageHandler, at_house, bounded, page
from server.problems import ERROR_PAGE
from server.web.assets import Assets
from server.web.render import Pages

READS: tuple[tuple[str, PageHandler], ...] = (
    ("/", home.home),
    ("/sign-in", doors.ask_sign_in),
    ("/sign-in/arrive", hand_off.arrive),
    ("/unsubscribe/{token}", unsubscribing.ask),
    ("/robots.txt", public.robots),
    ("/sitemap.xml", public.sitemap),
    ("/c/{slug}", landing.show),
    ("/c/{slug}/files/{file}", files.file),
    ("/c/{slug}/files/{file}/thumbnail", files.thumbnail),
    ("/c/{slug}/classes", classes.coming),
    ("/c/{slug}/classes/{live_class}.ics", classes.calendar_file),
    ("/c/{slug}/classes/{live_class}", classes.door),
    ("/c/{slug}/community", community.community),
    ("/c/{slug}/community/decisions", decisions.decisions_page),
    ("/c/{slug}/community/{room}", community.room_page),
    ("/c/{slug}/community/{room}/places", community.places_beside),
    ("/c/{slug}/community/{room}/t/{seq}", threads.thread_page),
    ("/c/{slug}/threads", threads.threads_page),
    ("/c/{slug}/direct", direct.show),
    ("/c/{slug}/community/{room}/m/{seq}/history", history.history_page),
    ("/c/{slug}/community/{room}/pins", kept.pins_page),
    ("/c/{slug}/community/{room}/polls/{message}", polls.show),
    ("/c/{slug}/saved", kept.saved_page),
    ("/c/{slug}/people", people.directory),
    ("/c/{slug}/people/me", people.own),
    ("/c/{slug}/people/{member}", people.profile),
    ("/c/{slug}/search", search.search),
    ("/c/{slug}/notices", bell.show),
    ("/c/{slug}/notices/settings", notice_choices.show),
    ("/c/{slug}/push.js", notice_choices.worker),
    ("/c/{slug}/orders", buying.orders_page),
    ("/c/{slug}/orders/{order}", buying.order_page),
    ("/c/{slug}/learn", learning.courses_page),
    ("/c/{slug}/learn/{course}", learning.outline_page),
    ("/c/{slug}/learn/{course}/buy", buying.ask),
    ("/c/{slug}/learn/{course}/{lesson}", learning.lesson_page),
)
WRITES: tuple[tuple[str, PageHandler], ...] = (
    ("/sign-out", doors.sign_out),
    ("/unsubscribe/{token}", unsubscribing.do),
    ("/c/{slug}/join", landing.join),
    ("/c/{slug}/community/decisions/{act}", decisions.appeal),
    ("/c/{slug}/community/{room}", community.post),
    ("/c/{slug}/direct", direct.begin),
    ("/c/{slug}/people/me", people.save_own),
    ("/c/{slug}/direct/block", direct.block),
    ("/c/{slug}/direct/{room}/{act}", direct.change),
    ("/c/{slug}/notices/read", bell.read),
    ("/c/{slug}/notices/settings", notice_choices.save),
    ("/c/{slug}/community/{room}/t/{seq}", threads.reply),
    ("/c/{slug}/community/{room}/t/{seq}/follow", threads.follow),
    ("/c/{slug}/community/{room}/me", community.hold),
    ("/c/{slug}/community/{room}/pins", kept.unpin),
    ("/c/{slug}/community/{room}/polls/{message}", polls.act),
    ("/c/{slug}/saved", kept.let_go),
    ("/c/{slug}/learn/{course}/enrol", learning.enrol),
    ("/c/{slug}/learn/{course}/buy", buying.buy),
    ("/c/{slug}/orders/{order}/pay", buying.pay),
    ("/c/{slug}/orders/{order}/cancel", buying.cancel),
    ("/c/{slug}/learn/{course}/{lesson}/done", learning.mark_done),
)
# What knows passwords, or people beyond one channel, is done at the installation's host and at no channel's own.
HOUSE_READS: tuple[tuple[str, PageHandler], ...] = (
    ("/sign-up", doors.ask_sign_up),
    ("/sign-in/link", doors.ask_link),
    ("/sign-in/hand-off", hand_off.ask),
    ("/set-password", new_password.ask),
    ("/me", me.me),
    ("/operator/wire", operator.wire),
)
HOUSE_WRITES: tuple[tuple[str, PageHandler], ...] = (
    ("/", home.found),
    ("/sign-in", doors.do_sign_in),
    ("/sign-up", doors.do_sign_up),
    ("/sign-in/link", doors.send_link),
    ("/sign-in/link/use", doors.use_link),
    ("/sign-in/hand-off", hand_off.go),
    ("/set-password", new_password.choose),
    ("/set-password/link", new_password.send_link),
    ("/me/devices/end", me.end_device),
    ("/me/devices/end-others", me.end_others),
)
NOWHERE = ("/c/{slug}/{rest:.+}", landing.nowhere)
DEMO_READS: tuple[tuple[str, PageHandler], ...] = (
    ("/mail", mail.letters),
    ("/mail/{letter}", mail.letter),
    ("/design", public.design),
)


def add(app: web.Application, house: House) -> None:
    """Serve the pages; the mail viewer and the component sheet in the demo only."""
    app[PAGES], app[ACCESS_TO_HOUSE] = Pages(Assets.load()), HouseAccess(house)
    app[ERROR_PAGE] = error_page(app[PAGES], house)
    app.on_response_prepare.append(set_policy)
    desk = ((studio.HOME + rest, handler) for rest, handler in studio.READS)
    for path, handler in HOUSE_READS:
        app.router.add_get(path, page(at_house(handler)))
    for path, handler in HOUSE_WRITES:
        app.router.add_post(path, page(at_house(handler)))
    for path, handler in (*READS, *desk, *(DEMO_READS if house.demo else ())):
        app.router.add_get(path, page(handler))
    for path, handler in (*WRITES, *((studio.HOME + rest, handler) for rest, handler in studio.WRITES)):
        app.router.add_post(path, page(handler))
    open_to_all = (*verify.ROUTES, *vouching.ROUTES)
    app.add_routes(web.RouteDef(each.method, each.path, bounded(each.handler), each.kwargs) for each in open_to_all)
    rest, nowhere = NOWHERE
    app.router.add_get(rest, page(nowhere))
