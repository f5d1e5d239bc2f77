"""What Stripe's errors mean here: again later, or never and why, in words that name the setting or the cure."""

from collections.abc import Iterator
from contextlib import contextmanager

import stripe

from providers import ProviderDown, ProviderRefused, Unusable, certificates

_CODES = {
    "amount_too_small": "The price is below what Stripe takes in this currency. Raise it.",
    "amount_too_large": "The price is above what Stripe takes. Lower it.",
    "charge_already_refunded": "This payment was given back already.",
    "charge_disputed": "The buyer's bank is looking into this payment; it cannot be given back meanwhile.",
    "country_unsupported": "Stripe does not serve this country.",
    "account_country_invalid_address": "The address is not in the country of the account.",
    "currency_not_supported": "This Stripe account cannot be paid in this currency. Choose another one.",
}
_KEY = "Payments are not set up rightly: Stripe does not accept STRIPE_SECRET_KEY."
_GONE = "Stripe no longer lets this installation act for the channel's account. Its owner can connect it again."


@contextmanager
def explained() -> Iterator[None]:
    """Raise ProviderDown or ProviderRefused for whatever Stripe's client raises within."""
    try:
        yield
    except stripe.AuthenticationError as error:
        raise Unusable(_KEY, "payments_misconfigured") from error
    except stripe.PermissionError as error:
        raise ProviderRefused(_GONE, "account_revoked", 409) from error
    except stripe.RateLimitError as error:
        raise ProviderDown("Stripe is busy. Try again in a moment.", 5) from error
    except stripe.IdempotencyError as error:
        raise ProviderRefused("Stripe was asked the same with other words.", "idempotency", 409) from error
    except stripe.InvalidRequestError as error:
        raise _refusal(error) from error
    except stripe.CardError as error:
        raise ProviderRefused(error.user_message or "The card was declined.", "card_declined", 402) from error
    except stripe.StripeError as error:
        if why := certificates.trouble(error):
            said = f"The certificate of Stripe does not hold ({why}). Check STRIPE_API_BASE and this machine's clock."
            raise ProviderDown(said) from error
        raise ProviderDown(f"Stripe does not answer ({type(error).__name__}).") from error


def _refusal(error: stripe.InvalidRequestError) -> ProviderRefused:
    code, said = error.code or "", str(error.user_message or error)
    if "Only Checkout Sessions with a status in" in said:
        return ProviderRefused("This checkout is over already.", "not_open", 409)
    if code in {"account_invalid", "resource_missing"}:
        return ProviderRefused("Stripe knows nothing of this name in this account.", code, 404)
    return ProviderRefused(_CODES.get(code, f"Stripe refuses: {said[:300]}"), code or "payment_refused")
