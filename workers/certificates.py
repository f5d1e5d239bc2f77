"""Certificates: printed, checked, given their credential, signed, stored, and only then told to their holder.

The stored object is written once and never over: whatever dies in between, the next try finds it, or makes it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import urlsplit

import orjson

from providers import ProviderRefused, signing
from providers.pdf import PrinterDown, PrintRefused, signature
from providers.pdf.signature import Identity
from tenants import links
from tenants.certificates import certificates, credential, signing_keys
from tenants.certificates.certificates import Certificate
from tenants.certificates.credential import STATUSES, Award, Issuer
from tenants.certificates.signing_keys import SigningKey
from tenants.errors import Refusal
from tenants.jobs import RenderCertificate
from tenants.sealing import Seals
from workers.certificate_design import CertificateView, html, must_contain
from workers.registry import PutOff, Work, performs

VERSION = 1
PDF_TYPE = "application/pdf"


@dataclass(frozen=True, slots=True)
class Keys:
    """What a channel signs with: documents under the installation's root, credentials under its own name."""

    root: bytes
    document: Identity
    credential: SigningKey


@performs(RenderCertificate, seconds=120)
async def render_certificate(work: Work, asked: RenderCertificate) -> None:
    """Make the paper of a certificate and publish it; nothing more happens when that was done, or the award ended.

    Raises PutOff while no browser works, Refusal for a PDF that may not be published.
    """
    async with work.scope() as scope:
        certificate = await certificates.read(scope, asked.certificate_id)
    if certificate.pdf_key is not None or certificate.ended_at is not None:
        return
    keys = await _keys(work, certificate)
    key = f"c/{work.channel_id}/cert/{certificate.id}/{VERSION}.pdf"
    pdf = await _stored(work, key) or await _store(work, key, await _make(work, certificate, keys))
    kept = await _checked(pdf, keys)
    async with work.scope() as scope:
        await certificates.publish(scope, certificate.id, pdf_key=key, pdf_sha256=sha256(pdf).digest(), credential=kept)


async def _make(work: Work, certificate: Certificate, keys: Keys) -> bytes:
    """The paper: printed and looked into, with the credential inside, signed last."""
    view = _view(work, certificate)
    try:
        printed = await work.shop.printer.print(
            html(view), dated=certificate.issued_at, must_contain=must_contain(view)
        )
    except PrinterDown as down:
        raise PutOff(str(down)) from down
    except PrintRefused as refused:
        raise Refusal(422, "print_refused", str(refused)) from refused
    document = orjson.dumps(_credential(work, certificate, keys.credential))
    reason = f"Awarded by {certificate.facts.channel}"
    return await signature.sign(printed, keys.document, keys.root, credential=document, reason=reason)


async def _store(work: Work, key: str, pdf: bytes) -> bytes:
    """What is stored under `key` from now on: this paper, or the one of a worker that was faster."""
    try:
        await work.shop.store.put(key, pdf, PDF_TYPE, if_generation=0)
    except ProviderRefused as refused:
        if refused.code != "precondition":
            raise
        return await _stored(work, key) or pdf
    return pdf


async def _stored(work: Work, key: str) -> bytes | None:
    if await work.shop.store.head(key) is None:
        return None
    return b"".join([block async for block in work.shop.store.open_range(key)])


async def _checked(pdf: bytes, keys: Keys) -> bytes:
    """The credential inside a paper whose signature holds; Refusal for any other, which is never published."""
    verdict, inside = await signature.verify(pdf, keys.root), signature.attached(pdf)
    if not verdict.trusted or inside is None:
        raise Refusal(500, "unsound_paper", "The stored PDF does not carry a signature of ours that holds.")
    return inside


async def _keys(work: Work, certificate: Certificate) -> Keys:
    seals, now = Seals(work.shop.secret), datetime.now(UTC)

    def new_root() -> tuple[bytes, bytes]:
        made = signature.make_root(urlsplit(work.shop.base_url).netloc, now=now)
        return made.certificate, made.key

    root = await signing_keys.root(work.shop.tenancy, seals, new_root)

    def new_leaf() -> tuple[bytes, bytes]:
        made = signature.make_leaf(Identity(root.public, root.secret), certificate.facts.channel, now=now)
        return made.certificate, made.key

    async with work.scope() as scope:
        document = await signing_keys.own(scope, "document", seals, new_leaf)
        for_credentials = await signing_keys.own(scope, "credential", seals, _new_pair)
    return Keys(root.public, Identity(document.public, document.secret), for_credentials)


def _new_pair() -> tuple[bytes, bytes]:
    pair = signing.make_key()
    return pair.public.encode(), pair.secret


def _credential(work: Work, certificate: Certificate, key: SigningKey) -> credential.Document:
    facts, base_url = certificate.facts, work.shop.base_url
    channel_url = links.absolute(base_url, links.channel(facts.slug))
    issuer = Issuer(credential.did_of(channel_url), facts.channel, channel_url)
    number, place = divmod(certificate.status_index, STATUSES)
    award = Award(
        url=links.absolute(base_url, links.certificate(certificate.code)),
        holder=facts.holder,
        title=facts.title,
        criteria=facts.rule,
        achievement_url=links.absolute(base_url, links.course(facts.slug, facts.course_slug)),
        issued_at=certificate.issued_at,
        expires_at=certificate.expires_at,
        status_list=links.absolute(base_url, links.status_list(facts.slug, number + 1)),
        status=place,
    )
    pair = signing.KeyPair(key.public.decode(), key.secret)
    method = credential.method(issuer.did, key.number)
    return signing.secure(credential.credential(award, issuer), pair, method=method, at=certificate.issued_at)


def _view(work: Work, certificate: Certificate) -> CertificateView:
    facts, base_url = certificate.facts, work.shop.base_url
    return CertificateView(
        code=certificate.code,
        verify_url=links.absolute(base_url, links.certificate(certificate.code)),
        holder=facts.holder,
        title=facts.title,
        channel=facts.channel,
        channel_url=links.absolute(base_url, links.channel(facts.slug)),
        teacher=facts.teacher,
        colour=facts.colour,
        issued_on=certificate.issued_at.date(),
        expires_on=certificate.expires_at.date() if certificate.expires_at else None,
        facts=(("Film", facts.film),) if facts.film else (),
        language=facts.language,
    )
