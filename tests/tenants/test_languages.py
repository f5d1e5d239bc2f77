"""What a language does to words, numbers and dates."""

import datetime as dt
from copy import deepcopy

from tenants.errors import Said
from tenants.languages import LANGUAGES, negotiate, words
from tenants.times import Moment


def test_values_put_into_a_sentence_are_escaped() -> None:
    assert words("en").gettext("by %(name)s", name="<b>") == "by &lt;b&gt;"


def test_arabic_counts_in_six_forms_and_writes_its_own_digits() -> None:
    said = [str(words("ar").ngettext("%(count)s lesson", "%(count)s lessons", n)) for n in (0, 1, 2, 3, 11, 100)]
    assert len(set(said)) == 6
    assert "٣" in said[3]
    assert said[4:] == ["١١ درسًا", "١٠٠ درس"]


def test_a_date_is_said_the_way_of_its_language() -> None:
    day = dt.date(2026, 9, 14)
    assert words("en").date(day) == "14\xa0September 2026"
    assert words("de").date(day) == "14.\xa0September 2026"
    assert "٢٠٢٦" in words("ar").date(day)


def test_whole_amounts_carry_no_fraction_and_others_do() -> None:
    assert words("en").money(32000, "EUR") == "€\xa0320"
    assert words("en").money(1450, "EUR") == "€\xa014.50"
    assert words("en").money(500, "JPY") == "JP¥\xa0500"


def test_a_sentence_says_its_figures_times_and_sentences_in_its_own_language() -> None:
    end = Moment(dt.datetime(2026, 11, 28, 21, 48, tzinfo=dt.UTC))
    muted = Said("You are muted until %(until)s: %(reason)s", until=end, reason="Sign in")
    assert muted == "You are muted until 28 Nov 2026, 21:48 UTC: Sign in"
    assert words("de").message(muted) == "Du bist bis 28. Nov. 2026, 21:48 UTC stummgeschaltet: Sign in"
    task = Said("Mark “%(title)s” done.", title="Sign in")
    told = Said("This lesson is done when you have watched it. %(task)s", task=task)
    assert words("de").message(told).endswith("Hake „Sign in“ ab.")
    assert "«\u2068Sign in\u2069»" in words("ar").message(task)
    counted = Said("%(count)s unread message", "%(count)s unread messages", count=3)
    assert words("ar").message(counted) == "٣ رسائل غير مقروءة"


def test_a_copy_of_a_sentence_can_be_said_in_another_language() -> None:
    task = Said("Mark “%(title)s” done.", title="100 % wool")
    assert words("de").message(deepcopy(task)) == words("de").message(task) == "Hake „100 % wool“ ab."


def test_a_duration_names_hours_and_minutes_or_seconds() -> None:
    assert [words("en").duration(n) for n in (34800, 660, 40, 5400)] == ["9 h 40 min", "11 min", "40 s", "1 h 30 min"]


def test_arabic_runs_from_right_to_left() -> None:
    assert [words(language).dir for language in LANGUAGES] == ["ltr", "rtl", "ltr"]


def test_the_best_language_of_ours_is_chosen_and_english_else() -> None:
    assert negotiate(["fr", "de-CH", "en"]) == "de"
    assert negotiate(["DE-ch"]) == "de"
    assert negotiate(["xx"]) == "en"
