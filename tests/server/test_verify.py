"""Verify: a plain verdict for anyone, which says nothing untrue whatever became of an award."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from providers.embedded import EmbeddedValkey
from tenants.certificates import certificates, codes, verification
from tenants.scope import Tenancy
from tests.server.verifying import PDF, SYSTEM, Visitor, given, revoke, sentence_of, state_of
from tests.tenants.school import Taught, make_course
from tests.waiting import until
from tests.webapp import Web, serving
from tests.world import World

ADDRESSES = count(1)


@pytest.fixture(scope="module")
async def house(database: str, valkey: EmbeddedValkey, home: Path) -> AsyncIterator[Web]:
    """The application behind a proxy, so that each test can come from an address of its own."""
    async with serving(database, valkey.redis_url, home / "verify", trusted_proxies=1) as running:
        yield running


@pytest.fixture
def visitor(house: Web) -> Visitor:
    number = next(ADDRESSES)
    return Visitor(house, f"203.0.113.{number}")


@pytest.fixture
async def course(tenancy: Tenancy, world: World) -> Taught:
    return await make_course(tenancy, world.pottery, world.pottery.ben)


async def test_a_valid_certificate_says_so_in_one_sentence(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course)
    page = await visitor.get(f"/verify/{award.code}")
    assert (page.status, state_of(page)) == (200, "valid")
    assert "Pottery awarded this certificate in Your first bowl to Sam on" in sentence_of(page)
    assert codes.show(award.code).encode() in page.body


async def test_the_page_sets_no_cookie_needs_no_script_and_is_not_kept(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course)
    page = await visitor.get(f"/verify/{award.code}")
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    head = await visitor.get(f"/verify/{award.code}", "HEAD")
    assert (head.status, head.body) == (200, b"")


async def test_however_a_code_is_typed_it_is_the_same_certificate(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course)
    typed = codes.show(award.code).lower().replace("1", "l").replace("0", "o")
    assert await visitor.state(typed) == "valid"
    asked = await visitor.get(f"/verify?code=%20{typed}%20")
    assert (asked.status, asked.headers["Location"]) == (303, f"/verify/{award.code}")
    assert b'name="code"' in (await visitor.get("/verify")).body


async def test_while_its_paper_is_made_it_is_valid_without_a_pdf(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course, ready=False)
    page = await visitor.get(f"/verify/{award.code}")
    assert (page.status, state_of(page)) == (200, "rendering")
    assert b"Its PDF is being made" in page.body
    assert f"/verify/{award.code}.pdf".encode() not in page.body
    for path in (f"/verify/{award.code}.pdf", f"/verify/{award.code}/credential.json"):
        answer = await visitor.get(path)
        assert (answer.status, b"being made" in answer.body) == (404, True)


async def test_a_revoked_certificate_never_looks_valid(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course)
    await revoke(tenancy, world, award)
    page = await visitor.get(f"/verify/{award.code}")
    assert (page.status, state_of(page)) == (200, "revoked")
    assert "was revoked on" in sentence_of(page)
    assert b"Handed in by another." in page.body
    assert b"Valid" not in page.body
    assert (await visitor.get(f"/verify/{award.code}.pdf")).status == 410
    assert (await visitor.get(f"/verify/{award.code}/credential.json")).status == 200


async def test_a_superseded_one_leads_to_its_heir(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        heir = await certificates.supersede(scope, award.code)
    page = await visitor.get(f"/verify/{award.code}")
    assert (page.status, state_of(page)) == (200, "superseded")
    assert f'href="/verify/{heir.code}"'.encode() in page.body
    assert (await visitor.get(f"/verify/{award.code}.pdf")).status == 410
    assert await visitor.state(heir.code) == "rendering"


async def test_an_expired_one_says_when(tenancy: Tenancy, world: World, course: Taught, visitor: Visitor) -> None:
    award = await given(tenancy, world, course, expires_at=datetime.now(UTC) + timedelta(milliseconds=300))

    async def over() -> bool:
        return (await verification.find(tenancy, award.code)).state == "expired"

    await until(over)
    page = await visitor.get(f"/verify/{award.code}")
    assert (page.status, state_of(page), "expired on" in sentence_of(page)) == (200, "expired", True)


async def test_a_slip_is_told_and_costs_nothing_while_guessing_is_stopped(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course)
    wrong = award.code[:-1] + codes.ALPHABET[(codes.ALPHABET.index(award.code[-1]) + 1) % 32]
    for _ in range(40):
        slip = await visitor.get(f"/verify/{wrong}")
    assert (slip.status, state_of(slip)) == (404, "unknown")
    assert b"most likely a typing slip" in slip.body
    guesses = [await visitor.get(f"/verify/{codes.make()}") for _ in range(4)]
    assert [(each.status, state_of(each)) for each in guesses] == [(404, "unknown")] * 3 + [(429, "")]
    assert b"nothing was ever issued under it here" in guesses[0].body
    assert (await visitor.get(f"/verify/{award.code}")).status == 429
    assert await Visitor(visitor.web, "198.51.100.7").state(award.code) == "valid"


async def test_thirty_looks_a_minute_are_enough_for_anybody(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course)
    pages = [await visitor.get(f"/verify/{award.code}") for _ in range(31)]
    assert [page.status for page in pages] == [200] * 30 + [429]
    assert 0 < int(pages[-1].headers["Retry-After"]) <= 60


@pytest.mark.parametrize("typed", ["%00", "x" * 5000, "..%2f..", "%f0%9f%91%91", "<script>", "7K4M"])
async def test_whatever_is_typed_is_answered_as_unknown(visitor: Visitor, typed: str) -> None:
    for path in (f"/verify/{typed}", f"/verify/{typed}.pdf", f"/verify/{typed}/credential.json"):
        answer = await visitor.get(path)
        assert answer.status == 404
        assert b"<script>" not in answer.body


async def test_the_pdf_and_the_credential_are_given_out(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course)
    key = f"c/{world.pottery.id}/cert/{award.id}/1.pdf"
    await visitor.web.house.store.put(key, PDF, "application/pdf")
    pdf = await visitor.get(f"/verify/{award.code}.pdf")
    assert (pdf.status, pdf.body, pdf.headers["Content-Type"]) == (200, PDF, "application/pdf")
    credential = await visitor.get(f"/verify/{award.code}/credential.json")
    assert (credential.status, credential.body) == (200, b'{"type": []}')
    assert credential.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_paper_is_compared_byte_for_byte(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course)
    assert b"byte for byte." in (await visitor.upload(award.code, PDF)).body.split(b'role="status"')[1][:300]
    assert b"This is not the file" in (await visitor.upload(award.code, PDF + b" ")).body
    await revoke(tenancy, world, award)
    assert b"does not stand any more" in (await visitor.upload(award.code, PDF)).body
    large = await visitor.upload(award.code, b"x" * (6 * 1024 * 1024))
    assert large.status == 413


async def test_an_upload_that_is_none_is_refused(
    tenancy: Tenancy, world: World, course: Taught, visitor: Visitor
) -> None:
    award = await given(tenancy, world, course)
    headers = {"X-Forwarded-For": visitor.address}
    bodies: list[dict[str, Any]] = [{"data": b"hello"}, {"data": {"paper": "x"}}, {"json": {}}]
    for sent in bodies:
        async with visitor.web.session.post(
            f"{visitor.web.url}/verify/{award.code}", headers=headers, **sent
        ) as answer:  # fmt: skip
            assert answer.status == 422


async def test_the_verdict_needs_neither_redis_nor_storage_nor_an_open_channel(
    tenancy: Tenancy, world: World, course: Taught, database: str, tmp_path: Path
) -> None:
    award = await given(tenancy, world, course)
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        await scope._transaction.run("update channels set state = 'closed'", [])
    async with serving(database, "redis://127.0.0.1:1", tmp_path, storage=f"disk:{tmp_path / 'lost'}") as bare:
        shutil.rmtree(tmp_path / "lost")
        page = await bare.get(f"/verify/{award.code}")
        assert (page.status, state_of(page)) == (200, "valid")
        did = await bare.get(f"/c/{world.pottery.slug}/did.json")
        assert did.status == 200, did.body.decode()


async def test_the_api_says_the_same(tenancy: Tenancy, world: World, course: Taught, house: Web) -> None:
    pottery, address = world.pottery, {"X_Forwarded_For": "203.0.113.250"}
    path = f"/channels/{pottery.slug}/certificates"
    asked = {"member": str(pottery.sam.member_id), "course": str(course.id)}
    made = await house.call("POST", path, asked, token=pottery.ana.token)
    assert (made.status, made.json["state"]) == (202, "rendering")
    code = made.json["code"]
    assert (await house.call("POST", path, asked, token=pottery.ana.token)).json["code"] == code
    shown = await house.call("GET", f"/certificates/{codes.show(code)}", **address)
    url = f"{house.house.base_url}/c/{pottery.slug}"
    assert (shown.status, shown.json["holder"], shown.json["title"]) == (200, "Sam", "Your first bowl")
    assert shown.json["channel"] == {"slug": pottery.slug, "name": "Pottery", "url": url}
    assert (shown.json["revoked_at"], shown.json["superseded_by"]) == (None, None)
    heir = await house.call("POST", f"{path}/{code}/supersede", {}, token=pottery.ana.token)
    assert (heir.status, heir.json["state"]) == (202, "rendering")
    gone = await house.call(
        "POST", f"{path}/{heir.json['code']}/revoke", {"reason": "A mistake."}, token=pottery.ana.token
    )
    assert (gone.status, gone.json["state"], gone.json["reason"]) == (200, "revoked", "A mistake.")
    old = await house.call("GET", f"/certificates/{code}", **address)
    assert (old.json["state"], old.json["superseded_by"]) == ("superseded", heir.json["code"])
    listed = await house.call("GET", path, token=pottery.sam.token)
    assert [each["state"] for each in listed.json["items"]] == ["revoked", "superseded"]
    unknown = await house.call("GET", f"/certificates/{codes.make()}", **address)
    assert (unknown.status, unknown.json["code"]) == (404, "no_such_certificate")
    slip = await house.call("GET", "/certificates/nonsense", **address)
    assert (slip.status, slip.json["code"]) == (404, "typing_slip")


async def test_the_api_refuses_strangers_and_other_channels(
    tenancy: Tenancy, world: World, course: Taught, house: Web
) -> None:
    award = await given(tenancy, world, course)
    path = f"/channels/{world.chess.slug}/certificates"
    asked = {"member": str(world.pottery.sam.member_id), "course": str(course.id)}
    otto, sam = world.chess.otto.token, world.pottery.sam.token
    assert (await house.call("POST", path, asked, token=otto)).status == 404
    assert (await house.call("POST", f"{path}/{award.code}/revoke", {"reason": "x"}, token=otto)).status == 404
    assert (await house.call("POST", f"{path}/{award.code}/supersede", {}, token=otto)).status == 404
    assert (await house.call("GET", path, token=otto)).json["items"] == []
    own = f"/channels/{world.pottery.slug}/certificates"
    assert (await house.call("POST", own, asked, token=sam)).status == 403
    assert (await house.call("GET", own)).status == 401
    assert (await house.call("POST", f"{own}/{award.code}/revoke", {"reason": ""}, token=sam)).status == 422
