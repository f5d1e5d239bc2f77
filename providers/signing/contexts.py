"""The JSON-LD contexts that credentials are read under, pinned by the npm lock and never fetched."""

import functools
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "pdf/engine/built/contexts"
FILES = {
    "https://www.w3.org/ns/credentials/v2": "credentials-v2.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": "open-badges-3.0.3.json",
}


@functools.cache
def known() -> dict[str, Any]:
    """Every context we sign under, by its URL; raises FileNotFoundError when the engine was never built."""
    return {url: json.loads((FOLDER / name).read_text()) for url, name in FILES.items()}


def load(url: str, _options: dict[str, Any]) -> dict[str, Any]:
    """PyLD's document loader over the pinned contexts; raises ValueError for any other URL."""
    document = known().get(url)
    if document is None:
        raise ValueError(f"{url} is no context that Guildhall signs under")
    return {"contextUrl": None, "documentUrl": url, "document": document}
