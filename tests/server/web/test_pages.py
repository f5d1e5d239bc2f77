"""Every page, as sent: well formed, its own, readable without script, true to what it was given."""

import json
import re
from collections import Counter
from dataclasses import replace

import pytest
from jinja2 import UndefinedError

from server.web.views.frame import Frame
from tests.server.web.gallery import pages, render
from tests.server.web.landings import bare, pottery
from tests.server.web.outline import Outline
from tests.server.web.samples import NOW, ORIGIN, POTTERY, SAMPLES, Sample, award, landing, verdict

HOSTILE = '<img src=x onerror="alert(1)">"\'&{{7*7}}\u202e'
every = pytest.mark.parametrize("name", SAMPLES)


def outline(name: str) -> Outline:
    return Outline(render(name)[0])


def shown(sample: Sample) -> str:
    return pages().render(sample.template, sample.view, sample.frame)


@every
def test_a_page_is_well_formed_with_one_heading_and_one_main(name: str) -> None:
    page = outline(name)
    assert page.faults == []
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    assert page.all("html")[0]["lang"] in {"en", "ar"}


@every
def test_ids_are_unique_and_every_reference_finds_one(name: str) -> None:
    page = outline(name)
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert [key for key, count in ids.items() if count > 1] == []
    pointers = [a[key] for _, a in page.elements for key in ("for", "aria-describedby", "aria-labelledby") if key in a]
    assert [pointer for words in pointers for pointer in words.split() if pointer not in ids] == []
    within = [a["href"][1:] for a in page.all("a") if a.get("href", "").startswith("#")]
    assert [target for target in within if target not in ids] == []


@every
def test_a_page_needs_no_script_no_inline_style_and_no_other_host(name: str) -> None:
    text = render(name)[0]
    page = Outline(text)
    assert [s for s in page.all("script") if s.get("type") != "application/ld+json"] == []
    assert [a for _, a in page.elements if "style" in a or any(key.startswith("on") for key in a)] == []
    sources = [a[key] for _, a in page.elements for key in ("src", "href", "action", "data-icons") if key in a]
    assert [url for url in sources if not url.startswith(("/", "#", ORIGIN))] == []


@every
def test_every_field_has_a_label_and_every_picture_says_what_it_is(name: str) -> None:
    page = outline(name)
    labels = {a["for"] for a in page.all("label") if "for" in a}
    fields = [
        a for a in page.all("input", "select", "textarea") if a.get("type") not in {"hidden", "radio", "checkbox"}
    ]
    assert [field for field in fields if field.get("id") not in labels] == []
    assert [picture for picture in page.all("img") if "alt" not in picture] == []


@every
def test_one_brand_button_in_view_at_most_but_on_the_sheet(name: str) -> None:
    buttons = [
        a
        for a in outline(name).all("a", "button")
        if "brand" in a.get("class", "").split()[1:] and "button" in a["class"].split()
    ]
    assert len(buttons) <= (4 if name.startswith("landing") else 1) or name == "design"


@pytest.mark.parametrize(
    ("name", "state", "word"),
    [
        ("verify-valid", "valid", "Valid"),
        ("verify-rendering", "rendering", "Valid"),
        ("verify-expired", "expired", "Expired"),
        ("verify-revoked", "revoked", "Revoked"),
        ("verify-superseded", "superseded", "Superseded"),
        ("verify-slip", "unknown", "Not found"),
        ("verify-unknown", "unknown", "Not found"),
    ],
)
def test_a_verdict_is_the_state_and_its_word(name: str, state: str, word: str) -> None:
    text = render(name)[0]
    assert Outline(text).all("main")[0]["data-state"] == state
    assert re.search(rf'<p class="word">.*<b>{word}</b></p>', text)


def test_nothing_looks_valid_but_a_valid_one() -> None:
    for name in SAMPLES:
        if name.startswith("verify-") and name not in {
            "verify-valid",
            "verify-rendering",
            "verify-hidden",
            "verify-form",
        }:
            text = render(name)[0]
            assert 'class="verify valid"' not in text
            assert "<b>Valid</b>" not in text
            assert 'dd class="good"' not in text


def test_a_revoked_award_offers_no_pdf_even_when_there_is_one() -> None:
    text = shown(verdict("revoked", ended=NOW.date(), pdf="/verify/x.pdf"))
    assert "/verify/x.pdf" not in text
    assert "It must not be relied on." in text


def test_a_superseded_award_leads_to_its_heir() -> None:
    assert 'href="/verify/8M2K-77QD-ZZTA-P"' in render("verify-superseded")[0]


def test_a_hidden_holder_is_called_the_holder() -> None:
    text = render("verify-hidden")[0]
    assert award().holder not in text
    assert "to the holder on" in text


def test_blocks_without_content_are_not_shown() -> None:
    full, empty = outline("landing"), outline("landing-bare")
    assert {"course", "dates", "teacher", "prices", "questions"} <= {a.get("id") for a in full.all("section")}
    assert [a for a in empty.all("section") if "hero" not in a["class"]] == []


def test_a_landing_page_says_itself_to_machines() -> None:
    text = render("landing")[0]
    page = Outline(text)
    linked = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert linked
    assert json.loads(linked[1])["name"] == "Throw </script> a bowl"
    assert {"rel": "canonical", "href": f"{ORIGIN}/c/pottery"} in page.all("link")
    assert {"og:title", "og:description", "og:url"} <= {a.get("property") for a in page.all("meta")}


def test_a_full_batch_offers_the_waiting_list_and_an_open_one_a_seat() -> None:
    text = render("landing")[0]
    assert "3 of 14 seats left" in text
    assert "Full. 6 waiting." in text
    assert text.count("Join the waiting list") == 1


def test_what_people_write_is_shown_and_never_run() -> None:
    hero = replace(pottery().hero, promise=HOSTILE, lead=HOSTILE)
    text = shown(landing(replace(pottery(), hero=hero, description=HOSTILE, linked={"name": HOSTILE}), POTTERY))
    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=" in text
    assert "{{7*7}}" in text
    assert Outline(text).faults == []


def test_an_attribute_cannot_be_left() -> None:
    channel = replace(POTTERY, name=HOSTILE, url='/c/x" onclick="alert(1)')
    page = Outline(shown(landing(bare(), channel)))
    assert [a for _, a in page.elements if "onclick" in a] == []


def test_a_password_is_never_sent_back() -> None:
    assert all("value" not in a for a in outline("sign-in").all("input") if a.get("type") == "password")


def test_a_template_that_asks_for_what_the_view_lacks_fails_loudly() -> None:
    with pytest.raises(UndefinedError):
        pages().render("landing.html", object(), Frame(ORIGIN))


def test_arabic_pages_are_set_from_right_to_left() -> None:
    page = outline("landing-rtl")
    assert page.all("html")[0]["dir"] == "rtl"
    assert "٣" in page.text
    assert "Reserve a seat" not in page.text
