"""Links and sign-ins of the Google Cloud Storage adapter: as Google's own client makes them, and as it checks them."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import google.auth.compute_engine
import pytest
from google.cloud.storage import _signing
from google.oauth2 import service_account
from yarl import URL

from providers import ProviderDown, ProviderRefused
from providers.storage.gcs import GcsStore
from providers.storage.gcs_tokens import Tokens
from providers.storage.gcs_wire import Wire
from providers.storage.signing import attachment
from tests.providers.stores import HOME, far_gcs
from tests.standins.gcs import FarStorage
from tests.standins.gcs_accounts import EMAIL, TOKEN, key_file
from tests.standins.gcs_words import BUCKET

NOW = 1_790_000_000
CLOCK = "providers.storage.gcs_signing.time.time"


@pytest.fixture
async def far_and_store(tmp_path: Path) -> AsyncIterator[tuple[FarStorage, GcsStore]]:
    async with far_gcs(tmp_path) as both:
        yield both


@pytest.fixture
def far(far_and_store: tuple[FarStorage, GcsStore]) -> FarStorage:
    return far_and_store[0]


@pytest.fixture
def store(far_and_store: tuple[FarStorage, GcsStore]) -> GcsStore:
    return far_and_store[1]


def key() -> str:
    return f"c/{uuid4()}/files/lesson.mp4"


async def fetch(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, str]:
    # Written anew the query would be another one, and a signature is over every letter of it.
    exact = URL(url, encoded=True)
    async with aiohttp.ClientSession() as client, client.get(exact, headers=headers) as response:
        return response.status, await response.read(), response.headers.get("Content-Disposition", "")


@pytest.mark.parametrize("disposition", ["", attachment("Schüssel & Topf ~1.pdf")], ids=["plain", "named"])
async def test_a_link_is_letter_for_letter_what_googles_client_makes(
    store: GcsStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, disposition: str
) -> None:
    name, media = key(), "video/mp4" if disposition else ""
    load: Any = service_account.Credentials.from_service_account_file
    account = load(key_file(tmp_path, HOME))
    monkeypatch.setattr(CLOCK, lambda: float(NOW + 100))
    begins = datetime.fromtimestamp((NOW + 100) // 1800 * 1800, UTC)
    monkeypatch.setattr(_signing, "_NOW", lambda _: begins)
    theirs = _signing.generate_signed_url_v4(
        account, f"/{BUCKET}/{name}", timedelta(hours=1), api_access_endpoint=store.origin,
        response_disposition=disposition or None, response_type=media or None,
    )  # fmt: skip
    assert await store.sign_get(name, 3600, disposition, media) == theirs


async def test_a_link_reads_one_file_by_range_with_its_disposition(store: GcsStore) -> None:
    name = key()
    await store.put(name, b"0123456789", "text/plain")
    url = await store.sign_get(name, 60, attachment("Ton & Teller.txt"), "text/plain")
    status, body, disposition = await fetch(url, {"Range": "bytes=2-4"})
    assert (status, body) == (206, b"234")
    assert disposition == attachment("Ton & Teller.txt")


async def test_a_changed_or_expired_link_is_not_taken(store: GcsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    name, other = key(), key()
    for each in (name, other):
        await store.put(each, b"x", "text/plain")
    url = await store.sign_get(name, 60)
    assert (await fetch(url))[0] == 200
    changed = [url.replace(name, other), url.replace("Expires=60", "Expires=61"), url[:-4] + "0000"]
    assert [(await fetch(each))[0] for each in changed] == [403, 403, 403]
    real = time.time
    with monkeypatch.context() as earlier:
        earlier.setattr(CLOCK, lambda: real() - 200)
        old = await store.sign_get(name, 60)
    assert (await fetch(old))[0] == 400


async def test_a_link_is_the_same_for_half_its_life(store: GcsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    name, at = key(), NOW // 1800 * 1800
    links = []
    for moment in (at, at + 1799, at + 1800):
        monkeypatch.setattr(CLOCK, lambda moment=moment: float(moment))
        links.append(await store.sign_get(name, 3600))
    assert links[0] == links[1] != links[2]


@pytest.mark.parametrize("ttl", [1, 7 * 24 * 3600 + 1])
async def test_a_link_of_impossible_life_is_refused(store: GcsStore, ttl: int) -> None:
    with pytest.raises(ProviderRefused, match="A link lives"):
        await store.sign_get(key(), ttl)
    with pytest.raises(ProviderRefused, match="plain letters"):
        await store.sign_get(key(), 60, "a\r\nb")


async def test_without_a_key_of_our_own_google_signs_once_per_window(far: FarStorage, store: GcsStore) -> None:
    make: Any = google.auth.compute_engine.Credentials
    credentials = make(service_account_email=EMAIL)
    credentials.token, credentials.expiry = TOKEN, datetime(2100, 1, 1)  # noqa: DTZ001 - as google-auth keeps it
    keyless = GcsStore(Wire(store.origin, BUCKET, Tokens(credentials)), HOME, iam=store.origin)
    try:
        name = key()
        await store.put(name, b"x", "text/plain")
        links = {await keyless.sign_get(name, 7200) for _ in range(5)}
        assert len(links) == 1
        assert (await fetch(links.pop()))[:2] == (200, b"x")
        assert len([call for call in far.calls if call.endswith(":signBlob")]) == 1
        far.forbidden = True
        with pytest.raises(ProviderRefused, match="serviceAccountTokenCreator"):
            await keyless.sign_get(key(), 7200)
    finally:
        await keyless.close()


async def test_a_token_is_fetched_once_and_renewed_before_it_ends(far: FarStorage, store: GcsStore) -> None:
    for _ in range(3):
        await store.head(key())
    assert far.calls.count("POST /token") == 1
    tokens = store.wire.tokens
    tokens._credentials.expiry -= timedelta(minutes=56)
    await store.head(key())
    assert far.calls.count("POST /token") == 2


async def test_a_sign_in_that_does_not_answer_is_no_disaster_while_a_token_lasts(tmp_path: Path) -> None:
    async with far_gcs(tmp_path) as (_, store):
        await store.head(key())
        store.wire.tokens._credentials._token_uri = "http://127.0.0.1:1/token"
        store.wire.tokens._credentials.expiry -= timedelta(minutes=56)
        assert await store.head(key()) is None
        store.wire.tokens._credentials.expiry -= timedelta(minutes=10)
        with pytest.raises(ProviderDown, match="sign-in"):
            await store.head(key())


async def test_a_page_may_upload_from_its_own_origin_alone(store: GcsStore) -> None:
    url = (await store.sign_upload(key(), 3, "text/plain", "https://school.example")).partition("#")[0]
    for origin, allowed in (("https://school.example", "https://school.example"), ("https://evil.example", None)):
        async with aiohttp.ClientSession() as client, client.options(url, headers={"Origin": origin}) as response:
            assert response.headers.get("Access-Control-Allow-Origin") == allowed


def test_nothing_of_google_is_loaded_for_a_disk(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, server.__main__, workers.__main__; from providers.storage import choose; "
        "choose('disk:var/files', 'http://127.0.0.1:1', 's' * 32, pathlib.Path(sys.argv[1])); "
        "print([name for name in sys.modules if name.startswith(('google.auth', 'google.oauth2', 'google.cloud'))])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
