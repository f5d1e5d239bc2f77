"""Logging: one structlog set-up for our lines and the libraries', with what is secret struck out."""

import logging
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["console", "json"]

SECRET_NAMES = re.compile(
    r"password|passwd|secret|token|authorization|cookie|api_?key|private_?key|signature|credential", re.IGNORECASE
)
SECRET_VALUES = re.compile(
    # Tokens in headers, passwords in URLs, and the names of uploads, which are all it takes to write to them.
    r"(?P<keep>(?i:bearer\s+)|://[^\s:/@]+:|/storage/uploads/)[^\s@\"',]+"
    r"|\b(?:whsec|sk_live|sk_test|rk_live|rk_test)_[A-Za-z0-9+/=_-]+"
)
STRUCK_OUT = "[redacted]"


def set_up_logs(style: LogFormat, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every log line of the process to `stream` (standard error), for people or as one JSON object a line."""
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [redact, _renderer(style, out)]
    if style == "json":
        last.insert(0, structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
    )
    _route_library_lines(shared, last, out, level)
    ACCESS.out = out if style == "json" and level <= logging.INFO else None


@dataclass(slots=True)
class AccessLog:
    """Lines of the access log; as JSON they take a short way, for there is one to every request.

    All their fields but the path are our own words or checked ones, so only in it is there anything to strike out.
    """

    out: TextIO | None = None

    def write(self, request_id: str, path: str, fields: Mapping[str, Any]) -> None:
        """One line of what was asked, what was answered and how long it took."""
        # Line breaks and what moves a cursor would let a sender write lines of their own.
        path = path if path.isprintable() else path.encode("unicode_escape").decode()
        if self.out is None:
            structlog.get_logger("server.access").info("request", path=path, **fields)
            return
        line = {
            "event": "request", "level": "info", "timestamp": datetime.now(UTC), "request_id": request_id,
            "path": _without_secrets(path), **fields,
        }  # fmt: skip
        self.out.write(orjson.dumps(line, option=orjson.OPT_UTC_Z).decode() + "\n")
        self.out.flush()


ACCESS = AccessLog()


def _renderer(style: LogFormat, out: TextIO) -> Processor:
    if style == "json":
        return structlog.processors.JSONRenderer(serializer=_dump)
    return structlog.dev.ConsoleRenderer(
        colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )


def _dump(event: Mapping[str, Any], **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _route_library_lines(shared: list[Processor], last: list[Processor], out: TextIO, level: int) -> None:
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Strike out secrets: by the name of the field at any depth, and by their shape in any text."""
    return {name: _redacted(name, value) for name, value in event.items()}


def _redacted(name: str, value: Any) -> Any:
    if value is not None and _names_a_secret(name):
        return STRUCK_OUT
    match value:
        case str():
            return _without_secrets(value)
        case Mapping():
            return {key: _redacted(str(key), inner) for key, inner in value.items()}
        case list() | tuple():
            return [_redacted("", inner) for inner in value]
        case _:
            return value


@lru_cache(maxsize=1024)
def _names_a_secret(name: str) -> bool:
    return SECRET_NAMES.search(name) is not None


def _without_secrets(text: str) -> str:
    # Nearly every text fails this cheap test, and there are eight of them in each line of the access log.
    if "_" not in text and "://" not in text and "earer" not in text and "EARER" not in text and "/up" not in text:
        return text
    return SECRET_VALUES.sub(lambda found: (found["keep"] or "") + STRUCK_OUT, text)
