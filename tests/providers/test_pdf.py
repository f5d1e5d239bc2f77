"""A document becomes a PDF that anyone can read, the same each time, whatever happens to the browser meanwhile."""

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest
import pytest_asyncio

from providers.pdf import PrinterDown, PrintRefused, choose, chromium, processes
from providers.pdf.inspection import inspect
from providers.pdf.printer import ChromiumPrinter
from tests.waiting import until

OURS = str(chromium.ENGINE / "chromium")
DAY = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
NAMES = [
    "Zoë Ångström-Łukasiewicz",
    "Nguyễn Thị Ánh",
    "Юлия Ґалаґан",
    "Ελένη Παπαδοπούλου",
    "محمد بن عبد الله الأنصاري",
    "שָׁלוֹם בן־דוד",
    "山田 太郎",
    "渡邉 さくら",
    "김민준",
    "王小明 張雅婷",
    "अनुष्का श्रीवास्तव",
    "สมชาย ศรีสุวรรณ",
    "தமிழ்ச்செல்வி",
    "অনির্বাণ চট্টোপাধ্যায়",
    "გიორგი ბერიძე",
    "Արամ Խաչատրյան",
    "ગુજરાતી ਪੰਜਾਬੀ తెలుగు ಕನ್ನಡ മലയാളം සිංහල",
    "ខ្មែរ ລາວ မြန်မာ አማርኛ",
    "Sam 🎨 ♟ ★",
]


def page(*lines: str) -> str:
    """A small document."""
    return "<!doctype html><html lang=en><title>A document</title>" + "".join(
        f"<p dir=auto>{line}</p>" for line in lines
    )


@pytest_asyncio.fixture(params=["chromium"], loop_scope="session")
async def printer() -> AsyncIterator[ChromiumPrinter]:
    """A printer over the browser that comes with Guildhall."""
    made = ChromiumPrinter(OURS)
    yield made
    await made.close()


def running() -> set[int]:
    """All our descendants that are not merely waiting to be counted out."""
    mine = {pid for pid, _ in processes.family(os.getpid())} - {os.getpid()}
    return {pid for pid in mine if ") Z" not in processes.read(Path(f"/proc/{pid}/stat"))}


def named(word: str) -> list[int]:
    """Our descendants with `word` in their command line."""
    return [pid for pid in running() if word in processes.read(Path(f"/proc/{pid}/cmdline")).replace("\0", " ")]


async def test_a_name_in_any_script_is_printed_and_found_again(printer: ChromiumPrinter) -> None:
    pdf = await printer.print(page(*NAMES), dated=DAY, must_contain=NAMES)
    words = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "Ångström" in words
    assert "山田" in words


async def test_a_pdf_is_tagged_carries_its_fonts_and_its_own_date(printer: ChromiumPrinter) -> None:
    reader = pypdf.PdfReader(io.BytesIO(await printer.print(page("Zoë"), dated=DAY, must_contain=["Zoë"])))
    assert "/StructTreeRoot" in reader.root_object
    assert reader.metadata is not None
    assert reader.metadata.creation_date == DAY
    resources: Any = reader.pages[0]["/Resources"]
    fonts = [font.get_object()["/DescendantFonts"][0] for font in resources["/Font"].values()]
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)


async def test_the_same_document_is_the_same_bytes_even_from_another_browser(printer: ChromiumPrinter) -> None:
    first = await printer.print(page("Zoë"), dated=DAY)
    await printer.print(page("Someone else"), dated=DAY)
    assert await printer.print(page("Zoë"), dated=DAY) == first
    await printer.close()
    assert await printer.print(page("Zoë"), dated=DAY) == first


@pytest.mark.parametrize("document", [page("Ana"), page("Ana", "<i hidden>Zoë</i>"), page("")])
async def test_a_pdf_without_the_name_is_refused(printer: ChromiumPrinter, document: str) -> None:
    with pytest.raises(PrintRefused):
        await printer.print(document, dated=DAY, must_contain=["Zoë"])


async def test_a_name_that_no_font_can_draw_is_refused(printer: ChromiumPrinter) -> None:
    with pytest.raises(PrintRefused, match=r"does not show '𒀀𒀁'"):
        await printer.print(page("𒀀𒀁"), dated=DAY, must_contain=["𒀀𒀁"])


async def test_letters_that_stand_far_apart_are_no_name(printer: ChromiumPrinter) -> None:
    with pytest.raises(PrintRefused):
        await printer.print(page("Zo", *["-"] * 10, "ë"), dated=DAY, must_contain=["Zoë"])


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.4\n%%EOF", b"\0" * 999, b"<html>"])
def test_what_is_no_pdf_is_refused(junk: bytes) -> None:
    with pytest.raises(PrintRefused, match="cannot be read"):
        inspect(junk, [])


async def test_a_document_beyond_the_limit_is_refused_before_it_reaches_the_browser() -> None:
    with pytest.raises(PrintRefused, match="can be printed"):
        await choose("/nowhere").print("x" * 4_000_001, dated=DAY)


