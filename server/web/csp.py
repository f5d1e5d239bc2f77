"""Content Security Policy, Level 3: one profile for pages that caches may keep, one for the studio."""

import secrets
from collections.abc import Iterable


def public(origin: str, style: str, files: Iterable[str] = (), forms: Iterable[str] = ()) -> str:
    """The policy of a page without a nonce, so that a shared cache may keep it.

    `origin` is the one the page was asked at (custom domains differ), `style` the theme's `sha256-…`, `files` the
    origins that uploads come from and go to when it is not this one, `forms` those that a form may be answered by a
    redirect to (browsers enforce `form-action` on redirects).
    """
    far = " ".join(sorted(files))
    return _policy(
        f"script-src {origin}/static/dist/",
        f"style-src {origin}/static/dist/ '{style}'",
        *_shared(far, forms),
        "trusted-types 'none'",
    )


def studio(nonce: str, files: Iterable[str] = (), forms: Iterable[str] = ()) -> str:
    """The policy of a signed-in tool, whose scripts and styles carry `nonce`; never to be cached. `forms` as above."""
    far = " ".join(sorted(files))
    return _policy(
        f"script-src 'nonce-{nonce}' 'strict-dynamic'",
        f"style-src 'self' 'nonce-{nonce}'",
        *_shared(far, forms),
        "trusted-types htmx",
    )


def trusting(policy: str, name: str) -> str:
    """The policy, on a page whose scripts make addresses of scripts under the trusted type `name`."""
    return policy.replace("trusted-types 'none'", f"trusted-types {name}")


def nonce() -> str:
    """A fresh nonce, 128 bits, for one answer."""
    return secrets.token_urlsafe(16)


def _policy(*rules: str) -> str:
    return "; ".join(("default-src 'none'", *rules))


def _shared(far: str, forms: Iterable[str]) -> tuple[str, ...]:
    own = f"'self' {far}".rstrip()
    return (
        "font-src 'self'",
        f"img-src {own} data:",
        f"media-src {own}",
        f"connect-src {own}",
        "manifest-src 'self'",
        "worker-src 'self'",
        " ".join(("form-action 'self'", *sorted(forms))),
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
