"""What tests of verification begin with: a stranger at the page, and awards in each state."""

import io
import re
from dataclasses import dataclass
from hashlib import sha256

import aiohttp

from tenants.certificates import certificates
from tenants.certificates.certificates import Certificate
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.tenants.school import Taught
from tests.webapp import Reply, Web
from tests.world import World

SYSTEM = acting_system("test")
PDF = b"%PDF-1.7 a paper"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with an address of their own and neither cookie nor account."""

    web: Web
    address: str

    async def get(self, path: str, method: str = "GET") -> Reply:
        async with self.web.session.request(
            method, self.web.url + path, headers={"X-Forwarded-For": self.address}, allow_redirects=False
        ) as answer:
            return Reply(answer.status, answer.headers, await answer.read(), None)

    async def state(self, code: str) -> str:
        return state_of(await self.get(f"/verify/{code}"))

    async def upload(self, code: str, paper: bytes) -> Reply:
        form = aiohttp.FormData()
        form.add_field("paper", io.BytesIO(paper), filename="paper.pdf", content_type="application/pdf")
        headers = {"X-Forwarded-For": self.address}
        async with self.web.session.post(f"{self.web.url}/verify/{code}", data=form, headers=headers) as answer:
            return Reply(answer.status, answer.headers, await answer.read(), None)


async def given(
    tenancy: Tenancy, world: World, course: Taught, *, ready: bool = True, **options: object
) -> Certificate:
    """An award to Sam; `ready`: as if its paper had been printed."""
    pottery = world.pottery
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        award = await certificates.issue(scope, pottery.sam.member_id, course.id, **options)  # type: ignore[arg-type]
    if ready:
        await publish(tenancy, world, award)
    return award


async def publish(tenancy: Tenancy, world: World, award: Certificate) -> None:
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        key = f"c/{world.pottery.id}/cert/{award.id}/1.pdf"
        await certificates.publish(
            scope, award.id, pdf_key=key, pdf_sha256=sha256(PDF).digest(), credential=b'{"type": []}'
        )


async def revoke(tenancy: Tenancy, world: World, award: Certificate, reason: str = "Handed in by another.") -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        await certificates.revoke(scope, award.code, reason)


def state_of(page: Reply) -> str:
    found = re.search(rb'<main[^>]*data-state="(\w+)"', page.body)
    return found[1].decode() if found else ""


def sentence_of(page: Reply) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page.body.decode(), re.DOTALL)
    return found[1] if found else ""
