"""Webhooks over the API and in the studio: made with a secret that is shown once, for those who keep the channel."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from providers.outbound import Forbidden, Outbound
from server.limits import LIMITER
from tenants.scope import Tenancy
from tests.databases import bare
from tests.providers.test_outbound import Names
from tests.server.browsing import signed_in
from tests.server.test_moderation_api import ask
from tests.webapp import Web
from tests.world import School, World

HOOK = {"name": "Robot", "url": "https://example.org/hook", "events": ["member.joined", "message.posted"]}


@pytest.fixture
def allow(web: Web) -> Iterator[Callable[..., None]]:
    """Has the operator name hosts that webhooks may be sent to."""
    before = web.house.webhook_hosts
    yield lambda *hosts: object.__setattr__(web.house, "webhook_hosts", hosts)
    object.__setattr__(web.house, "webhook_hosts", before)


async def make(web: Web, school: School, **more: Any) -> dict[str, Any]:
    made = await ask(web, school, school.ana, "POST", "/webhooks", HOOK | more)
    assert made.status == 201, made.json
    return dict(made.json)


async def test_a_webhook_is_made_changed_tested_and_deleted(web: Web, school: School) -> None:
    made = await make(web, school)
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["message.posted", "member.joined"]
    path = f"/webhooks/{made['id']}"
    (listed,) = (await ask(web, school, school.ana, "GET", "/webhooks")).json["items"]
    assert "secret" not in listed
    turned = await ask(web, school, school.ana, "POST", f"{path}/secret")
    assert turned.json["secret"] not in {made["secret"], ""}
    off = await ask(web, school, school.ana, "PATCH", path, {"enabled": False, "events": ["order.paid"]})
    assert (off.json["enabled"], off.json["events"], off.json["name"]) == (False, ["order.paid"], "Robot")
    sent = (await ask(web, school, school.ana, "POST", f"{path}/test")).json
    assert (sent["event"], sent["state"], sent["data"]) == ("test", "waiting", {})
    page = (await ask(web, school, school.ana, "GET", f"{path}/deliveries?limit=1")).json
    assert [each["id"] for each in page["items"]] == [sent["id"]]
    tries = await ask(web, school, school.ana, "GET", f"{path}/deliveries/{sent['id']}/attempts")
    assert tries.json == {"items": [], "next": None}
    again = await ask(web, school, school.ana, "POST", f"{path}/deliveries/{sent['id']}/replay")
    assert (again.status, again.json["code"]) == (409, "webhook_off")
    other = f"/webhooks/{(await make(web, school))['id']}/deliveries/{sent['id']}"
    for method, end in (("GET", "attempts"), ("POST", "replay")):
        assert (await ask(web, school, school.ana, method, f"{other}/{end}")).status == 404
    assert [(await ask(web, school, school.ana, "DELETE", path)).status for _ in range(2)] == [204, 404]
    assert (await ask(web, school, school.ana, "GET", path)).status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.org"}, {"url": "https://"}, {"url": "https://a:b@example.org"}, {"url": "javascript:x"},
        {"url": "https://exa mple.org"}, {"url": "https://example.org:99999/"}, {"url": "https://" + "a" * 1100},
        {"events": []}, {"events": ["member.left"]}, {"name": " "}, {"secret": "mine"}, {"url": "https://[::1"},
        {"url": "https://[2606:4700::1111]/x"}, {"url": "https://example.org:0443/"}, {"url": "https://example.org:/x"},
        {"url": "https://example.org:0/"}, {"url": "https://xn--/"}, {"url": "https://a..b/"},
        {"url": "https://%65xample.org/"}, {"url": "https://example.org\\@evil.example/"},
    ],
)  # fmt: skip
async def test_a_wrong_one_is_told_what_is_wrong(web: Web, school: School, wrong: dict[str, Any]) -> None:
    answer = await ask(web, school, school.ana, "POST", "/webhooks", HOOK | wrong)
    assert (answer.status, bool(answer.json["errors"])) == (422, True)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("HTTPS://Example.ORG/Hook?Of=Clay", "https://example.org/Hook?Of=Clay"),
        ("https://Example.org:8443", "https://example.org:8443"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("http://ERP.internal:8080/x%2Fy", "http://erp.internal:8080/x%2Fy"),
        ("https://10.0.0.1:443/hook", "https://10.0.0.1:443/hook"),
    ],
)
async def test_an_address_is_kept_as_it_will_be_asked(
    web: Web, school: School, typed: str, kept: str, allow: Callable[..., None]
) -> None:
    allow("erp.internal:8080", "10.0.0.1:443")
    made = await make(web, school, url=typed)
    assert made["url"] == kept
    # What refuses it is that it is plain, or where it leads: never how it is written.
    with pytest.raises(Forbidden) as refused:
        async with Outbound(resolver=Names("10.0.0.1")) as outbound, outbound.send("POST", kept):
            pass
    assert refused.value.why == ("private" if kept.startswith("https") else "plain")


NEVER = [
    ("http://example.org/hook", "not https"), ("https://localhost/hook", "private"),
    ("https://LocalHost.:8443/", "private"), ("https://kiln.localhost/", "private"), ("https://127.0.0.1/", "private"),
    ("https://10.1.2.3:8443/", "private"), ("https://169.254.169.254/latest/meta-data", "private"),
    ("https://192.168.0.7/", "private"), ("https://2130706433/", "private"), ("https://127.1/", "private"),
    ("https://0x7f.0.0.1/", "private"), ("https://0.0.0.0/", "private"), ("https://192.0.2.1/", "private"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "why"), NEVER)
async def test_an_address_that_can_never_be_sent_to_is_refused_at_its_field(
    web: Web, school: School, typed: str, why: str
) -> None:
    refused = await ask(web, school, school.ana, "POST", "/webhooks", HOOK | {"url": typed})
    (error,) = refused.json["errors"]
    assert (refused.status, error["pointer"], why in error["detail"]) == (422, "/url", True)
    path = f"/webhooks/{(await make(web, school))['id']}"
    assert (await ask(web, school, school.ana, "PATCH", path, {"url": typed})).status == 422
    assert (await ask(web, school, school.ana, "GET", path)).json["url"] == HOOK["url"]
    assert (await ask(web, school, school.sam, "POST", "/webhooks", HOOK | {"url": typed})).status == 403
    ana, here = await signed_in(web, school.ana), f"/c/{school.slug}/studio/webhooks"
    page = await ana.post(here, name="Robot", url=typed, **{"order.paid": "on"})
    assert (page.status, error["detail"] in page.text, f'value="{typed}"' in page.text) == (422, True, True)
    assert 'id="url-new-error"' in page.text
    changed = await ana.post(f"{here}/{path[10:]}", name="Robot", url=typed, **{"order.paid": "on"})
    assert (changed.status, error["detail"] in changed.text) == (422, True)


async def test_what_the_operator_allows_or_a_name_may_hide_is_taken(
    web: Web, school: School, allow: Callable[..., None]
) -> None:
    allow("127.0.0.1:9", "localhost:8443")
    for url in ("http://127.0.0.1:9/hook", "https://localhost:8443/", "https://intranet/", "https://1.1.1.1/"):
        await make(web, school, url=url)
    refused = await ask(web, school, school.ana, "POST", "/webhooks", HOOK | {"url": "https://localhost/"})
    assert refused.status == 422


async def test_tests_have_a_limit_of_their_own(web: Web, school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await make(web, school)
    monkeypatch.setattr(web.app[LIMITER], "mode", "standard")
    path = f"/webhooks/{made['id']}/test"
    statuses = [(await ask(web, school, school.ana, "POST", path)).status for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    ana, url = await signed_in(web, school.ana), f"/c/{school.slug}/studio/webhooks"
    assert (await ana.post(f"{url}/{made['id']}", do="test")).status == 429
    assert (await ask(web, school, school.ana, "GET", "/webhooks")).status == 200


async def test_only_those_who_keep_the_channel_reach_them_and_keys_by_their_scope(
    web: Web, world: World, school: School
) -> None:
    made = await make(web, school)
    path = f"/webhooks/{made['id']}"
    calls = [
        ("GET", "/webhooks", None), ("POST", "/webhooks", HOOK), ("GET", path, None), ("PATCH", path, {}),
        ("DELETE", path, None), ("POST", f"{path}/secret", None), ("POST", f"{path}/test", None),
        ("GET", f"{path}/deliveries", None),
    ]  # fmt: skip
    for method, where, given in calls:
        for who in (school.mia, school.ben, school.zoe, world.chess.otto):
            assert (await ask(web, school, who, method, where, given)).status == 403, (method, where)
    foreign = await ask(web, world.chess, world.chess.otto, "GET", path)
    assert foreign.status == 404
    for scope, may in (("read:webhooks", False), ("write:webhooks", True), ("write:community", None)):
        given = {"name": "Robot", "scopes": [scope]}
        key = (await ask(web, school, school.ana, "POST", "/keys", given)).json["key"]
        base = f"/channels/{school.slug}/webhooks"
        assert (await web.call("GET", base, token=key)).status == (403 if may is None else 200)
        assert (await web.call("POST", base, HOOK, token=key)).status == (201 if may else 403)


async def test_a_channel_has_ten_at_most(web: Web, school: School) -> None:
    for _ in range(10):
        await make(web, school)
    more = await ask(web, school, school.ana, "POST", "/webhooks", HOOK)
    assert (more.status, more.json["code"]) == (409, "too_many_webhooks")


async def test_the_studio_makes_one_shows_its_secret_once_and_its_log(
    web: Web, tenancy: Tenancy, school: School
) -> None:
    ana, url = await signed_in(web, school.ana), f"/c/{school.slug}/studio/webhooks"
    assert "No webhooks yet" in (await ana.get(url)).text
    wrong = await ana.post(url, name="Robot", url="nowhere", **{"member.joined": "on"})
    assert (wrong.status, "Give the https address" in wrong.text) == (422, True)
    made = await ana.post(url, name="Robot", url="https://example.org/hook", **{"member.joined": "on"})
    assert made.status == 201
    assert "whsec_" in made.text
    page = (await ana.get(url)).text
    assert "whsec_" not in page
    found = re.search(rf'action="({url}/[0-9a-f-]+)"', page)
    assert found is not None
    tested = await ana.post(found[1], do="test")
    assert tested.headers["Location"].endswith("said=sent")
    logged = (await ana.get(tested.headers["Location"])).text
    assert "A test" in logged
    assert "Send it again" not in logged
    async with bare(tenancy.relay) as connection:
        await connection.execute("update jobs set state = 'failed' where channel_id = $1", school.id)
    again = re.search(
        rf'action="({url}/[0-9a-f-]+/deliveries/[0-9a-f-]+)"', (await ana.get(f"{url}?of={found[1][-36:]}")).text
    )
    assert again is not None
    assert (await ana.post(again[1])).headers["Location"].endswith("said=sent")
    assert "whsec_" in (await ana.post(found[1], do="secret")).text
    assert (await ana.post(found[1], do="turn")).status == 303
    assert "Switch on" in (await ana.get(url)).text
    saved = await ana.post(found[1], name="Other", url="https://example.org/2", **{"order.paid": "on"})
    assert saved.status == 303
    assert "order.paid</code>" in (await ana.get(url)).text
    assert (await ana.post(found[1], do="delete")).status == 303
    mia = await signed_in(web, school.mia)
    assert (await mia.get(url)).status == 403
