"""Verify: the verdict on a certificate for anyone, from PostgreSQL alone; no script, no cookie, no account."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from aiohttp import BodyPartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from server import verdicts
from server.bodies import BODY_SECONDS
from server.limits import VERIFY, charge
from server.pages.verify_view import ENDED, mark_of_issuer, unknown_view, verdict_view
from server.pages.visits import ACCESS_TO_HOUSE, MARK, PAGE_SECONDS, PAGES, PageHandler, Visit, see
from server.sender import address_of, neighbourhood_of
from server.web.views.certificates import VerifyFormView
from server.web.views.frame import Form
from tenants import links
from tenants.certificates import codes
from tenants.certificates.certificates import Certificate
from tenants.errors import Gone, Invalid, NotFound, Refusal, TooLarge

NO_STORE = "no-store"
LARGEST_PAPER = 5 * 1024 * 1024


async def ask(visit: Visit) -> web.Response:
    """GET /verify: the form; with `code` on to its verdict."""
    typed = visit.request.query.get("code", "")[: codes.LONGEST_TYPED].strip()
    if not typed:
        return visit.show("verify_form.html", VerifyFormView(Form()), cache=NO_STORE)
    code = codes.normalise(typed)
    if code is None:
        return _unknown(visit, typed, slip=True)
    return see(links.certificate(code))


async def verdict(visit: Visit) -> web.Response:
    """GET /verify/{code}: 200 for every known code, 404 for an unknown one."""
    return await _answer(visit, b"")


async def check_paper(visit: Visit) -> web.Response:
    """POST /verify/{code}: the verdict, and whether the PDF in the field `paper` is the one that was issued."""
    await charge(visit.request, VERIFY, neighbourhood_of(address_of(visit.request)))
    return await _answer(visit, await _fingerprint(visit.request))


async def paper(visit: Visit) -> web.Response:
    """GET /verify/{code}.pdf: the signed PDF; 410 when the award has ended, 404 while it is being made."""
    certificate = await _look(visit)
    if certificate.state in ENDED:
        raise Gone(f"This certificate was {certificate.state}. Its PDF is not given out any more.", certificate.state)
    if certificate.pdf_key is None:
        raise NotFound("The PDF of this certificate is being made. Try again in a minute.", "being_prepared")
    pdf = b"".join([block async for block in visit.house.store.open_range(certificate.pdf_key)])
    name = f"certificate-{codes.show(certificate.code)}.pdf"
    headers = {hdrs.CACHE_CONTROL: NO_STORE, hdrs.CONTENT_DISPOSITION: f'inline; filename="{name}"'}
    return web.Response(body=pdf, content_type="application/pdf", headers=headers)


async def credential(visit: Visit) -> web.Response:
    """GET /verify/{code}/credential.json: the Open Badges 3.0 credential; it says itself where its status is."""
    certificate = await _look(visit)
    if certificate.credential is None:
        raise NotFound("The credential of this certificate is being made. Try again in a minute.", "being_prepared")
    return open_document(certificate.credential, "application/vc+ld+json")


def open_document(body: bytes, content_type: str) -> web.Response:
    """A document that verifiers of any origin may read."""
    headers = {
        hdrs.CACHE_CONTROL: NO_STORE,
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return web.Response(body=body, content_type=content_type, headers=headers)


def stranger(handler: PageHandler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler of aiohttp's that does not look who asks, even when a cookie would tell."""

    async def answer(request: web.Request) -> web.StreamResponse:
        access = request.app[ACCESS_TO_HOUSE]
        visit = Visit(access.house, access, request.app[PAGES], request, signed_in=None, token=None)
        try:
            async with asyncio.timeout(PAGE_SECONDS):
                return await handler(visit)
        except TimeoutError:
            raise Refusal(503, "too_slow", "This took too long and was given up. Try again.", retry_after=3) from None

    return answer


ROUTES = (
    web.get("/verify", stranger(ask)),
    web.get("/verify/{code}.pdf", stranger(paper)),
    web.get("/verify/{code}/credential.json", stranger(credential)),
    web.get("/verify/{code}", stranger(verdict)),
    web.post("/verify/{code}", stranger(check_paper)),
)


async def _look(visit: Visit, *, counted: bool = False) -> Certificate:
    return await verdicts.look(visit.request, visit.house.tenancy, visit.path["code"], counted=counted)


async def _answer(visit: Visit, fingerprint: bytes) -> web.Response:
    try:
        certificate = await _look(visit, counted=visit.request.method == "GET")
    except NotFound as unknown:
        return _unknown(visit, visit.path["code"], slip=unknown.code == "typing_slip")
    visit.request[MARK] = mark_of_issuer(certificate)
    return visit.show("verify.html", verdict_view(certificate, fingerprint), cache=NO_STORE)


def _unknown(visit: Visit, typed: str, *, slip: bool) -> web.Response:
    return visit.show("verify.html", unknown_view(typed, slip=slip), status=404, cache=NO_STORE)


async def _fingerprint(request: web.Request) -> bytes:
    """The SHA-256 of the file in the field `paper`, which is not kept; Invalid without one, TooLarge above 5 MB."""
    if request.content_type != "multipart/form-data":
        raise Invalid.field("/paper", "missing", "Choose the PDF to check.")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            # Our form has this one field, and no part is passed over: parts within parts would be walked without end.
            part = await (await request.multipart()).next()
            if isinstance(part, BodyPartReader) and part.name == "paper":
                return await _digest(part)
    except (ValueError, RuntimeError, HttpProcessingError, web.RequestPayloadError) as broken:
        raise Invalid.field("/paper", "broken", "The file did not arrive whole. Choose it again.") from broken
    except TimeoutError:
        raise Refusal(408, "too_slow", "The file did not arrive in time. Send it again.") from None
    raise Invalid.field("/paper", "missing", "Choose the PDF to check.")


async def _digest(part: BodyPartReader) -> bytes:
    digest, size = hashlib.sha256(), 0
    while block := await part.read_chunk(64 * 1024):
        size += len(block)
        if size > LARGEST_PAPER:
            raise TooLarge("A certificate has less than 5 MB; this file is none of ours.")
        digest.update(block)
    return digest.digest()
