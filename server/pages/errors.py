"""A page instead of the one asked for, in the dress of the channel where it went wrong."""

from aiohttp import web

from server.context import House
from server.pages.visits import frame_of, public_policy
from server.problems import ErrorPage
from server.sender import REQUEST_ID
from server.web.render import Pages
from server.web.views.errors import ErrorView
from server.web.views.frame import ChannelMark, Frame, Link
from tenants import links
from tenants.errors import Refusal

POLICY = web.RequestKey("error_policy", str)
SAFE = "Nothing was changed by this."
# For people who follow a link to what was open to them: more could tell that there is such a thing.
SENTENCES = {"no_such_room": "This room is no longer open to you, or does not exist."}
HERE = {
    "no_such_room": "The rooms that are open to you are listed in the community.",
    "not_a_member": "Members get in. Joining takes one press on the channel’s page.",
    "no_room": "Rooms are opened by those who run the channel; members find them here as soon as there is one.",
    "banned": "What you wrote stays; your other channels are not touched.",
    "suspended": "Certificates of this channel stay valid and can be checked.",
}


def error_page(pages: Pages, house: House) -> ErrorPage:
    """The renderer of refusals for people."""

    def render(refusal: Refusal, request: web.Request) -> str:
        # The reader is not looked up: the fault may be that nobody can be.
        frame = frame_of(request, house, None)
        request[POLICY] = public_policy(request, frame)
        return pages.render("error.html", _view(refusal, request, frame), frame)

    return render


async def set_policy(request: web.Request, response: web.StreamResponse) -> None:
    """Let an error page wear its styles."""
    if POLICY in request:
        response.headers["Content-Security-Policy"] = request[POLICY]


def _view(refusal: Refusal, request: web.Request, frame: Frame) -> ErrorView:
    return ErrorView(
        status=refusal.status,
        sentence=SENTENCES.get(refusal.code, refusal.message),
        safe=HERE.get(refusal.code, SAFE),
        way=_way(refusal, frame.channel, request),
        request_id=request.get(REQUEST_ID, ""),
        other=Link("All channels", "/") if frame.channel else None,
    )


def _way(refusal: Refusal, channel: ChannelMark | None, request: web.Request) -> Link:
    if refusal.status >= 500 and request.method in {"GET", "HEAD"}:
        return Link("Try again", request.path)
    if refusal.code == "banned" and channel:
        return Link("Read why, and appeal", links.decisions(channel.slug))
    if refusal.code == "no_such_room" and channel:
        return Link("To the rooms", f"{links.channel(channel.slug)}/community")
    return Link("To the channel", channel.url) if channel else Link("All channels", "/")
