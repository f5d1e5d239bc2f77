"""The paper of a certificate: signed, true to its row, made once whatever dies, never published when it is wrong."""

import asyncio
import hashlib
import io
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdf
import pytest

from providers import pdf, signing
from providers.pdf import PdfPrinter, signature
from tenants import work
from tenants.certificates import certificates, codes, signing_keys, verification
from tenants.certificates.certificates import Certificate
from tenants.members import members
from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants.school import Taught, make_course
from tests.webapp import Web
from tests.workers.shop import make_shop
from tests.world import World
from workers.registry import Workshop
from workers.run import perform_leased


@pytest.fixture(scope="module")
async def printer() -> AsyncIterator[PdfPrinter]:
    """One warm browser for all tests here."""
    made = pdf.choose()
    yield made
    await made.close()


@pytest.fixture
def shop(tenancy: Tenancy, tmp_path: Path, printer: PdfPrinter) -> Workshop:
    return replace(make_shop(tenancy, tmp_path), printer=printer)


@pytest.fixture
async def course(tenancy: Tenancy, world: World) -> Taught:
    return await make_course(tenancy, world.pottery, world.pottery.ben)


async def given(tenancy: Tenancy, world: World, course: Taught) -> Certificate:
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        return await certificates.issue(scope, world.pottery.sam.member_id, course.id)


async def rows(tenancy: Tenancy, sql: str, *values: Any) -> list[Any]:
    async with bare(tenancy.relay) as connection:
        return list(await connection.fetch(sql, *values))


async def ticket_of(tenancy: Tenancy, world: World) -> work.Ticket:
    """The job that asks for the newest paper."""
    sql = "select id from jobs where channel_id = $1 and name = 'RenderCertificate' order by id desc limit 1"
    (row,) = await rows(tenancy, sql, world.pottery.id)
    return work.Ticket(world.pottery.id, None, UUID(str(row["id"])))


async def do(shop: Workshop, ticket: work.Ticket) -> None:
    leased = await work.take(shop.tenancy, ticket)
    assert leased is not None
    await perform_leased(shop, leased)


async def told(tenancy: Tenancy, world: World) -> tuple[int, int]:
    """How many notices and mails the channel's people were promised."""
    notices = "select 1 from notices where channel_id = $1 and event = 'notice'"
    mails = "select 1 from jobs where channel_id = $1 and name = 'SendMail'"
    return len(await rows(tenancy, notices, world.pottery.id)), len(await rows(tenancy, mails, world.pottery.id))


async def paper(shop: Workshop, certificate: Certificate) -> bytes:
    assert certificate.pdf_key is not None
    return b"".join([block async for block in shop.store.open_range(certificate.pdf_key)])


async def waiting(tenancy: Tenancy, ticket: work.Ticket) -> tuple[str, str]:
    (row,) = await rows(tenancy, "select state, error from jobs where id = $1", ticket.job_id)
    return row["state"], row["error"]


async def test_the_paper_is_tagged_signed_by_its_channel_and_says_what_the_page_says(
    tenancy: Tenancy, shop: Workshop, world: World, course: Taught
) -> None:
    award = await given(tenancy, world, course)
    await do(shop, await ticket_of(tenancy, world))
    ready = await verification.find(tenancy, award.code)
    assert ready.state == "valid"
    made, root = await paper(shop, ready), await signing_keys.root_certificate(tenancy)
    assert root is not None
    assert await signature.verify(made, root) == signature.Verdict(True, True, "Pottery")
    reader = pypdf.PdfReader(io.BytesIO(made))
    words = reader.pages[0].extract_text()
    assert [word for word in ("Sam", "Your first bowl", "Pottery", codes.show(award.code)) if word not in words] == []
    marked = reader.root_object["/MarkInfo"]
    assert isinstance(marked, pypdf.generic.DictionaryObject)
    assert marked["/Marked"]
    assert signature.attached(made) == ready.credential
    assert await told(tenancy, world) == (1, 1)


async def test_a_verifier_with_nothing_but_addresses_finds_the_credential_good_until_it_is_revoked(
    tenancy: Tenancy, shop: Workshop, world: World, course: Taught, web: Web
) -> None:
    shop = replace(shop, base_url=web.house.base_url)
    award = await given(tenancy, world, course)
    await do(shop, await ticket_of(tenancy, world))
    base = f"/c/{world.pottery.slug}"
    document = json.loads((await web.get(f"/verify/{award.code}/credential.json")).body)
    did = json.loads((await web.get(f"{base}/did.json")).body)
    keys = {method["id"]: method["publicKeyMultibase"] for method in did["verificationMethod"]}
    assert did["id"] == document["issuer"]["id"]
    assert signing.check(document, keys)
    assert not signing.check({**document, "name": "Another course"}, keys)
    status = document["credentialStatus"]
    assert status["statusListCredential"] == f"{web.house.base_url}{base}/status/1"
    before = json.loads((await web.get(f"{base}/status/1")).body)
    assert signing.check(before, keys)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        await certificates.revoke(scope, award.code, "A mistake.")
    after = json.loads((await web.get(f"{base}/status/1")).body)
    assert signing.check(after, keys)
    assert after["credentialSubject"]["encodedList"] != before["credentialSubject"]["encodedList"]
    pem = (await web.get("/.well-known/guildhall/root.pem")).body
    assert pem.startswith(b"-----BEGIN CERTIFICATE-----")
    assert b"PRIVATE" not in pem


