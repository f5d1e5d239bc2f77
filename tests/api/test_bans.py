"""A banned member reaches nothing through the API but what any visitor sees, and the way out."""

import pytest

from server import routes
from server.op import Auth, Route
from tenants.scope import Tenancy
from tests.api.asking import JSON, at, label
from tests.api.stage import Stage, set_stage
from tests.webapp import Web

# What one does as a person, what is one's own already, and the ways out stay as they are.
OWN = {
    "found_channel", "sign_out", "me", "list_channels", "read_member", "list_certificates",
    "leave_channel", "leave_course", "remove_student", "list_decisions", "appeal_act",
}  # fmt: skip
EMPTY: dict[str, object] = {"items": [], "next": None}
IN_CHANNEL = [
    route for route in routes.API if route.operation.auth is not Auth.NONE and route.operation.name not in OWN
]


@pytest.fixture
async def stage(web: Web, tenancy: Tenancy) -> Stage:
    """The stage, whose enrolled student has just been banned."""
    stage = await set_stage(tenancy)
    path = f"/channels/{stage.school.slug}/members/{stage.school.sam.member_id}/ban"
    assert (await web.call("PUT", path, {"reason": "Spam"}, token=stage.school.ana.token)).status == 200
    return stage


@pytest.mark.parametrize("route", IN_CHANNEL, ids=label)
async def test_no_operation_gives_more_than_a_visitor_gets(web: Web, stage: Stage, route: Route) -> None:
    sam = stage.school.sam
    path = at(route, stage, member=str(sam.member_id)) + ("?q=clay" if route.path.endswith("/search") else "")
    body = {"name": "Mallory", "body": "Still here"} if route.operation.body else None
    banned = await web.call(route.method, path, body, token=sam.token, **JSON)
    if banned.status < 400:
        visitor = await web.call(route.method, path, body)
        assert banned.status == visitor.status
        assert banned.json in [visitor.json, EMPTY]


async def test_not_even_the_name_under_what_was_written_changes(web: Web, stage: Stage) -> None:
    sam = stage.school.sam
    path = f"/channels/{stage.school.slug}/members/{sam.member_id}"
    refused = await web.call("PATCH", path, {"name": "Mallory"}, token=sam.token)
    assert (refused.status, refused.json["code"]) == (403, "banned")
