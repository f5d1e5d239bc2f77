"""What a server answers when asked for (a part of) a recording, judged (RFC 9110, §13 to §15)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from providers import ProviderDown, ProviderRefused
from providers.outbound import Reply
from workers.media.failures import LinkExpired, NotAVideo, SourceChanged, SourceLied, SourceRefused, SourceUnreachable

CHANGED = "The recording was replaced while it was being copied. The copy begins anew with the next attempt."


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of a recording a server offered: length in bytes and its validators, empty where it names none."""

    size: int
    etag: str
    modified: str

    @property
    def condition(self) -> dict[str, str]:
        """The header that has the server refuse to continue with another version; weak tags are no use for it."""
        if self.etag:
            return {} if self.etag.startswith("W/") else {"If-Range": self.etag}
        return {"If-Range": self.modified} if self.modified else {}

    @property
    def fingerprint(self) -> str:
        """The version as one text."""
        return f"{self.size}:{self.etag or self.modified}"

    def contradicts(self, other: "Version") -> bool:
        """Whether `other` is surely another version; servers may leave validators out of partial answers."""
        told = [(self.etag, other.etag), (self.modified, other.modified)]
        return self.size != other.size or any(one and two and one != two for one, two in told)


@contextmanager
def in_plain_words() -> Iterator[None]:
    """What the way out raises, as a RecordingFailure."""
    try:
        yield
    except ProviderDown as fault:
        raise SourceUnreachable(f"{fault.message} Try again later.") from fault
    except ProviderRefused as fault:
        raise SourceRefused(fault.message) from fault


def judge_status(reply: Reply) -> None:
    """Raise unless the answer holds bytes of a recording."""
    status = reply.status
    if status >= 500 or status in {408, 425, 429}:
        raise SourceUnreachable(f"The recording's server answered {status}. Try again later.")
    if status in {401, 403, 404}:
        raise LinkExpired(f"The recording's server answered {status}: the link is not valid, or not valid any more.")
    if status == 416:
        raise SourceChanged(CHANGED)
    if status not in {200, 206}:
        raise SourceRefused(f"The recording's server answered {status}: there is no recording at this address.")
    if reply.headers.get("Content-Encoding", "identity") != "identity":
        raise SourceLied("The recording's server sends it compressed: its length cannot be checked.")


def first_version(reply: Reply) -> Version | None:
    """What a server says of a recording when asked for its first byte; None when it sends all, or knows no length."""
    if reply.status == 416:
        raise NotAVideo("The recording is empty.")
    judge_status(reply)
    return _version(reply, _span(reply))


def check_part(reply: Reply, version: Version, start: int, end: int) -> None:
    """SourceChanged when the answer is of another version, SourceLied when it is not the bytes [start, end)."""
    judge_status(reply)
    span = _span(reply)
    told = _version(reply, span)
    if span is None or told is None or version.contradicts(told):
        raise SourceChanged(CHANGED)
    if (span.start, span.end) != (start, end):
        raise SourceLied("The recording's server sent another part of it than it was asked for. Try again later.")


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    size: int | None


def _span(reply: Reply) -> _Span | None:
    if reply.status != 206:
        return None
    told = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", reply.headers.get("Content-Range", ""), re.ASCII)
    if told is None:
        raise SourceLied("The recording's server does not say which part of the recording it sends.")
    start, last, size = told.groups()
    return _Span(int(start), int(last) + 1, None if size == "*" else int(size))


def _version(reply: Reply, span: _Span | None) -> Version | None:
    if span is None or span.size is None:
        return None
    return Version(span.size, reply.headers.get("ETag", ""), reply.headers.get("Last-Modified", ""))
