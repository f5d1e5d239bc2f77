"""A signed PDF says who stands behind it, and any byte changed since shows."""

import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfWriter

from providers.pdf import signature
from providers.pdf.signature import UNSIGNED, Identity, Verdict

NOW = datetime.now(UTC)
ROOT = signature.make_root("guildhall.example", now=NOW)
LEAF = signature.make_leaf(ROOT, "Ana's pottery", now=NOW)
CREDENTIAL = '{"holder": "Zoë 山田"}'.encode()


def blank() -> bytes:
    """The smallest PDF with a page."""
    out, writer = io.BytesIO(), PdfWriter()
    writer.add_blank_page(842, 595)
    writer.write(out)
    return out.getvalue()


async def signed(leaf: Identity = LEAF, root: Identity = ROOT) -> bytes:
    """A signed page."""
    return await signature.sign(
        blank(), leaf, root.certificate, credential=CREDENTIAL, reason="Awarded by Ana's pottery"
    )


async def test_a_signed_pdf_is_intact_and_trusted_under_the_root_that_vouches_for_its_channel() -> None:
    assert await signature.verify(await signed(), ROOT.certificate) == Verdict(True, True, "Ana's pottery")


async def test_any_byte_changed_outside_the_signature_itself_shows() -> None:
    whole = await signed()
    start = whole.index(b"/Contents <")
    end = whole.index(b">", start)
    for at in [*range(0, start, 40), *range(end, len(whole), 40)]:
        changed = bytearray(whole)
        changed[at] ^= 1
        assert not (await signature.verify(bytes(changed), ROOT.certificate)).trusted, f"byte {at}"


async def test_what_is_added_after_the_signature_shows() -> None:
    whole = await signed()
    writer = PdfWriter(io.BytesIO(whole), incremental=True)
    writer.add_metadata({"/Title": "Something else"})
    extended = io.BytesIO()
    writer.write(extended)
    for altered in (whole + b"\n% more", extended.getvalue()):
        assert altered.startswith(whole)
        assert not (await signature.verify(altered, ROOT.certificate)).intact


async def test_another_installations_signature_is_intact_but_not_trusted() -> None:
    stranger = signature.make_root("guildhall.example", now=NOW)
    foreign = await signed(signature.make_leaf(stranger, "Ana's pottery", now=NOW), stranger)
    assert await signature.verify(foreign, ROOT.certificate) == Verdict(True, False, "Ana's pottery")


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.7", b"\0" * 100, blank()])
async def test_what_carries_no_signature_is_unsigned(junk: bytes) -> None:
    assert await signature.verify(junk, ROOT.certificate) == UNSIGNED


async def test_what_is_no_pdf_is_not_signed() -> None:
    with pytest.raises(ValueError, match="cannot be signed"):
        await signature.sign(b"hello", LEAF, ROOT.certificate, credential=b"{}", reason="")


async def test_the_credential_comes_out_as_it_went_in() -> None:
    assert signature.attached(await signed()) == CREDENTIAL
    assert signature.attached(blank()) is None
    assert signature.attached(b"hello") is None


def test_a_key_never_shows_in_a_log() -> None:
    assert ROOT.key.decode() not in repr(ROOT)
    assert "PRIVATE" not in repr(LEAF)


def test_a_channel_may_have_any_name() -> None:
    for name in ("", "名" * 200, "a\nb", "A" * 65):
        assert signature.make_leaf(ROOT, name, now=NOW).certificate
