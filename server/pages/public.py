"""What the house says to machines and to its own makers: robots, sitemap, the component sheet."""

from html import escape

from aiohttp import hdrs, web

from server.pages.visits import Visit, origin_of
from server.web.theme import several
from server.web.views.sheet import SHEET
from tenants import directory, links

MOST_LISTED = 1000
ROBOTS = """User-agent: *
Disallow: /api/
Disallow: /me
Disallow: /sign-
Disallow: /unsubscribe/
Disallow: /verify/
Disallow: /c/*/studio
"""
FOR_AN_HOUR = "public, max-age=3600"


async def robots(visit: Visit) -> web.Response:
    """GET /robots.txt."""
    text = f"{ROBOTS}Sitemap: {origin_of(visit.request)}/sitemap.xml\n"
    return web.Response(text=text, headers={hdrs.CACHE_CONTROL: FOR_AN_HOUR})


async def sitemap(visit: Visit) -> web.Response:
    """GET /sitemap.xml: the home page and the landing page of every listed channel."""
    rows = await directory.channels_listed(visit.house.tenancy, after=None, limit=MOST_LISTED)
    addresses = ["/", *(links.channel(row["slug"]) for row in rows)]
    origin = origin_of(visit.request)
    listed = "".join(f"<url><loc>{escape(origin + address)}</loc></url>" for address in addresses)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>'
    )
    return web.Response(text=text, content_type="application/xml", headers={hdrs.CACHE_CONTROL: FOR_AN_HOUR})


async def design(visit: Visit) -> web.Response:
    """GET /design: every part in every state."""
    return visit.show("design.html", SHEET, dress=several(SHEET.brands))
