"""Signatures inside a PDF (ETSI PAdES B-B, ECDSA P-256): one root for the installation, one leaf for each channel."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509 as certificates
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
from pyhanko.pdf_utils.generic import NameObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

CREDENTIAL = "credential.json"
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
ROOT_LIFE = timedelta(days=30 * 365)
LEAF_LIFE = timedelta(days=20 * 365)
CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class Identity:
    """A certificate and its private key, both PEM; the caller keeps `key` encrypted."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Identity(certificate=…, key=…)"


@dataclass(frozen=True)
class Verdict:
    """What a signature says: no byte changed since (`intact`), by a leaf of our root (`trusted`), by whom."""

    intact: bool
    trusted: bool
    signer: str


UNSIGNED = Verdict(intact=False, trusted=False, signer="")


def make_root(installation: str, *, now: datetime) -> Identity:
    """The trust root of the installation at host `installation`; it signs leaves and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = distinguished(f"Guildhall at {installation}")
    draft = drafted(name, name, key.public_key(), now, ROOT_LIFE)
    draft = draft.add_extension(certificates.BasicConstraints(ca=True, path_length=0), critical=True)
    draft = draft.add_extension(usage(certifies=True), critical=True)
    return Identity(as_pem(draft.sign(key, hashes.SHA256())), key_as_pem(key))


def make_leaf(root: Identity, channel: str, *, now: datetime) -> Identity:
    """What the channel named `channel` signs its documents with, vouched for by `root`."""
    authority = certificates.load_pem_x509_certificate(root.certificate)
    authority_key = load_key(root)
    key = ec.generate_private_key(ec.SECP256R1())
    draft = drafted(distinguished(channel), authority.subject, key.public_key(), now, LEAF_LIFE)
    draft = draft.add_extension(certificates.BasicConstraints(ca=False, path_length=None), critical=True)
    draft = draft.add_extension(usage(certifies=False), critical=True)
    draft = draft.add_extension(certificates.ExtendedKeyUsage([DOCUMENT_SIGNING]), critical=False)
    draft = draft.add_extension(
        certificates.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
    )
    return Identity(as_pem(draft.sign(authority_key, hashes.SHA256())), key_as_pem(key))


async def sign(pdf: bytes, leaf: Identity, root: bytes, *, credential: bytes, reason: str) -> bytes:
    """`pdf` with `credential` attached as `credential.json`, then signed: any later change shows.

    `root` is the root's certificate in PEM. Raises ValueError for what is no PDF or no key.
    """
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        attach(writer, credential)
        signed = await signers.async_sign_pdf(
            writer,
            signers.PdfSignatureMetadata(
                field_name="Signature",
                md_algorithm="sha256",
                subfilter=SigSeedSubFilter.PADES,
                certify=True,
                docmdp_permissions=MDPPerm.NO_CHANGES,
                reason=reason,
            ),
            signer=signer_of(leaf, root),
            new_field_spec=SigFieldSpec("Signature"),
        )
    except (PdfError, SigningError) as fault:
        raise ValueError(f"The PDF cannot be signed: {fault}") from fault
    return bytes(signed.getvalue())


async def verify(pdf: bytes, root: bytes) -> Verdict:
    """What the last signature of `pdf` says under the root certificate `root` (PEM); UNSIGNED when there is none."""
    try:
        signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        if not signatures:
            return UNSIGNED
        status = await async_validate_pdf_signature(signatures[-1], signer_validation_context=trusting(root))
    except Exception:  # noqa: BLE001 - strangers hand in these files, and a broken one breaks the parser in any way
        return UNSIGNED
    signer = status.signing_cert.subject.native.get("common_name", "")
    intact = status.intact and status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    return Verdict(intact=intact, trusted=intact and status.bottom_line, signer=signer)


def attached(pdf: bytes) -> bytes | None:
    """The credential inside `pdf`, byte for byte as it was attached; None when there is none."""
    try:
        names = PdfFileReader(io.BytesIO(pdf)).root["/Names"]["/EmbeddedFiles"]["/Names"]
        listed = {str(names[at]): names[at + 1] for at in range(0, len(names), 2)}
        return bytes(listed[CREDENTIAL]["/EF"]["/F"].data)
    except Exception:  # noqa: BLE001 - as in verify
        return None


def attach(writer: IncrementalPdfFileWriter, credential: bytes) -> None:
    """Put `credential` into the document as the data it is made from (ISO 32000-2, associated files)."""
    inside = EmbeddedFileObject.from_file_data(writer, credential, mime_type="application/json")
    spec = FileSpec(
        CREDENTIAL,
        file_name=CREDENTIAL,
        embedded_data=inside,
        description="Open Badges 3.0 credential",
        af_relationship=NameObject("/Data"),
    )
    embed_file(writer, spec)


def signer_of(leaf: Identity, root: bytes) -> signers.SimpleSigner:
    """The signer that pyHanko wants, with the chain that a reader needs."""
    key = load_private_key_from_pemder_data(leaf.key, passphrase=None)
    return signers.SimpleSigner(load_certificate(leaf.certificate), key, trusting(root).certificate_registry)


def trusting(root: bytes) -> ValidationContext:
    """A world in which only `root` is trusted, and nothing is fetched."""
    return ValidationContext(trust_roots=[load_certificate(root)], allow_fetching=False)


def drafted(
    subject: certificates.Name,
    issuer: certificates.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> certificates.CertificateBuilder:
    """A certificate that only lacks its uses and its signature."""
    start = now.astimezone(UTC) - CLOCK_SKEW
    draft = certificates.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    draft = draft.serial_number(certificates.random_serial_number()).not_valid_before(start)
    draft = draft.not_valid_after(start + life)
    return draft.add_extension(certificates.SubjectKeyIdentifier.from_public_key(public_key), critical=False)


def usage(*, certifies: bool) -> certificates.KeyUsage:
    """For certifying others, or for signing documents; never both."""
    return certificates.KeyUsage(
        digital_signature=not certifies,
        content_commitment=not certifies,
        key_cert_sign=certifies,
        crl_sign=certifies,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def distinguished(name: str) -> certificates.Name:
    """`name` as a common name, cut to the 64 bytes that X.520 allows; it may not be empty."""
    short = name.encode()[:64].decode(errors="ignore")
    return certificates.Name([certificates.NameAttribute(NameOID.COMMON_NAME, short or "Guildhall")])


def as_pem(certificate: certificates.Certificate) -> bytes:
    """A certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_as_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as PEM, PKCS #8, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_key(identity: Identity) -> ec.EllipticCurvePrivateKey:
    """The private key of `identity`; raises ValueError when it is of another kind."""
    key = serialization.load_pem_private_key(identity.key, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("A signing key has to be an elliptic curve key")
    return key


def load_certificate(text: bytes) -> Any:
    """A PEM certificate in pyHanko's own type."""
    return next(iter(load_certs_from_pemder_data(text)))
