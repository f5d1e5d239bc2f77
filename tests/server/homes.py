"""Channels at hosts of their own, and a browser that keeps its cookies by host."""

from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import bindparam, update

from tenants.channels.channels import CHANNELS
from tenants.ids import MemberId
from tenants.members import bans
from tenants.people import sessions
from tenants.people.sessions import Device
from tenants.statements import scoped
from tests.webapp import Reply, Web
from tests.world import School, Somebody, World

SET_HOST = scoped(update(CHANNELS).values(host=bindparam("own_host")))
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@dataclass(slots=True)
class Browser:
    """A browser that keeps cookies by host and asks the loopback server under any of them."""

    web: Web
    jars: dict[str, dict[str, str]] = field(default_factory=dict)

    async def get(self, host: str, path: str, **headers: str) -> Reply:
        """Open an address of a host (empty: the installation's)."""
        return await self.send("GET", host, path, None, headers)

    async def post(self, host: str, path: str, **fields: Any) -> Reply:
        """Send a form as a page of the host does."""
        sent = SAME_ORIGIN | {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.send("POST", host, path, urlencode(fields), sent)

    async def send(self, method: str, host: str, path: str, body: str | None, headers: dict[str, str]) -> Reply:
        """One request; redirects are not followed."""
        jar = self.jars.setdefault(host, {})
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        sent |= headers | ({"Host": host} if host else {})
        url = self.web.url + path
        async with self.web.session.request(method, url, data=body, headers=sent, allow_redirects=False) as answer:
            for line in answer.headers.getall("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    jar[name] = morsel.value
                    if morsel["max-age"] == "0":
                        del jar[name]
            return Reply(answer.status, answer.headers, await answer.read(), None)

    async def sign_in(self, person: Somebody) -> None:
        """Have the cookie of a session at the installation's host."""
        async with self.web.house.tenancy.person(person.person_id) as scope:
            _, token = await sessions.open_browser(scope, Device("Mozilla/5.0 Firefox", "127.0.0.1"))
        self.jars.setdefault("", {})["guildhall"] = token

    async def leave(self, host: str, path: str = "/sign-in?next=/c/x/learn") -> str:
        """Press "Sign in" at a channel's host; the address at the installation's host that it leads to."""
        left = await self.get(host, path)
        assert left.status == 303
        assert left.headers["Location"].startswith(f"{self.web.url}/sign-in/hand-off?")
        return str(left.headers["Location"]).removeprefix(self.web.url)

    async def arrive(self, host: str, page: Reply) -> Reply:
        """Go where the page of the hand-off leads."""
        return await self.get(host, way_of(page))


def way_of(page: Reply) -> str:
    """The path at the channel's host that a hand-off's page goes on to."""
    assert page.status == 200, page.text
    url = page.text.split('http-equiv="refresh" content="0;url=')[1].split('"')[0].replace("&amp;", "&")
    return url[url.index("/sign-in/arrive") :]


@dataclass(frozen=True, slots=True)
class Homes:
    """A web with two channels that each have a host of their own."""

    web: Web
    world: World
    pottery: str
    chess: str


async def move(web: Web, school: School, host: str | None) -> None:
    """Give a channel another host of its own."""
    async with web.house.tenancy.scope(school.id) as scope:
        await scope.run(SET_HOST, own_host=host)


async def signed_in_at(homes: Homes, person: Somebody, host: str) -> Browser:
    """A browser that went the whole way."""
    browser = Browser(homes.web)
    await browser.sign_in(person)
    page = await browser.get("", await browser.leave(host))
    assert (await browser.arrive(host, page)).status == 303
    return browser


async def ban(web: Web, school: School, member: MemberId) -> None:
    async with web.house.tenancy.scope(school.id, school.ana.actor) as scope:
        await bans.ban(scope, member, "spam", None)


async def make_homes(web: Web, world: World) -> Homes:
    """Give both channels of the world a host."""
    made = []
    for school in (world.pottery, world.chess):
        made.append(f"{school.slug}.example")
        await move(web, school, made[-1])
    return Homes(web, world, *made)
