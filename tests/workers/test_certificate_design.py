"""A certificate is one page with the right words, whatever the names; nothing that a person typed runs in it."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pypdf
import pytest
import pytest_asyncio

from providers.pdf import PdfPrinter, choose
from tenants.certificates import codes
from workers.certificate_design import CertificateView, fitting, html, must_contain

CODE = "7K4MQ2XD9FTA5"
VIEW = CertificateView(
    code=CODE,
    verify_url="https://guildhall.example/verify/" + codes.show(CODE),
    holder="Zoë Ångström",
    title="Wheel throwing",
    channel="Saltmarsh Pottery",
    channel_url="https://guildhall.example/c/pottery",
    teacher="Maren Okafor",
    colour="#1f6f72",
    issued_on=date(2026, 11, 21),
)
DAY = datetime(2026, 11, 21, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def printer() -> AsyncIterator[PdfPrinter]:
    """A warm printer."""
    made = choose()
    yield made
    await made.close()


async def printed(printer: PdfPrinter, view: CertificateView) -> pypdf.PdfReader:
    """`view` as the PDF that would be published."""
    return pypdf.PdfReader(io.BytesIO(await printer.print(html(view), dated=DAY, must_contain=must_contain(view))))


async def test_it_says_who_what_where_when_and_how_to_check(printer: PdfPrinter) -> None:
    reader = await printed(printer, replace(VIEW, expires_on=date(2028, 1, 31), facts=(("Hours", "24"),)))
    words = reader.pages[0].extract_text()
    said = [
        "Zoë Ångström",
        "Wheel throwing",
        "Saltmarsh Pottery",
        "Maren Okafor",
        "7K4M-Q2XD-9FTA-5",
        "November 21, 2026",
        "January 31, 2028",
        "24",
        "guildhall.example/verify",
    ]
    assert [word for word in said if word not in words] == []


async def test_it_is_a_landscape_a4_page_with_title_and_language(printer: PdfPrinter) -> None:
    reader = await printed(printer, VIEW)
    width, height = (round(float(side)) for side in reader.pages[0].mediabox[2:])
    assert (width, height) == (842, 595)
    assert reader.metadata is not None
    assert reader.metadata.title == "Wheel throwing: Zoë Ångström"
    assert str(reader.root_object["/Lang"]) == "en"


@pytest.mark.parametrize(
    ("holder", "title", "channel"),
    [
        ("W" * 100, "M" * 200, "C" * 80),
        ("王" * 100, "玉" * 200, "陶" * 80),
        ("ﷺ" * 100, "ش" * 200, "ع" * 80),
        ("Anastasia Konstantinopolitanskaya-Featherstonehaugh de la Cruz y Montenegro III", "On clay " * 25, "Pots"),
        ("क्षत्रिय " * 12, "x", "y"),
    ],
    ids=["latin", "chinese", "arabic", "hyphens", "devanagari"],
)
async def test_the_longest_names_still_fit_one_page(printer: PdfPrinter, holder: str, title: str, channel: str) -> None:
    reader = await printed(printer, replace(VIEW, holder=holder, title=title, channel=channel))
    assert len(reader.pages) == 1


async def test_what_people_type_is_text_and_never_markup(printer: PdfPrinter) -> None:
    hostile = "<b>Zoë</b>{{ 7*7 }}<script>x</script>\"'&amp;"
    assert "<script>" not in html(replace(VIEW, holder=hostile, title=hostile, channel=hostile, teacher=hostile))
    words = (await printed(printer, replace(VIEW, holder=hostile))).pages[0].extract_text()
    assert "{{ 7*7 }}" in words.replace("\n", "")


async def test_a_logo_takes_the_place_of_the_pennant(printer: PdfPrinter) -> None:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (40, 40), "#123456").save(out, "PNG")
    reader = await printed(printer, replace(VIEW, logo=out.getvalue()))
    assert len(reader.pages[0].images) == 1


def test_a_longer_name_is_never_set_larger() -> None:
    sizes = [fitting("n" * length, largest=58, smallest=15) for length in range(1, 200)]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (58, 15)
