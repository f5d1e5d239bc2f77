"""Why a certificate does not hold, whichever library came across it."""

import ssl


def trouble(error: BaseException) -> str:
    """The reason in the words of TLS (`certificate has expired`); nothing when it was about something else."""
    found, seen = [error], set[int]()
    while found:
        each = found.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if said := getattr(each, "verify_message", ""):
            return str(said).rstrip(".")
        if isinstance(each, ssl.SSLError) and not isinstance(each, ssl.SSLCertVerificationError):
            return str(each.reason or each).replace("_", " ").lower()
        inner = (each.__cause__, each.__context__, getattr(each, "certificate_error", None), *each.args)
        found += [more for more in (*inner, *getattr(each, "errors", ())) if isinstance(more, BaseException)]
    return ""
