"""THE OUTSIDE WORLD: ports in our words, each with a real embedded default."""

from pathlib import Path


class ProviderDown(Exception):
    """The outside did not answer in time, or not sensibly: the same request may succeed later."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class LeftAlone(ProviderDown):
    """It failed again and again, so it was not even asked."""


class Deferred(ProviderDown):
    """It is there, and will take this one request later."""


class ProviderRefused(Exception):
    """The request will never succeed as it stands: `status` as in HTTP, a stable `code`, a `message` for people."""

    def __init__(self, message: str, code: str = "provider_refused", status: int = 422) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class Unusable(ProviderRefused):
    """503: a setting is wrong or an account was closed; nothing succeeds until the operator has mended it."""

    def __init__(self, message: str, code: str = "provider_misconfigured") -> None:
        super().__init__(message, code, 503)


class SignatureRefused(ProviderRefused):
    """401: a webhook that is not from the provider, or was sent too long ago to be sure."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "bad_signature", 401)


class PayloadRefused(ProviderRefused):
    """400: a webhook from the provider, but not what was agreed."""

    def __init__(self, message: str, code: str = "bad_payload", status: int = 400) -> None:
        super().__init__(message, code, status)


def under_home(path: str, home: Path) -> Path:
    """The place a setting names: absolute as it is, else below `home`, which stands for the checkout's `var`."""
    named = Path(path)
    return home / (named.relative_to("var") if named.parts[:1] == ("var",) else named)
