"""Search over the API: what the asker may see in one channel, best first."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from search import Place
from search.query import LONGEST, Found, search
from server.api.community import AuthorShown
from server.bodies import Given
from server.context import InChannel
from server.keyset import Cursor, Page, PageQuery
from server.op import Answer, Auth, Route, op
from tenants.community import messages, programs

Number = Annotated[int, Field(ge=0, lt=2**63)]
Written = tuple[float, UUID, bool, bool, tuple[Number, Number, bool] | None]
PLACES: Cursor[Written] = Cursor("search", Written)


class InSlug(Given):
    """A channel by its slug."""

    slug: str


class Asked(PageQuery):
    """What is looked for: words, `"phrases"`, and a last word that may be unfinished; of one kind, or of all.

    What has a `-word` or a `-"phrase"` is left out.
    """

    q: Annotated[str, Field(max_length=LONGEST, examples=["kiln temp"])]
    kind: Literal["course", "lesson", "message"] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class FoundShown(BaseModel):
    """A hit. `title` is plain text; `snippet` is HTML, escaped but for `<mark>` around what was looked for.

    Of a message alone, its `author` and when it was written.
    """

    kind: str
    id: UUID
    title: str
    snippet: str
    url: str
    score: float
    author: AuthorShown | None = None
    created_at: datetime | None = None


class FoundPage(Page[FoundShown]):
    """A page of hits; `degraded` stands there only when the search engine is away and a simpler one answered."""

    degraded: bool = False


@op("Search a channel", tags=("search",), auth=Auth.OPTIONAL)
async def search_channel(context: InChannel, *, path: InSlug, query: Asked) -> Answer[FoundPage]:
    """Members find courses, the lessons open to them, and messages of their rooms; others find what is public.

    Best first; of what many messages have, the newest of them are ranked before those that are older. When nothing has
    the words, what resembles them is shown. 503 when the search takes more than two seconds.
    """
    place = PLACES.read(query.after)
    after = Place(*place) if place else None
    results = await search(context.scope, context.house.search, query.q, query.kind, query.limit, after)
    page = {"items": [_shown(item, path.slug) for item in results.items], "next": written(results.next) or None}
    # Written as it is: a model of each hit costs more than finding where its words stand.
    return Answer(messages.encoded(page | {"degraded": True} if results.degraded else page))


def written(place: Place | None) -> str:
    """The cursor of the page that begins at a place; empty when there is none."""
    return PLACES.write((place.score, place.id, place.near, place.degraded, place.stretch)) if place else ""


def _shown(found: Found, slug: str) -> dict[str, Any]:
    """A hit as FoundShown has it."""
    hit, url = found.hit, found.url(slug)
    facts: dict[str, Any] = {"kind": hit.kind, "id": str(hit.id), "title": found.title}
    facts |= {"snippet": found.snippet, "url": url, "score": hit.score}
    if (row := found.written) is None:
        return facts
    author = programs.signature(row["author_id"], row["author_name"], row["author_avatar"], row["author_role"])
    return facts | {"author": author, "created_at": row["created_at"]}


ROUTES = (Route("GET", "/channels/{slug}/search", search_channel),)