async def test_nothing_outside_is_asked_for_and_no_script_runs(printer: ChromiumPrinter) -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    hostile = page(
        f"<img src={host}/img><link rel=stylesheet href={host}/css><style>@import '{host}/import';</style>",
        f"<iframe src={host}/frame></iframe><object data={host}/object></object><video poster={host}/poster></video>",
        f"<link rel=prefetch href={host}/prefetch><link rel=preconnect href={host}>",
        f"<svg><image href={host}/svg /></svg><script>document.body.textContent='script ran';fetch('{host}')</script>",
        "<iframe src=file:///etc/passwd></iframe><b>still here</b>",
    )
    async with server:
        await printer.print(hostile, dated=DAY, must_contain=["still here"])
        for wait in ("0", "0.01", "0.1", "0.2"):
            leaves = page(f"<meta http-equiv=refresh content='{wait};{host}'>", "goodbye")
            # It may be gone before it is printed: both times that is tried, too.
            with contextlib.suppress(PrintRefused, PrinterDown):
                await printer.print(leaves, dated=DAY)
            await printer.print(page("the next one"), dated=DAY, must_contain=["the next one"])
            await printer.print(page("and another"), dated=DAY, must_contain=["and another"])
    assert asked == []


@pytest.mark.parametrize("part", ["--type=renderer", "--headless", "run-driver"])
async def test_the_document_after_a_crash_prints(printer: ChromiumPrinter, part: str) -> None:
    first = await printer.print(page("Zoë"), dated=DAY)
    victims = named(part)
    assert victims
    for pid in victims:
        # A browser's parts end with it: some may be gone before their turn.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert await printer.print(page("Zoë"), dated=DAY) == first


@pytest.mark.parametrize("part", ["--type=renderer", "--headless", "run-driver"])
async def test_what_hangs_is_ended_in_time_and_replaced(part: str) -> None:
    printer = ChromiumPrinter(OURS, limit=3)
    try:
        first = await printer.print(page("Zoë"), dated=DAY)
        hung = named(part)
        assert hung
        for pid in hung:
            os.kill(pid, signal.SIGSTOP)
        assert await printer.print(page("Zoë"), dated=DAY) == first
        assert not set(hung) & running()
    finally:
        await printer.close()


async def test_a_document_that_takes_too_long_stops_and_leaves_the_printer_usable() -> None:
    printer = ChromiumPrinter(OURS, limit=4)
    try:
        await printer.print(page("Zoë"), dated=DAY)
        with pytest.raises(PrinterDown, match="too long"):
            await printer.print("<div>" + "<table><tr><td>" * 3000 + "<p>word " * 300_000, dated=DAY)
        await printer.print(page("Zoë"), dated=DAY, must_contain=["Zoë"])
    finally:
        await printer.close()


async def test_documents_printed_at_once_all_come_out_right(printer: ChromiumPrinter) -> None:
    names = [f"Person {number}" for number in range(12)]
    await asyncio.gather(*(printer.print(page(name), dated=DAY, must_contain=[name]) for name in names))


async def test_the_browser_is_replaced_after_its_share_of_documents() -> None:
    printer = ChromiumPrinter(OURS, recycle=2)
    try:
        seen = set()
        for _ in range(4):
            await printer.print(page("Zoë"), dated=DAY)
            seen |= set(named("run-driver"))
        assert len(seen) == 2
    finally:
        await printer.close()


async def test_nothing_runs_before_the_first_document_nor_a_while_after_the_last() -> None:
    before = running()
    printer = ChromiumPrinter(OURS, idle=0.2)
    assert running() == before
    await printer.print(page("Zoë"), dated=DAY)
    assert running() > before

    async def quiet() -> bool:
        return not running() - before

    await until(quiet)


async def test_a_killed_worker_leaves_no_browser_behind() -> None:
    program = (
        "import asyncio,datetime\nfrom providers.pdf.printer import ChromiumPrinter\n"
        "async def main():\n"
        f"    await ChromiumPrinter({OURS!r}).print('<p>Z', dated=datetime.datetime.now(datetime.UTC))\n"
        "    print('up', flush=True)\n    await asyncio.Event().wait()\n"
        "asyncio.run(main())"
    )
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert worker.stdout is not None
    assert await worker.stdout.readline() == b"up\n"
    family = processes.family(worker.pid)
    assert len(family) > 4
    worker.kill()
    await worker.wait()

    async def gone() -> bool:
        return not [pid for pid, start in family if processes.started(pid) == start and pid_lives(pid)]

    await until(gone)


def pid_lives(pid: int) -> bool:
    """Whether `pid` still runs, rather than waits for someone to count it out."""
    return ") Z" not in processes.read(Path(f"/proc/{pid}/stat"))


async def test_an_absent_browser_is_a_printer_that_is_down_and_says_how_to_mend_it() -> None:
    with pytest.raises(PrinterDown, match="Set it to `auto`"):
        await choose("/nowhere/chromium").print(page("Zoë"), dated=DAY)


async def test_a_program_that_is_no_browser_is_a_printer_that_is_down() -> None:
    with pytest.raises(PrinterDown, match="did not print, twice"):
        await choose("/bin/true").print(page("Zoë"), dated=DAY)


def test_the_system_browser_comes_first_then_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "chromium"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/nowhere", prepend=None)
    assert chromium.located() == (fake, "system")
    fake.unlink()
    assert chromium.located() == (Path(OURS), "package")


def test_the_browser_is_told_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    assert "do not tell" not in str(chromium.find(OURS).launch_options())
