"""Answers in words are compressed for those who take them so, and say the same either way."""

import gzip
from pathlib import Path

import pytest

from server.compression import LEAST, takes_gzip
from tests.server.test_community_api import make_room, post
from tests.webapp import Web
from tests.world import World


@pytest.mark.parametrize("accepted", ["gzip", "br;q=1.0, gzip;q=0.8", "GZIP", "*", "deflate, x-gzip", "*;q=0, gzip"])
def test_gzip_is_taken(accepted: str) -> None:
    assert takes_gzip(accepted)


@pytest.mark.parametrize(
    "accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "gzippy", "," * 5000]
)
def test_gzip_is_not_taken(accepted: str) -> None:
    assert not takes_gzip(accepted)


async def test_a_page_says_the_same_compressed_and_not(web: Web, world: World) -> None:
    page = f"/c/{world.pottery.slug}"
    plain = await web.get(page, headers={"Accept-Encoding": "identity"})
    async with web.session.get(web.url + page, headers={"Accept-Encoding": "gzip"}, auto_decompress=False) as answer:
        squeezed = await answer.read()
    assert "Content-Encoding" not in plain.headers
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(squeezed) == plain.body
    assert len(squeezed) == int(answer.headers["Content-Length"]) < len(plain.body) / 2
    for headers in (plain.headers, answer.headers):
        assert "Accept-Encoding" in headers["Vary"]
    assert answer.headers["ETag"] == "W/" + plain.headers["ETag"]
    for etag in (answer.headers["ETag"], plain.headers["ETag"]):
        again = await web.get(page, headers={"If-None-Match": etag})
        assert (again.status, again.body) == (304, b"")


async def test_what_is_short_or_no_words_stays_as_it_is(web: Web) -> None:
    short, font = await web.get("/livez"), await web.get(_font())
    assert len(short.body) < LEAST < len(font.body)
    for answer in (short, font):
        assert answer.status == 200
        assert "Content-Encoding" not in answer.headers


def _font() -> str:
    (font,) = (Path("server/web/static/dist/assets")).glob("commissioner-latin-wght-normal-*.woff2")
    return f"/static/dist/assets/{font.name}"


async def test_an_answer_of_the_api_is_compressed_for_those_who_take_it_so(web: Web, world: World) -> None:
    room = await make_room(web, world.pottery)
    for number in range(10):
        await post(web, world.pottery, room, world.pottery.sam.token, f"Bowl {number} is dry, thin and out of the sun.")
    url = f"{web.url}/api/v1/channels/{world.pottery.slug}/rooms/{room}/messages"
    answers = []
    for accepted in ("identity", "gzip"):
        headers = {"Authorization": f"Bearer {world.pottery.sam.token}", "Accept-Encoding": accepted}
        async with web.session.get(url, headers=headers, auto_decompress=False) as answer:
            answers.append((answer.headers.get("Content-Encoding"), await answer.read()))
    (plain, words), (squeezed, fewer) = answers
    assert (plain, squeezed) == (None, "gzip")
    assert gzip.decompress(fewer) == words
    assert len(fewer) < len(words) / 2
