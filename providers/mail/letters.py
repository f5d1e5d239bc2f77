"""Writing a mail down as the wire has it (RFC 5322), and refusing what would break it."""

import re
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses, localtime

from providers import ProviderRefused
from providers.mail import Mail

_ID = re.compile(r"[A-Za-z0-9._+-]{1,150}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_OURS = {
    "to",
    "from",
    "cc",
    "bcc",
    "sender",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "return-path",
    "received",
}
_SUBJECT_LIMIT, _HEADER_LIMIT, _BODY_LIMIT = 300, 1000, 1024 * 1024
_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The message with a text part and perhaps an HTML one; ProviderRefused `bad_mail` with the reason."""
    try:
        return _compose(mail, sender)
    except (ValueError, IndexError, MessageError) as wrong:
        raise ProviderRefused(f"This mail cannot be written down: {ascii(str(wrong))[:200]}.", "bad_mail") from wrong


def checked_id(message_id: str) -> str:
    """The id itself, when it is letters, digits and `._+-`; else `bad_mail`."""
    if not _ID.fullmatch(message_id):
        raise ProviderRefused("A mail's id is 1 to 150 letters, digits, dots or dashes.", "bad_mail")
    return message_id


def checked_address(stated: str) -> Address:
    """The address in `Name <mail@host>` or `mail@host`; ValueError when there is none."""
    found = getaddresses([_one_line("An address", stated, _SUBJECT_LIMIT)])
    name, mail = found[0] if len(found) == 1 else ("", "")
    if mail.count("@") != 1 or mail.startswith("@") or mail.endswith("@") or not mail.isprintable() or " " in mail:
        raise ValueError(f"{stated!a} is no mail address")
    return Address(display_name=name, addr_spec=mail)


def _compose(mail: Mail, sender: str) -> EmailMessage:
    whom, letter = checked_address(sender), EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = whom, checked_address(mail.to)
    letter["Subject"] = _one_line("The subject", mail.subject, _SUBJECT_LIMIT)
    letter["Date"] = format_datetime(localtime())
    letter["Message-ID"] = f"<{checked_id(mail.message_id)}@{whom.domain}>"
    for name, value in mail.headers.items():
        if not _HEADER.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("content-"):
            raise ValueError(f"the header {name!a} is not for the caller to set")
        letter[name] = _one_line(name, value, _HEADER_LIMIT)
    if len(mail.text) + len(mail.html or "") > _BODY_LIMIT:
        raise ValueError(f"its text is longer than {_BODY_LIMIT} characters")
    letter.set_content(mail.text.replace("\0", ""))
    if mail.html is not None:
        letter.add_alternative(mail.html.replace("\0", ""), subtype="html")
    letter.as_bytes()
    return letter


def _one_line(what: str, value: str, longest: int) -> str:
    if len(value) > longest or _LINE_BREAKS.search(value):
        raise ValueError(f"{what} should be one line of at most {longest} characters")
    value.encode()
    return value
