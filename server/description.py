"""The API's description as the file `openapi.json`: `python -m server.description` prints what it must say."""

import sys

import orjson

from server import routes
from server.app import API_PREFIX, API_VERSION
from server.openapi import describe


def text() -> bytes:
    """The document as the file holds it: in two-space steps, names in order, one last newline."""
    document = describe(routes.API, API_PREFIX, API_VERSION)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    sys.stdout.buffer.write(text())
