"""Verdicts: a stranger asks for a certificate by its code; guessing codes is slowed, and told to the operator."""

import structlog
from aiohttp import web

from server.limits import UNKNOWN_CODE_COST, VERIFY, charge
from server.sender import address_of, neighbourhood_of
from tenants.certificates import codes, verification
from tenants.certificates.certificates import Certificate
from tenants.errors import NotFound
from tenants.scope import Tenancy

log = structlog.get_logger("server.verdicts")


async def look(request: web.Request, tenancy: Tenancy, typed: str, *, counted: bool = False) -> Certificate:
    """The award of a code as somebody typed it; a look that is `counted` is a visit.

    Raises NotFound, `typing_slip` when the check character does not fit (which costs nothing) and
    `no_such_certificate` when it does (which costs as much as ten looks); TooFast after thirty looks in a minute.
    """
    code = codes.normalise(typed)
    if code is None:
        raise NotFound("The check character does not fit the rest of this code. Look for a slip.", "typing_slip")
    subject = neighbourhood_of(address_of(request))
    await charge(request, VERIFY, subject)
    try:
        return await (verification.visit if counted else verification.find)(tenancy, code)
    except NotFound:
        log.warning("a code that was never issued was asked for", neighbourhood=subject)
        await charge(request, VERIFY, subject, UNKNOWN_CODE_COST - 1)
        raise
