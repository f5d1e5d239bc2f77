"""The demo's mail: what the installation would have sent, from the folder it was written to."""

import re
from urllib.parse import urlsplit

from aiohttp import web

from providers.mail.folder import Folder, Summary
from server.cookies import host_asked
from server.pages.visits import Visit
from server.web.views.mail import Letter, MailView
from tenants.errors import NotFound

LOOPBACK = ("localhost", "127.0.0.1", "::1")
LINK = re.compile(r"https?://[^\s<>\"]+")


async def letters(visit: Visit) -> web.Response:
    """GET /mail: the newest first."""
    found = await _folder(visit).letters()
    return visit.show("mail_viewer.html", MailView(tuple(_listed(each) for each in found)))


async def letter(visit: Visit) -> web.Response:
    """GET /mail/{letter}."""
    found = await _folder(visit).letter(visit.path["letter"])
    if found is None:
        raise NotFound()
    summary, addresses = found.summary, tuple(dict.fromkeys(LINK.findall(found.text)))
    shown = Letter(summary.id, summary.to, summary.subject, summary.at, found.text, addresses)
    return visit.show("mail_viewer.html", MailView((), shown))


def _folder(visit: Visit) -> Folder:
    # A far page may point its own name at this machine, and would read the links in here.
    if host_asked(visit.request) not in {urlsplit(visit.house.base_url).hostname, *LOOPBACK}:
        raise NotFound()
    mailer = visit.house.mailer
    if not isinstance(mailer, Folder):
        raise NotFound("Mail leaves this installation; there is no folder to look into.")
    return mailer


def _listed(summary: Summary) -> Letter:
    return Letter(summary.id, summary.to, summary.subject, summary.at)
