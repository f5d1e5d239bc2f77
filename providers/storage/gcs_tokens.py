"""Access tokens for Google's APIs: of a service account's key file, or of the machine itself; fetched ahead of time."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import google.auth
import google.auth.exceptions
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from providers import ProviderDown
from providers.storage.gcs_errors import BucketUnusable

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
AHEAD_SECONDS = 300.0
"""A token is replaced this long before it ends."""
PATIENCE_SECONDS = 10.0
_FILE = "GOOGLE_APPLICATION_CREDENTIALS"


class Tokens:
    """The credentials of this process; `anonymous` ones, for an emulator, have no token and sign nothing."""

    def __init__(self, credentials: Any = None, *, anonymous: bool = False) -> None:
        self._credentials, self.anonymous = credentials, anonymous
        self._thread = ThreadPoolExecutor(1, "google-auth")
        self._alone = asyncio.Lock()

    async def header(self) -> dict[str, str]:
        """The Authorization header; ProviderDown when no token can be had now, BucketUnusable when never."""
        if self.anonymous:
            return {}
        if self._left() < AHEAD_SECONDS:
            await self._renewed()
        return {"Authorization": f"Bearer {self._credentials.token}"}

    async def signer(self) -> tuple[str, Any]:
        """The service account's address, and its private key's signer, or None where Google keeps the key."""
        await self.header()
        email = getattr(self._credentials, "service_account_email", "")
        if "@" not in email:
            raise BucketUnusable(f"Links are signed by a service account. Set {_FILE} to the key file of one.")
        own = isinstance(self._credentials, service_account.Credentials)
        return email, self._credentials.signer if own else None

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _left(self) -> float:
        """Seconds for which the token will do."""
        if self._credentials is None or not self._credentials.token or self._credentials.expiry is None:
            return 0.0
        # google-auth states the expiry in UTC without saying so.
        expiry: datetime = self._credentials.expiry.replace(tzinfo=UTC)
        return (expiry - datetime.now(UTC)).total_seconds()

    async def _renewed(self) -> None:
        async with self._alone:
            if self._left() >= AHEAD_SECONDS:
                return
            try:
                async with asyncio.timeout(PATIENCE_SECONDS + 2):
                    await asyncio.get_running_loop().run_in_executor(self._thread, self._fetch)
            except (TimeoutError, google.auth.exceptions.GoogleAuthError) as trouble:
                if self._left() <= 10:
                    raise _explained(trouble) from trouble

    def _fetch(self) -> None:
        began = time.monotonic()
        if self._credentials is None:
            self._credentials, _ = google.auth.default(scopes=SCOPES)
        left = PATIENCE_SECONDS - (time.monotonic() - began)
        self._credentials.refresh(partial(Request(), timeout=max(1.0, left)))


def open_tokens(*, anonymous: bool) -> Tokens:
    """The tokens of the key file that GOOGLE_APPLICATION_CREDENTIALS names, else none or the machine's own."""
    path = os.environ.get(_FILE, "")
    if not path:
        return Tokens(anonymous=anonymous)
    try:
        # google-auth states no types here.
        load: Any = service_account.Credentials.from_service_account_file
        return Tokens(load(path, scopes=SCOPES))
    except (google.auth.exceptions.GoogleAuthError, OSError, ValueError) as wrong:
        raise ValueError(
            f"{_FILE} should be the path of a service account's JSON key file; {path} cannot be used."
        ) from wrong


def _explained(trouble: Exception) -> ProviderDown | BucketUnusable:
    if isinstance(trouble, google.auth.exceptions.DefaultCredentialsError):
        return BucketUnusable(f"Google's credentials are missing. Set {_FILE} to a service account's key file.")
    if isinstance(trouble, google.auth.exceptions.RefreshError) and not trouble.retryable:
        return BucketUnusable(f"Google gives us no access: the account of {_FILE} is disabled, or its key was deleted.")
    return ProviderDown(f"Google's sign-in does not answer ({type(trouble).__name__}).")
