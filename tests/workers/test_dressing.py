"""Dressing a letter: in the language of its sender, with nothing of another site, and nothing a name could break."""

import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.mail import Mail
from providers.mail.letters import compose
from tenants.errors import Said
from tenants.languages import words_in
from workers import letters
from workers.dressing import Letter, Sender, dress


def test_a_letter_speaks_the_language_of_its_sender_and_leaves_what_people_wrote() -> None:
    written = letters.welcome("Sign in", "Sign in", "https://guildhall.example/x")
    german = dress(written, Sender("Sign in", locale="de-CH"), "https://guildhall.example/no-more")
    assert german.subject == "Willkommen bei Sign in"
    for said in ("Hallo \u2068Sign in\u2069, schön, dass du", "Keine dieser E-Mails mehr", "\n-- \nSign in"):
        assert said in german.text
    assert '<html lang="de" dir="ltr"' in german.html


def test_arabic_letters_run_from_right_to_left_and_count_in_their_own_digits() -> None:
    worn = dress(letters.magic_link("Sara", "https://guildhall.example/x"), Sender(locale="ar"))
    assert "خلال ٣٠ دقيقة" in worn.text
    assert '<html lang="ar" dir="rtl"' in worn.html
    assert "direction:ltr" not in worn.html
    assert worn.html.count("text-align:right") >= len(("the sender", "the subject", "a sentence", "the address"))


def test_one_is_one_and_two_are_many() -> None:
    def counted(count: int) -> str:
        return Said("%(count)s unread message", "%(count)s unread messages", count=count)

    assert (counted(1), counted(2)) == ("1 unread message", "2 unread messages")
    assert [words_in("ar").message(counted(count)) for count in (1, 2, 3)] == [
        "رسالة غير مقروءة",
        "رسالتان غير مقروءتين",
        "٣ رسائل غير مقروءة",
    ]


def test_no_mail_asks_anything_of_another_site() -> None:
    html = dress(letters.welcome("Ana", "Clay", "https://guildhall.example/x"), Sender("Clay")).html
    asked = set(re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')\s>]+)", html))
    assert asked == {"https://guildhall.example/x"}


class Tags(HTMLParser):
    """The tags and attribute names of a document, and what is written in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.written = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.written += data


WRITTEN: tuple[Callable[[str], Letter], ...] = (
    lambda name: letters.magic_link(name, "https://guildhall.example/x"),
    lambda name: letters.confirm(name, "https://guildhall.example/x"),
    lambda name: letters.invitation(name, "https://guildhall.example/x"),
    lambda name: letters.new_password(name, "https://guildhall.example/x"),
    lambda name: letters.password_changed(name, "https://guildhall.example/x"),
    lambda name: letters.email_taken(name, "https://guildhall.example/x"),
    lambda name: letters.welcome(name, name, "https://guildhall.example/x"),
    lambda name: letters.certificate_ready(name, name, name, "https://guildhall.example/x"),
    lambda name: letters.recording_ready(name, name, name, "https://guildhall.example/x"),
)
HARMLESS = [Tags(dress(write("Ana"), Sender("Ana")).html).found for write in WRITTEN]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.one_of(
        st.sampled_from(
            ["سارة", "अनीता", "李小龍", "O'Brien & <script>", "Zoë\r\nBcc: all@example.com", "\u202eevil", "a\u2028b"]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=120),
    )
)
def test_no_name_breaks_a_mail(name: str) -> None:
    for write, harmless in zip(WRITTEN, HARMLESS, strict=True):
        worn = dress(write(name), Sender(name))
        sent = Mail("ana@guildhall.example", worn.subject, worn.text, "id", worn.html)
        composed = compose(sent, "house@guildhall.example")
        parsed = message_from_bytes(composed.as_bytes(), policy=default)
        assert [*parsed.keys()].count("Bcc") == 0
        assert set(parsed.keys()) == {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
        assert Tags(worn.html).found == harmless
