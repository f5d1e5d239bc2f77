"""Mail in a folder, and its viewer."""

from pathlib import Path

import pytest

from providers.mail.folder import Folder
from tests.providers.mailing import SENDER, by_folder, mail


async def test_the_folder_keeps_the_first_mail_of_an_id(tmp_path: Path) -> None:
    async with by_folder(tmp_path) as box:
        await box.mailer.send(mail(message_id="welcome-1", subject="first"))
        await box.mailer.send(mail(message_id="welcome-1", subject="second"))
        assert [letter["Subject"] for letter in box.arrived()] == ["first"]


async def test_the_viewer_lists_the_newest_first_and_reads_a_mail(tmp_path: Path) -> None:
    folder = Folder(tmp_path, SENDER)
    for number in range(5):
        await folder.send(mail(subject=f"mail {number}", html="<script>1</script>"))
    listed = await folder.letters(limit=2, skip=1)
    assert [summary.subject for summary in listed] == ["mail 3", "mail 2"]
    letter = await folder.letter(listed[0].id)
    assert letter
    assert (letter.text, letter.html) == ("Guten Tag\n", "<script>1</script>\n")
    assert ("To", "Zoë <zoe@guildhall.example>") in letter.headers


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "x", "a" * 32, "A" * 32, "a\0b"])
async def test_the_viewer_reads_nothing_outside_its_folder(tmp_path: Path, name: str) -> None:
    assert await Folder(tmp_path, SENDER).letter(name) is None


GARBAGE = [
    *(b"", b"\0\xff" * 999, b"To: =?x?b?!!?=\nSubject: =?utf-8?q?=ED=A0=80?=\n\nx", b"From: <<>>,;:@\nTo: \xff\n\nx"),
    *(b"Content-Type: text/plain; charset=nonsense\n\nx", b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * 50),
    *(
        b"Content-Type: multipart/alternative\n\nx",
        b"Content-Transfer-Encoding: base64\nContent-Type: text/html\n\n!!!",
    ),
    b"Date: never\nMessage-ID: [\nSubject: \xf0\x28\n\n",
]


@pytest.mark.parametrize("content", GARBAGE, ids=range(len(GARBAGE)))
async def test_the_viewer_survives_any_file_in_its_folder(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"{'a' * 32}.eml").write_bytes(content)
    (tmp_path / "stranger.eml").write_bytes(content)
    folder = Folder(tmp_path, SENDER)
    assert [summary.id for summary in await folder.letters()] == ["a" * 32]
    letter = await folder.letter("a" * 32)
    assert letter
    (letter.text + (letter.html or "") + letter.summary.subject).encode()
