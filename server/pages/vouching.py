"""Vouching: what verifiers fetch besides a certificate; the root of PDF signatures, issuers' keys, status lists.

All of it is served for closed channels too, because their certificates stay what they are.
"""

import asyncio
import importlib
from datetime import UTC, datetime
from uuid import UUID

import orjson
from aiohttp import web

from server.pages.verify import open_document, stranger
from server.pages.visits import Visit
from tenants import directory, links
from tenants.certificates import credential, signing_keys, verification
from tenants.certificates.credential import Document, Issuer, PublicKey
from tenants.directory import ChannelAt
from tenants.errors import NotFound
from tenants.sealing import Seals

MOST_LISTS = 10_000
REMEMBERED = 500
_SIGNED: dict[tuple[UUID, int], tuple[list[int], bytes]] = {}


async def root(visit: Visit) -> web.Response:
    """GET /.well-known/guildhall/root.pem: whom to trust for the signatures inside our PDFs."""
    pem = await signing_keys.root_certificate(visit.house.tenancy)
    if pem is None:
        raise NotFound("No certificate was signed here yet, so there is no root.", "no_root")
    return open_document(pem, "application/x-pem-file")


async def did(visit: Visit) -> web.Response:
    """GET /c/{slug}/did.json: every key that the channel ever signed credentials with (W3C did:web)."""
    channel = await _channel(visit)
    async with visit.house.tenancy.scope(channel.id, readonly=True) as scope:
        kept = await signing_keys.history(scope, "credential")
    keys = [PublicKey(number, public.decode(), revoked_at) for number, public, revoked_at in kept]
    return open_document(orjson.dumps(credential.did_document(_issuer(visit, channel).did, keys)), "application/json")


async def status_list(visit: Visit) -> web.Response:
    """GET /c/{slug}/status/{number}: which awards of the channel have ended (W3C Bitstring Status List 1.0)."""
    number = int(visit.path["number"]) if visit.path["number"].isdecimal() else 0
    if not 1 <= number <= MOST_LISTS:
        raise NotFound()
    channel = await _channel(visit)
    async with visit.house.tenancy.scope(channel.id, readonly=True) as scope:
        ended = await verification.ended_places(scope, number)
        key = await signing_keys.present(scope, "credential", Seals(visit.house.secret))
    if key is None:
        raise NotFound("This channel has signed nothing yet.", "no_status_list")
    known = _SIGNED.get((channel.id, number))
    if known is None or known[0] != ended:
        url = links.absolute(visit.house.base_url, links.status_list(channel.slug, number))
        issuer = _issuer(visit, channel)
        document = credential.status_credential(url, issuer, ended=ended, at=datetime.now(UTC))
        known = (ended, await asyncio.to_thread(_sign, document, issuer.did, key))
        _remember((channel.id, number), known)
    return open_document(known[1], "application/vc+ld+json")


ROUTES = (
    web.get("/.well-known/guildhall/root.pem", stranger(root)),
    web.get("/c/{slug}/did.json", stranger(did)),
    web.get("/c/{slug}/status/{number}", stranger(status_list)),
)


async def _channel(visit: Visit) -> ChannelAt:
    return await directory.channel_at(visit.house.tenancy, slug=visit.path["slug"], though_closed=True)


def _issuer(visit: Visit, channel: ChannelAt) -> Issuer:
    url = links.absolute(visit.house.base_url, links.channel(channel.slug))
    return Issuer(credential.did_of(url), channel.name, url)


def _sign(document: Document, did: str, key: signing_keys.SigningKey) -> bytes:
    # The library of linked data is 20 MB that most web processes never need.
    signing = importlib.import_module("providers.signing")
    pair = signing.KeyPair(key.public.decode(), key.secret)
    method = credential.method(did, key.number)
    return orjson.dumps(signing.secure(document, pair, method=method, at=datetime.now(UTC)))


def _remember(place: tuple[UUID, int], signed: tuple[list[int], bytes]) -> None:
    if len(_SIGNED) >= REMEMBERED:
        _SIGNED.clear()
    _SIGNED[place] = signed
