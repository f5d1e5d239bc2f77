"""The whole URL map on one page."""

from aiohttp import web

from server.api import (
    attachments,
    auth,
    batches,
    bell,
    billing,
    certificates,
    channels,
    community,
    courses,
    direct,
    filters,
    incoming,
    invitations,
    kept,
    keys,
    lessons,
    live,
    live_connections,
    members,
    moderation,
    notice_choices,
    people,
    polls,
    progress,
    pushes,
    reports,
    room_order,
    rooms,
    search,
    threads,
    unsent,
    uploads,
    webhooks,
)
from server.context import House
from server.op import Route
from server.pages import map as pages
from server.static import add_static
from server.webhooks import incoming as incoming_webhook
from server.webhooks import live as live_webhook
from server.webhooks import payments as payments_webhook

# The router tries what begins alike one by one, so the routes that are asked for most come first.
API: tuple[Route, ...] = (
    *community.ROUTES,
    *threads.ROUTES,
    *unsent.ROUTES,
    *kept.ROUTES,
    *polls.ROUTES,
    *rooms.ROUTES,
    *room_order.ROUTES,
    *direct.ROUTES,
    *channels.ROUTES,
    *auth.ROUTES,
    *members.ROUTES,
    *people.ROUTES,
    *moderation.ROUTES,
    *filters.ROUTES,
    *reports.ROUTES,
    *invitations.ROUTES,
    *courses.ROUTES,
    *lessons.ROUTES,
    *progress.ROUTES,
    *batches.ROUTES,
    *billing.ROUTES,
    *certificates.ROUTES,
    *live.ROUTES,
    *live_connections.ROUTES,
    *uploads.ROUTES,
    *attachments.ROUTES,
    *search.ROUTES,
    *bell.ROUTES,
    *notice_choices.ROUTES,
    *pushes.ROUTES,
    *keys.ROUTES,
    *webhooks.ROUTES,
    *incoming.ROUTES,
)


def add_pages(app: web.Application, house: House) -> None:
    """Serve all that is not the API: pages, webhooks, files."""
    app.add_routes((*live_webhook.routes(), *payments_webhook.routes(), *incoming_webhook.routes()))
    pages.add(app, house)
    add_static(app)
