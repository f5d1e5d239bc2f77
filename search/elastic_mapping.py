"""The mapping: what an index keeps of a document, and how its words are compared."""

from typing import Any
from uuid import UUID

from search import Document
from search.words import spaced
from tenants.ids import ChannelId

# Words are folded and cut by search.words, for every engine alike; the index only parts them at spaces. Scores do
# not depend on how often a word is written elsewhere: they would tell of other channels, and pages would shift.
SETTINGS: dict[str, Any] = {
    "number_of_shards": 3,
    "refresh_interval": "1s",
    "gc_deletes": "1h",
    "analysis": {
        "filter": {"endings": {"type": "stemmer", "language": "english"}},
        "analyzer": {
            "plain": {"type": "custom", "tokenizer": "whitespace"},
            "stemmed": {"type": "custom", "tokenizer": "whitespace", "filter": ["endings"]},
        },
    },
}
_WORDS: dict[str, Any] = {
    "type": "text",
    "analyzer": "plain",
    "similarity": "boolean",
    "fields": {"stem": {"type": "text", "analyzer": "stemmed", "similarity": "boolean"}},
}
_KEPT: dict[str, Any] = {"type": "keyword", "index": False, "doc_values": False}
MAPPINGS: dict[str, Any] = {
    "dynamic": "strict",
    "_routing": {"required": True},
    "properties": {
        "channel_id": {"type": "keyword"},
        "id": {"type": "keyword"},
        "kind": {"type": "keyword"},
        "visibility": {"type": "keyword"},
        "parent_id": {"type": "keyword"},
        "place": _KEPT,
        "seq": {"type": "long", "index": False},
        "title": _KEPT,
        "body": _KEPT,
        "title_words": _WORDS,
        "body_words": _WORDS,
    },
}


def source(channel_id: ChannelId, document: Document) -> dict[str, Any]:
    """What is sent of a document of a channel."""
    return {
        "channel_id": str(channel_id), "id": str(document.id), "kind": document.kind,
        "visibility": document.visibility, "place": document.place, "seq": document.seq,
        "parent_id": str(document.parent_id) if document.parent_id else None, "title": document.title,
        "body": document.body, "title_words": spaced(document.title), "body_words": spaced(document.body),
    }  # fmt: skip


def key(channel_id: ChannelId, document_id: UUID) -> str:
    """A document's own place in an index: never that of another channel's, whatever its id."""
    return f"{channel_id}.{document_id}"
