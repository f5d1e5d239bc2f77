"""Slugs: the word of a thing in its address; a channel's may not be reserved, nor look like another's."""

import re
import unicodedata

from tenants.errors import Conflict, Invalid

SHORTEST, LONGEST = 3, 40
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_RESERVED = """
    about abuse account accounts admin administrator api app apps assets auth billing blog certificate certificates
    channel channels checkout contact course courses dashboard demo design discover docs download email explore faq
    favicon files forum guildhall health help home host info install legal live livez localhost login logout mail
    manage me member members metrics moderator new news null office official operator owner pay payment payments
    person press pricing privacy profile public readyz register robots root search secure security settings shop
    sign-in sign-out sign-up signin signup sitemap socket static status store studio support system team terms test
    undefined user users verify webhook webhooks well-known www
"""


def clean_slug(slug: str, pointer: str = "/slug") -> str:
    """The slug itself when it is 3 to 40 of a-z, 0-9 and single hyphens; Invalid with what to change."""
    foreign = next((each for each in slug if not each.isascii()), None)
    if foreign is not None and foreign.isprintable():
        detail = f"“{foreign}” is no letter from a to z, though it may look like one. Write plain letters."
        raise Invalid.field(pointer, "plain_letters", detail)
    if not SHORTEST <= len(slug) <= LONGEST:
        raise Invalid.field(pointer, "length", f"Write {SHORTEST} to {LONGEST} characters.")
    if not _SLUG.fullmatch(slug):
        detail = "Write small letters a to z, digits, and single hyphens between them, such as clay-and-fire."
        raise Invalid.field(pointer, "characters", detail)
    return slug


def suggest_slug(title: str) -> str:
    """An address that fits a title: its Latin letters and digits; empty when too few are left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: LONGEST - 7].strip("-")
    return slug if len(slug) >= SHORTEST else ""


def clean_channel_slug(slug: str) -> str:
    """A slug that may become a channel's address; Invalid when it is reserved, or looks like a reserved one."""
    if looks_of(clean_slug(slug)) in RESERVED:
        raise Invalid.field("/slug", "reserved", "This address is kept for the house itself. Choose another one.")
    return slug


def looks_of(slug: str) -> str:
    """What slugs that the eye confuses have in common: 0 and o, 1 and l, rn and m, vv and w (as column `looks`)."""
    return slug.translate(str.maketrans("01", "ol")).replace("rn", "m").replace("vv", "w")


RESERVED = frozenset(looks_of(word) for word in _RESERVED.split())


def refusal_of(clash: Conflict, slug: str) -> Conflict:
    """The sentence for a channel address that is taken, or looks like one that is."""
    if clash.data.get("constraint") == "channels_looks_key":
        return Conflict(
            f"“{slug}” looks like the address of another channel, and could be taken for it. Choose another one.",
            "slug_looks_alike",
        )
    return Conflict(f"“{slug}” is taken. Choose another address.", "slug_taken")
