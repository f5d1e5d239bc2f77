"""Our side of a comparison: `python -m bench.web DATABASE BASE_URL HOME SETTINGS PORT` serves the whole application."""

import json
import socket
import sys
from pathlib import Path

from server.__main__ import run
from tests.webapp import settings_for


def main(database: str, base_url: str, home: str, more: str, port: str) -> None:
    """Serve until SIGTERM, as a web process behind one proxy that writes JSON log lines.

    Without Redis, as the twin has none: what live delivery costs is not part of a route.
    """
    given = {"base_url": base_url, "trusted_proxies": 1, "log_format": "json"} | json.loads(more)
    settings = settings_for(database, "", Path(home), int(port), **given)
    run(settings, socket.create_server(("127.0.0.1", int(port))))


if __name__ == "__main__":
    main(*sys.argv[1:])
