"""Samples of the studio's page of integrations: before the first key, and with one that was just made."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from server.web.views.frame import Form
from server.web.views.studio_integrations import IntegrationsPage, KeyGroup, KeyRow
from tests.server.web.samples import NOW, Sample
from tests.server.web.tools import ZONE, at, desk

GROUPS = (
    KeyGroup("Rooms and messages", "read:community", "write:community"),
    KeyGroup("Courses, batches and classes", "read:courses", "write:courses"),
)
NEW = IntegrationsPage(at("integrations"), (), GROUPS, ZONE, "https://guildhall.example/api/v1/channels/piano")
ROWS = (
    KeyRow("k1", "Calendar", "x7Qa", "Zoë Adeyemi", ("read:courses",), NOW, NOW + timedelta(days=90), NOW),
    KeyRow("k2", "Old robot", "00aB", "Zoë Adeyemi", ("write:community", "read:members"), NOW, NOW, over=True),
    KeyRow("k3", "Newsletter", "Zz9k", "Zoë Adeyemi", ("read:members",), NOW),
)
INTEGRATIONS: dict[str, Callable[[], Sample]] = {
    "studio-integrations-new": lambda: desk("studio_integrations.html", NEW),
    "studio-integrations": lambda: desk(
        "studio_integrations.html",
        replace(
            NEW,
            keys=ROWS,
            made="guildkey_0123456789abcdefghijABCDEFGHIJ0123456789x7Qa00",
            form=Form({"name": "", "days": "90"}, {"name": "Write a name."}),
        ),
    ),
}
