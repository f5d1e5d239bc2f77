"""The doors: make an account, sign in, sign out, a link by mail. None of them tells whether an address is known."""

import asyncio

from aiohttp import hdrs, web

from server.cookies import clear_cookie, set_cookie
from server.csrf import require_own_page
from server.forms import Typed, read_fields, refill
from server.language import language_of
from server.limits import LINK_BY_MAIL, SIGN_IN_ADDRESS, SIGN_IN_PERSON, SIGN_UP, charge, charge_mailbox
from server.pages import hand_off
from server.pages.visits import Visit, channel_of_host, local_path, see
from server.sender import address_of, neighbourhood_of
from server.web.views.frame import Form
from server.web.views.sign import MagicLinkView, SignInView, SignUpView
from tenants.errors import Refusal
from tenants.people import mailed_links, passwords, people, sessions, sign_in
from tenants.people.mailed_links import Purpose
from tenants.people.sign_in import Known

DAY = 24 * 3600
LINK_SECONDS = 0.25


async def ask_sign_in(visit: Visit) -> web.Response:
    """GET /sign-in; at a channel's own host it leads to the installation's."""
    following = local_path(visit.request.query.get("next", "/"))
    if visit.signed_in is not None:
        return see(following)
    if await channel_of_host(visit):
        return hand_off.leave(visit, following)
    return visit.show("sign_in.html", SignInView(next=following, sign_up=visit.house.sign_up != "invite"))


async def do_sign_in(visit: Visit) -> web.Response:
    """POST /sign-in: `email`, `password`, `next`; the one place that gives a browser its cookie for a password."""
    fields = await read_own(visit)
    following = local_path(fields.get("next", "/"))
    email, house = fields.get("email", ""), visit.house
    try:
        fields.require_fit()
        await charge_address(visit)
        await charge(visit.request, SIGN_IN_PERSON, email.strip().casefold())
        password = fields.get("password", "")
        known = await sign_in.sign_in(
            house.tenancy, house.passwords, email, password, visit.device, policy=house.sign_up
        )
    except Refusal as refusal:
        view = SignInView(refill(refusal, fields), following, sign_up=house.sign_up != "invite")
        return visit.show("sign_in.html", view, status=refusal.status)
    return await welcome(visit, known, following)


async def ask_sign_up(visit: Visit) -> web.Response:
    """GET /sign-up."""
    following = local_path(visit.request.query.get("next", "/"))
    return visit.show("sign_up.html", _sign_up_view(visit, Form(), following))


async def do_sign_up(visit: Visit) -> web.Response:
    """POST /sign-up: `name`, `email`, `password`, `next`."""
    fields = await read_own(visit)
    following, house = local_path(fields.get("next", "/")), visit.house
    name, email = fields.get("name", ""), fields.get("email", "")
    password = None if house.sign_up == "confirm" else fields.get("password", "")
    try:
        fields.require_fit()
        await charge(visit.request, SIGN_UP, neighbourhood_of(address_of(visit.request)))
        await charge_mailbox(visit.request, house.sign_up, email)
        known = await sign_in.sign_up(
            house.tenancy, house.passwords, email, password, name,
            policy=house.sign_up, language=language_of(visit.request),
        )  # fmt: skip
    except Refusal as refusal:
        view = _sign_up_view(visit, refill(refusal, fields), following)
        return visit.show("sign_up.html", view, status=refusal.status)
    if known is None:
        return visit.show("sign_up.html", SignUpView(sent=email))
    return await welcome(visit, known, following, "signed up")


async def sign_out(visit: Visit) -> web.Response:
    """POST /sign-out: this browser's session ends at every host, and so does its cookie."""
    if visit.signed_in is not None:
        async with visit.house.tenancy.person(visit.signed_in.person_id) as scope:
            await sessions.end_family(scope, visit.signed_in.session_id)
    response = see("/", "signed-out")
    clear_cookie(visit.request, response)
    return response


async def ask_link(visit: Visit) -> web.Response:
    """GET /sign-in/link: ask for a link, or, with a token, confirm by a press (mail scanners open links)."""
    token, following = visit.request.query.get("token", "")[:512], local_path(visit.request.query.get("next", "/"))
    return visit.show("magic_link.html", MagicLinkView(token=token, next=following, minutes=mailed_links.MINUTES))


async def send_link(visit: Visit) -> web.Response:
    """POST /sign-in/link: `email`, `next`; the same answer whether it has an account or not."""
    fields = await read_own(visit)
    following = local_path(fields.get("next", "/"))
    try:
        email = await mail_link(visit, fields, "sign_in", following)
    except Refusal as refusal:
        view = MagicLinkView(refill(refusal, fields), next=following, minutes=mailed_links.MINUTES)
        return visit.show("magic_link.html", view, status=refusal.status)
    return visit.show("magic_link.html", MagicLinkView(sent=email, next=following, minutes=mailed_links.MINUTES))


async def mail_link(visit: Visit, fields: Typed, purpose: Purpose, following: str = "/") -> str:
    """Mail a link to the `email` of a form, if it has an account; the address, and nobody can tell."""
    fields.require_fit()
    await charge_address(visit)
    email = people.clean_email(fields.get("email", ""))
    await charge(visit.request, LINK_BY_MAIL, email.casefold())
    # A link is written for known addresses only, and that takes longer: nobody is answered before a set time.
    language = language_of(visit.request)
    sending = mailed_links.send(visit.house.tenancy, email, purpose, following, language=language)
    await asyncio.gather(sending, asyncio.sleep(LINK_SECONDS))
    return email


async def use_link(visit: Visit) -> web.Response:
    """POST /sign-in/link/use: `token`, which works once; the first one of an address leads to a new password."""
    fields = await read_own(visit)
    try:
        fields.require_fit()
        await charge_address(visit)
        proof = await mailed_links.use(visit.house.tenancy, visit.house.links, fields.get("token", ""))
    except Refusal as refusal:
        return visit.show("magic_link.html", MagicLinkView(refill(refusal, {})), status=refusal.status)
    following = "/set-password" if proof.first else proof.following
    return await welcome(visit, proof.known, following, "link by mail", proved=True)


async def read_own(visit: Visit) -> Typed:
    """The fields of a form, unless a foreign page sent them: it would sign its visitor in as somebody else."""
    headers = visit.request.headers
    if "Sec-Fetch-Site" in headers or hdrs.ORIGIN in headers:
        require_own_page(visit.request)
    return await read_fields(visit.request)


async def charge_address(visit: Visit) -> None:
    """Spend from the sign-ins of the address that the visit comes from."""
    await charge(visit.request, SIGN_IN_ADDRESS, neighbourhood_of(address_of(visit.request)))


async def welcome(
    visit: Visit, known: Known, following: str, outcome: str = "", *, proved: bool = False
) -> web.Response:
    """Give the browser its cookie and lead it on; SignInNeeded when the password was changed since it was checked."""
    async with visit.house.tenancy.person(known.id) as scope:
        if known.password_hash:
            await people.hold(scope, known.password_hash)
        if outcome:
            await sign_in.note_sign_in(scope, outcome, visit.device)
        _, token = await sessions.open_browser(scope, visit.device, proved=proved)
    response = see(following)
    set_cookie(visit.request, response, token, sessions.BROWSER_DAYS * DAY)
    return response


def _sign_up_view(visit: Visit, form: Form, following: str) -> SignUpView:
    policy = visit.house.sign_up
    return SignUpView(
        form, following, closed=policy == "invite", confirming=policy == "confirm", shortest=passwords.SHORTEST
    )
