"""A question in Elasticsearch's own language: the words as written or with other endings; near ones when none match."""

from typing import Any

import orjson

from search import Question

SHORTEST_PREFIX = 2
EXPANSIONS = 200
TITLE = 4.0
FIELDS = ["channel_id", "id", "kind", "parent_id", "place", "seq", "title", "body"]
# Words that say nothing by themselves are looked for as written only; with other endings they need not be there.
_SMALL = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "do", "for", "from", "had", "has", "have", "he",
    "her", "his", "how", "i", "if", "in", "into", "is", "it", "its", "me", "my", "no", "not", "of", "on", "or", "our",
    "she", "so", "that", "the", "their", "them", "then", "there", "these", "they", "this", "to", "was", "we", "were",
    "what", "when", "where", "which", "who", "will", "with", "you", "your",
})  # fmt: skip


def exact(question: Question) -> dict[str, Any]:
    """Documents with every word, phrase and beginning; the title counts for more."""
    plain = [_either(_phrase, phrase, "", 1.0) for phrase in question.phrases]
    telling = [phrase for phrase in question.phrases if len(phrase) > 1 or phrase[0] not in _SMALL]
    stemmed = [_either(_phrase, phrase, ".stem", 0.5) for phrase in telling]
    if question.prefix:
        plain.append(_either(_begun, question.prefix, "", 1.0))
        stemmed.append(_either(_begun, question.prefix, ".stem", 0.5))
    ways = [{"bool": {"must": way}} for way in (plain, stemmed) if way]
    return {"dis_max": {"queries": ways}}


def near(question: Question) -> dict[str, Any]:
    """Documents in which each word resembles one that is written."""
    return {"bool": {"must": [_either(_fuzzy, word, "", 1.0) for word in sorted(set(question.words))]}}


def found(question: Question, asked: dict[str, Any]) -> dict[str, Any]:
    """A page of the best of what the asker may see, after the hit that ended the last one."""
    unwanted = [clause for words in question.without for clause in _unwanted(words)]
    page: dict[str, Any] = {
        "query": {"bool": {"must": [asked], "filter": allowed(question), "must_not": unwanted}},
        "sort": [{"_score": "desc"}, {"id": "desc"}],
        "size": question.limit,
    }
    if question.after:
        page["search_after"] = [question.after.score, str(question.after.id)]
    return page


def body(channel: str, page: dict[str, Any]) -> bytes:
    """What is sent for a page: whatever it asks for is asked of one channel."""
    inside = {"bool": {"must": [page["query"]], "filter": [{"term": {"channel_id": channel}}]}}
    return orjson.dumps({**page, "query": inside, "_source": FIELDS, "track_total_hits": False})


def allowed(question: Question) -> list[dict[str, Any]]:
    """The filters that are the asker's: what may be seen, of the kinds wanted."""
    return [{"terms": {"visibility": list(question.seen)}}, {"terms": {"kind": list(question.kinds)}}]


def _unwanted(words: tuple[str, ...]) -> list[dict[str, Any]]:
    """What a document may not have: a phrase as it is written, a telling word with other endings too."""
    fields = ["title_words", "body_words"]
    if len(words) == 1 and words[0] not in _SMALL:
        fields += ["title_words.stem", "body_words.stem"]
    return [_phrase(field, words, 1.0) for field in fields]


def _either(clause: Any, asked: Any, field: str, boost: float) -> dict[str, Any]:
    return {
        "dis_max": {
            "queries": [
                clause(f"title_words{field}", asked, boost * TITLE),
                clause(f"body_words{field}", asked, boost),
            ]
        }
    }


def _phrase(field: str, words: tuple[str, ...], boost: float) -> dict[str, Any]:
    return {"match_phrase": {field: {"query": " ".join(words), "boost": boost}}}


def _begun(field: str, word: str, boost: float) -> dict[str, Any]:
    """The word if it is too short to be a beginning."""
    if len(word) < SHORTEST_PREFIX:
        return _phrase(field, (word,), boost)
    return {"match_bool_prefix": {field: {"query": word, "boost": boost}}}


def _fuzzy(field: str, word: str, boost: float) -> dict[str, Any]:
    asked = {"value": word, "fuzziness": "AUTO", "boost": boost, "max_expansions": EXPANSIONS}
    return {"fuzzy": {field: {**asked, "rewrite": f"top_terms_boost_{EXPANSIONS}"}}}
