"""Verdicts: a stranger asks for a certificate by its code; guessing codes is slowed, and told to the operator."""

import structlog
from aiohttp import web

from server.limits import LIMITER, UNKNOWN_CODE_COST, VERIFY, admit, charge
from server.sender import address_of, neighbourhood_of
from tenants.certificates import codes, verification
from tenants.certificates.certificates import Certificate
from tenants.errors import NotFound, TooFast
from tenants.scope import Tenancy

log = structlog.get_logger("server.verdicts")


async def look(request: web.Request, tenancy: Tenancy, typed: str, *, counted: bool = False) -> Certificate:
    """The award of a code as somebody typed it; a look that is `counted` is a visit.

    Raises NotFound, `typing_slip` when the check character does not fit (which costs nothing) and
    `no_such_certificate` when it does; TooFast, even for known codes, after three of the latter within a minute.
    """
    code = codes.normalise(typed)
    if code is None:
        raise NotFound("The check character does not fit the rest of this code. Look for a slip.", "typing_slip")
    subject = neighbourhood_of(address_of(request))
    try:
        admit(await request.app[LIMITER].look(VERIFY, subject), "Too many unknown codes. Wait a minute.")
        return await (verification.visit if counted else verification.find)(tenancy, code)
    except NotFound:
        await charge(request, VERIFY, subject, UNKNOWN_CODE_COST)
        raise
    except TooFast:
        log.warning("codes of certificates are being guessed", neighbourhood=subject)
        raise