async def test_done_again_it_is_the_same_paper_and_told_once(
    tenancy: Tenancy, shop: Workshop, world: World, course: Taught
) -> None:
    from tenants.jobs import RenderCertificate

    award = await given(tenancy, world, course)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        again = [scope.enqueue(RenderCertificate(award.id)) for _ in range(2)]
    tickets = [await ticket_of(tenancy, world), *(work.Ticket(world.pottery.id, None, each) for each in again)]
    await asyncio.gather(*(do(shop, each) for each in {ticket.job_id: ticket for ticket in tickets}.values()))
    ready = await verification.find(tenancy, award.code)
    assert ready.pdf_key is not None
    stored = await shop.store.head(ready.pdf_key)
    assert (ready.state, await told(tenancy, world)) == ("valid", (1, 1))
    assert stored is not None
    assert ready.pdf_sha256 is not None
    assert hashlib.sha256(await paper(shop, ready)).digest() == ready.pdf_sha256


async def test_a_worker_killed_between_storing_and_publishing_leaves_one_paper_that_the_next_one_publishes(
    tenancy: Tenancy, shop: Workshop, world: World, course: Taught, database: str, tmp_path: Path
) -> None:
    award, ticket = await given(tenancy, world, course), await ticket_of(tenancy, world)
    command = [sys.executable, "-m", "tests.workers.dying_worker", database, str(tmp_path)]
    dying = await asyncio.create_subprocess_exec(*command, str(world.pottery.id), str(ticket.job_id))
    assert await dying.wait() == -signal.SIGKILL
    stored = await shop.store.head(f"c/{world.pottery.id}/cert/{award.id}/1.pdf")
    assert stored is not None
    assert (await verification.find(tenancy, award.code)).state == "rendering"
    await rows(tenancy, "update jobs set leased_until = now() where id = $1", ticket.job_id)
    await do(replace(shop, printer=pdf.choose("/nowhere/chromium")), ticket)
    ready = await verification.find(tenancy, award.code)
    assert (ready.state, await told(tenancy, world)) == ("valid", (1, 1))
    assert await shop.store.head(ready.pdf_key or "") == stored


@pytest.mark.parametrize("broken", ["/nowhere/chromium", "/bin/false"])
async def test_without_a_browser_that_works_it_is_valid_without_paper_and_gets_it_later(
    tenancy: Tenancy, shop: Workshop, world: World, course: Taught, broken: str
) -> None:
    award, ticket = await given(tenancy, world, course), await ticket_of(tenancy, world)
    bad = pdf.choose(broken)
    await do(replace(shop, printer=bad), ticket)
    await bad.close()
    state, error = await waiting(tenancy, ticket)
    assert (state, bool(re.search("CHROMIUM|Chromium", error))) == ("waiting", True)
    assert (await verification.find(tenancy, award.code)).state == "rendering"
    assert await told(tenancy, world) == (0, 0)
    await rows(tenancy, "update jobs set run_at = now() where id = $1", ticket.job_id)
    await do(shop, ticket)
    assert (await verification.find(tenancy, award.code)).state == "valid"
    assert await told(tenancy, world) == (1, 1)


async def test_a_pdf_that_cannot_show_the_holders_name_is_never_published(
    tenancy: Tenancy, shop: Workshop, world: World, course: Taught
) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        await members.rename(scope, world.pottery.sam.member_id, "\U00013080\U000130d2")
    award, ticket = await given(tenancy, world, course), await ticket_of(tenancy, world)
    await do(shop, ticket)
    state, error = await waiting(tenancy, ticket)
    assert state == "failed"
    assert "does not show" in error or "font" in error
    assert await shop.store.head(f"c/{world.pottery.id}/cert/{award.id}/1.pdf") is None
    assert (await verification.find(tenancy, award.code)).state == "rendering"


async def test_a_stored_file_that_is_no_paper_of_ours_is_never_published(
    tenancy: Tenancy, shop: Workshop, world: World, course: Taught
) -> None:
    award, ticket = await given(tenancy, world, course), await ticket_of(tenancy, world)
    await shop.store.put(f"c/{world.pottery.id}/cert/{award.id}/1.pdf", b"%PDF-1.7", "application/pdf")
    await do(shop, ticket)
    assert await waiting(tenancy, ticket) == (
        "failed",
        "The stored PDF does not carry a signature of ours that holds.",
    )
    assert (await verification.find(tenancy, award.code)).state == "rendering"


async def test_an_award_that_ended_before_its_turn_gets_no_paper(
    tenancy: Tenancy, shop: Workshop, world: World, course: Taught
) -> None:
    award, ticket = await given(tenancy, world, course), await ticket_of(tenancy, world)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        await certificates.revoke(scope, award.code, "A mistake.")
    await do(shop, ticket)
    assert (await verification.find(tenancy, award.code)).state == "revoked"
    assert await shop.store.head(f"c/{world.pottery.id}/cert/{award.id}/1.pdf") is None
    assert await told(tenancy, world) == (0, 0)
