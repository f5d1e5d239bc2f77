"""What the two policies let in."""

from server.web import csp
from server.web.theme import theme


def test_the_public_policy_has_no_nonce_and_takes_scripts_from_one_folder_only() -> None:
    policy = csp.public("https://pots.example", theme("#1f6f72").source)
    assert "nonce" not in policy
    assert "script-src https://pots.example/static/dist/;" in policy
    assert f"'{theme('#1f6f72').source}'" in policy
    assert "trusted-types 'none'" in policy
    assert policy.startswith("default-src 'none'; ")


def test_the_studios_policy_lets_in_what_carries_its_nonce() -> None:
    policy = csp.studio("abc", ["https://files.example"])
    assert "script-src 'nonce-abc' 'strict-dynamic'" in policy
    assert "connect-src 'self' https://files.example;" in policy


def test_no_policy_allows_inline_or_eval() -> None:
    for policy in (csp.public("https://x.example", "sha256-x"), csp.studio("abc")):
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "manifest-src 'self'" in policy


def test_no_two_nonces_are_the_same() -> None:
    assert len({csp.nonce() for _ in range(100)}) == 100
