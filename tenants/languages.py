"""Languages of pages and mails: words by gettext catalogue, dates, numbers, money and plurals by CLDR (Babel)."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale, dates, negotiate_locale, numbers
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup

from tenants.errors import Said
from tenants.times import Moment

CATALOGUES = Path(__file__).parent / "locales"
LANGUAGES = ("en", "ar", "de")
FORMATS = {"en": "en_001", "ar": "ar_EG"}
COUNTS = range(103)
"""Among them is one of each plural category of each of `LANGUAGES`."""
FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE = "\u2068", "\u2069"
ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


class Words:
    """One language: translate, and say numbers and times its way. Values put into a sentence are escaped."""

    def __init__(self, language: str, catalogue: NullTranslations) -> None:
        self.language = language
        self.locale = Locale.parse(FORMATS.get(language, language))
        self.dir = "rtl" if self.locale.text_direction == "rtl" else "ltr"
        self.tag = str(self.locale).replace("_", "-")
        self._catalogue = catalogue
        self._digits = ARABIC_INDIC if self.locale.default_numbering_system == "arab" else {}

    def gettext(self, message: str, **values: Any) -> Markup:
        """`message` in this language, `%(name)s` filled from `values`."""
        said = Markup(self.message(message))  # noqa: S704 - catalogues are ours; values are escaped by %
        return said % values if values else said

    def ngettext(self, one: str, many: str, count: int, **values: Any) -> Markup:
        """The form of `one`/`many` that `count` takes here; `%(count)s` is the number as this language writes it."""
        said = Markup(self._catalogue.ngettext(one, many, count))  # noqa: S704 - as above
        return said % {"count": self.number(count), **values}

    def message(self, message: str) -> str:
        """`message` in this language, only those of a `Said` filled in; what is no message of ours stays as it is."""
        if isinstance(message, Said):
            return self._template(message) % {name: self._value(each) for name, each in message.values.items()}
        said = self._catalogue.gettext(message) if message else ""
        # What is counted elsewhere stands in the catalogue with its forms, of which this is the one for one.
        return self._catalogue.ngettext(message, message, 1) if said == message else said

    def _value(self, value: Any) -> Any:
        match value:
            case int():
                return self.number(value)
            case Moment():
                return self.moment(value.at)
            case Said():
                return self.message(value)
            case str() if self.dir == "rtl" and not value.startswith(FIRST_STRONG_ISOLATE):
                return isolated(value)
            case _:
                return value

    def _template(self, said: Said) -> str:
        if said.many:
            return self._catalogue.ngettext(said.template, said.many, said.values["count"])
        return self.message(said.template)

    def forms(self, one: str, many: str) -> dict[str, str]:
        """The sentence by CLDR's plural category, its places not filled in yet."""
        categories = {self.locale.plural_form(count): count for count in reversed(COUNTS)}
        return {category: self._catalogue.ngettext(one, many, count) for category, count in categories.items()}

    def number(self, value: float | Decimal) -> str:
        """`1,284`."""
        return self._written(numbers.format_decimal(value, locale=self.locale))

    def percent(self, value: float) -> str:
        """A share of 0..1 as `83 %`."""
        return self._written(numbers.format_percent(value, format="#,##0\xa0%", locale=self.locale))

    def money(self, minor: int, currency: str) -> str:
        """An amount in minor units (cents) of an ISO 4217 currency; whole amounts without a fraction."""
        digits = numbers.get_currency_precision(currency)
        amount = Decimal(minor).scaleb(-digits)
        pattern = self.locale.currency_formats["standard"].pattern.replace("¤#", "¤\xa0#")
        if amount == amount.to_integral_value():
            pattern, digits = pattern.replace(".00", ""), 0
        said = numbers.format_currency(amount, currency, pattern, locale=self.locale, currency_digits=bool(digits))
        return self._written(said)

    def date(self, value: dt.date) -> str:
        """`14 September 2026`, the day never parted from its month."""
        return self._written(dates.format_date(value, "long", locale=self.locale)).replace(" ", "\xa0", 1)

    def day(self, value: dt.date) -> str:
        """`13 Jan`."""
        return self._written(dates.format_skeleton("MMMd", value, locale=self.locale))

    def weekday(self, value: dt.date) -> str:
        """`Thursday 19 November`."""
        day = dates.format_skeleton("MMMMd", value, locale=self.locale)
        return self._written(f"{dates.format_date(value, 'EEEE', locale=self.locale)} {day}")

    def short_date(self, value: dt.date) -> str:
        """`3 Mar 2027`."""
        return self._written(dates.format_skeleton("yMMMd", value, locale=self.locale))

    def moment(self, value: dt.datetime, zone: dt.tzinfo | None = None) -> str:
        """`2 Nov 2026, 10:12 UTC`, in `zone` or the value's own."""
        local = value.astimezone(zone) if zone else value
        clock = dates.format_time(local, "HH:mm", locale=self.locale)
        return self._written(f"{dates.format_skeleton('yMMMd', local, locale=self.locale)}, {clock} {local:%Z}")

    def clock(self, value: dt.datetime, zone: dt.tzinfo | None = None) -> str:
        """`14:32`."""
        local = value.astimezone(zone) if zone else value
        return self._written(dates.format_time(local, "HH:mm", locale=self.locale))

    def duration(self, seconds: int) -> str:
        """`9 h 40 min`, `11 min`, `40 s`."""
        hours, minutes = divmod(max(seconds, 0) // 60, 60)
        if not hours and not minutes:
            return self.gettext("%(count)s s", count=self.number(seconds))
        parts = [self.gettext("%(count)s h", count=self.number(hours))] if hours else []
        parts += [self.gettext("%(count)s min", count=self.number(minutes))] if minutes else []
        return " ".join(parts)

    def size(self, count: int) -> str:
        """`640 KB`, `1.2 MB`: bytes in the units that files are named by."""
        if count < 1_000_000:
            return self.gettext("%(count)s KB", count=self.number(max(1, round(count / 1000))))
        return self.gettext("%(count)s MB", count=self.number(round(count / 1_000_000, 1)))

    def length(self, seconds: int) -> str:
        """`4:07`, how long a sound lasts."""
        minutes, rest = divmod(seconds, 60)
        return self._written(f"{minutes}:{rest:02}")

    def listed(self, items: Iterable[str]) -> str:
        """`one, two and three`."""
        return format_list(list(items), locale=self.locale)

    def _written(self, text: str) -> str:
        return text.translate(self._digits)


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> Words:
    """The words of one of `LANGUAGES`."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return Words(language, NullTranslations())
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Words(language, GNUTranslations(compiled))


def negotiate(preferred: Iterable[str]) -> str:
    """The language of ours that fits `preferred` (as in Accept-Language, best first) most; English else."""
    # Babel gives back the spelling it was asked in.
    return (negotiate_locale(list(preferred), list(LANGUAGES), sep="-") or LANGUAGES[0]).lower()


def words_in(locale: str) -> Words:
    """The words of a channel or a person whose locale this is, as in `de-CH`; English where it is none of ours."""
    return words(negotiate([locale]))


def isolated(name: str) -> str:
    """A name inside a sentence, kept from turning the rest of it round (UAX 9: FSI … PDI); of none nothing."""
    return f"{FIRST_STRONG_ISOLATE}{name}{POP_DIRECTIONAL_ISOLATE}" if name else ""
