"""The sandbox's two pages, as text: paying, and a creator's sign-up. They need no script and look like no bank."""

import base64
from hashlib import sha256
from html import escape
from urllib.parse import urlsplit

from babel import Locale
from babel.numbers import format_currency, get_currency_precision

from providers.payments import Money

STYLE = """
:root { color-scheme: light dark; --paper: light-dark(#fbfaf9, #11141a); --ink: light-dark(#1d222c, #ecebe7);
  --ink-2: light-dark(#4a505c, #b9b9b6); --line: light-dark(#85878d, #70747e); --leaf: light-dark(#fff, #191c23);
  --bad: light-dark(#b0282e, #ff958f); --warn: light-dark(#fbf0d9, #2e2410); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", sans-serif; }
main { max-width: 28rem; margin: 0 auto; padding: 2rem 1.125rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1.5rem 0 .5rem; }
p { margin: 0 0 1rem; } .meta { color: var(--ink-2); font-size: .9375rem; }
.band { background: var(--warn); padding: .5rem .75rem; border-radius: 4px; font-size: .9375rem; }
.sum { font-size: 2.125rem; font-variant-numeric: tabular-nums; margin: 0 0 1rem; border-top: 2px solid var(--ink);
  padding-top: .75rem; }
.bad { color: var(--bad); }
form { display: grid; gap: .75rem; margin: 0 0 1rem; }
button, .button, select { font: inherit; min-height: 44px; padding: .5rem 1rem; border-radius: 4px; width: 100%;
  border: 1px solid var(--line); background: var(--leaf); color: var(--ink); }
.button { display: block; text-align: center; text-decoration: none; }
button { cursor: pointer; } button.main { background: var(--ink); color: var(--paper); border-color: var(--ink);
  font-weight: 600; }
:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px; }
a { color: inherit; } fieldset { border: 0; padding: 0; margin: 0; display: grid; gap: .75rem; }
legend { padding: 0; margin: 0 0 .25rem; color: var(--ink-2); font-size: .9375rem; }
"""
STYLE_HASH = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
WAYS = (
    ("decline", "Use a card that is declined"),
    ("slow", "Pay by a transfer that takes some seconds"),
    ("fail", "Pay by a transfer that fails"),
)
OVER = {
    "paid": "This is paid.",
    "processing": "The transfer is on its way.",
    "expired": "This checkout has expired. Nothing was paid.",
    "failed": "The transfer failed. Nothing was paid.",
}


def pay_page(seller: str, title: str, price: Money, email: str, back: str, problem: str = "") -> str:
    """The page of an open checkout; its form posts `way` to its own address."""
    ways = "".join(f'<button name="way" value="{way}">{escape(words)}</button>' for way, words in WAYS)
    said = f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
    return _page(
        f"Pay {seller}",
        f'<h1>{escape(title)}</h1><p class="meta">Sold by <bdi>{escape(seller)}</bdi> to '
        f'<bdi>{escape(email)}</bdi>.</p><p class="sum">{escape(written(price))}</p>{said}'
        f'<form method="post"><button class="main" name="way" value="pay">Pay {escape(written(price))}</button>'
        f"<fieldset><legend>Or see what happens when it goes otherwise</legend>{ways}</fieldset></form>"
        f'<a class="button" href="{escape(back)}">Back without paying</a>',
    )


def over_page(state: str, onward: str) -> str:
    """The page of a checkout that cannot be paid any more."""
    return _page(
        "Checkout", f'<h1>{escape(OVER[state])}</h1><a class="button" href="{escape(onward)}">Back to the school</a>'
    )


def onboard_page(seller: str, country: str, onward: str) -> str:
    """The creator's sign-up; its form posts `country` to its own address."""
    return _page(
        f"Payments for {seller}",
        f"<h1>Be paid as <bdi>{escape(seller)}</bdi></h1>"
        "<p>A real provider asks for your name, your address and your bank here. The sandbox asks for your country.</p>"
        '<form method="post"><label for="country">Country</label>'
        f'<select id="country" name="country">{_options(country)}</select>'
        '<button class="main">Finish the sign-up</button></form>'
        f'<a class="button" href="{escape(onward)}">Finish later</a>',
    )


def _options(chosen: str) -> str:
    lands = ((name, code) for code, name in Locale("en").territories.items() if len(code) == 2 and code.isalpha())
    marks = {chosen: " selected"}
    return "".join(
        f'<option value="{code}"{marks.get(code, "")}>{escape(name)}</option>' for name, code in sorted(lands)
    )


def gone_page() -> str:
    """The page of an address that is not whole, or too old."""
    return _page("Nothing here", "<h1>This address is not whole, or has expired.</h1><p>Begin again at the school.</p>")


def policy(*onward: str) -> str:
    """The pages' Content-Security-Policy; a form may be answered by a redirect to the origins of `onward`."""
    origins = " ".join(sorted({f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in onward}))
    return (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self' {origins}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def written(price: Money) -> str:
    """An amount as people write it, such as €25.00."""
    return format_currency(price.amount / 10 ** get_currency_precision(price.currency), price.currency, locale="en")


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(title)} · Sandbox</title><style>{STYLE}</style></head><body><main>"
        f'<p class="band"><strong>Sandbox.</strong> No money moves here.</p>{body}</main></body></html>'
    )
