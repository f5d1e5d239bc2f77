"""What the verdict on a certificate says: from an award as it stands to the view of its page."""

from datetime import UTC, datetime
from typing import cast

from server.web.views.certificates import Award, Entry, State, VerifyView
from server.web.views.frame import ChannelMark, Link
from tenants import links
from tenants.certificates import codes
from tenants.certificates.certificates import Certificate

ENDED = {"revoked", "superseded"}
LONGEST_SHOWN = 40
SAME = "This is the file that was issued here, byte for byte."
SAME_BUT_ENDED = "This is the file that was issued here, but the award does not stand any more."
OTHER = "This is not the file that was issued under this code: it was changed, or it belongs to another certificate."
NOT_YET = "The PDF of this certificate is still being made, so there is nothing to compare with yet."


def verdict_view(certificate: Certificate, fingerprint: bytes) -> VerifyView:
    """The page of a known award; `fingerprint` is the SHA-256 of a file to be compared, empty without one."""
    said, fits = compared(certificate, fingerprint) if fingerprint else ("", False)
    return VerifyView(
        state=cast(State, certificate.state),
        code=codes.show(certificate.code),
        checked=datetime.now(UTC),
        award=_award(certificate),
        checked_file=said,
        file_fits=fits,
    )


def unknown_view(typed: str, *, slip: bool) -> VerifyView:
    """The page of a code that nothing was issued under; `slip`: its check character does not fit."""
    code = codes.normalise(typed)
    shown = codes.show(code) if code else "".join(sign for sign in typed if sign.isprintable())[:LONGEST_SHOWN]
    return VerifyView(state="unknown", code=shown, checked=datetime.now(UTC), slip=slip)


def mark_of_issuer(certificate: Certificate) -> ChannelMark:
    """The channel that awarded, as it was called and dressed on that day."""
    facts = certificate.facts
    return ChannelMark(str(certificate.channel_id), facts.channel, facts.slug, links.channel(facts.slug), facts.colour)


def compared(certificate: Certificate, fingerprint: bytes) -> tuple[str, bool]:
    """What is said of a file, and whether it is this award's and the award stands."""
    if certificate.pdf_sha256 is None:
        return NOT_YET, False
    if certificate.pdf_sha256 != fingerprint:
        return OTHER, False
    return (SAME_BUT_ENDED, False) if certificate.state in ENDED else (SAME, True)


def _award(certificate: Certificate) -> Award:
    facts, page = certificate.facts, links.certificate(certificate.code)
    published = certificate.pdf_key is not None and certificate.state not in ENDED
    heir = certificate.superseded_by
    return Award(
        holder=facts.holder,
        title=facts.title,
        channel=mark_of_issuer(certificate),
        issued=certificate.issued_at.date(),
        expires=certificate.expires_at.date() if certificate.expires_at else None,
        ended=certificate.ended_at.date() if certificate.ended_at else None,
        reason=certificate.reason,
        heir=Link(codes.show(heir), links.certificate(heir)) if heir else None,
        hours=facts.film,
        hours_note="of lessons on film" if facts.film else "",
        rule=facts.rule,
        pdf=f"{page}.pdf" if published else None,
        credential=f"{page}/credential.json" if certificate.credential else None,
        history=_history(certificate),
    )


def _history(certificate: Certificate) -> tuple[Entry, ...]:
    issued = Entry(certificate.issued_at, "issued", certificate.facts.channel)
    if certificate.state == "revoked" and certificate.ended_at:
        return Entry(certificate.ended_at, "revoked", certificate.facts.channel), issued
    if certificate.state == "superseded" and certificate.ended_at:
        return Entry(certificate.ended_at, "superseded", certificate.facts.channel), issued
    if certificate.state == "expired" and certificate.expires_at:
        return Entry(certificate.expires_at, "expired"), issued
    return (issued,)
