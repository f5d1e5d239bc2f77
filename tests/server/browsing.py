"""A browser without scripts: it keeps its cookie and sends forms as pages of ours do."""

from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from tenants.people import sessions
from tests.webapp import Reply, Web
from tests.world import Somebody


@dataclass(slots=True)
class Browsing:
    """One browser; `cookie` is what it was given."""

    web: Web
    cookie: str = ""

    async def get(self, path: str) -> Reply:
        """Open a page."""
        return await self.send("GET", path)

    async def post(self, path: str, **fields: Any) -> Reply:
        """Send a form."""
        return await self.send("POST", path, urlencode(fields), {"Sec-Fetch-Site": "same-origin"})

    async def send(self, method: str, path: str, body: str | None = None, headers: Any = None) -> Reply:
        """One request with the cookie; redirects are not followed."""
        sent = dict(headers or {})
        if self.cookie:
            sent["Cookie"] = f"guildhall={self.cookie}"
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        url = self.web.url + path
        async with self.web.session.request(method, url, data=body, headers=sent, allow_redirects=False) as answer:
            if given := SimpleCookie(answer.headers.get("Set-Cookie", "")).get("guildhall"):
                self.cookie = given.value
            return Reply(answer.status, answer.headers, await answer.read(), None)


async def signed_in(web: Web, person: Somebody) -> Browsing:
    """A browser in which somebody is signed in."""
    async with web.house.tenancy.person(person.person_id) as scope:
        _, token = await sessions.open_browser(scope, sessions.Device("Mozilla/5.0 Firefox", "127.0.0.1"))
    return Browsing(web, token)
