"""Incoming webhooks on pages: kept in the studio, marked where they are read, and posted to as the guide says."""

import asyncio
import re
from pathlib import Path

import orjson

from tests.server.browsing import signed_in
from tests.server.incoming import make, read
from tests.server.test_community_api import post
from tests.server.test_moderation_api import ask
from tests.webapp import Web
from tests.world import School

MARK = '<span class="tag">Program</span>'


async def test_the_room_and_its_thread_show_it_as_a_program(web: Web, school: School) -> None:
    kiln = await make(web, school)
    message = (await kiln.post(web)).json["id"]
    await post(web, school, kiln.room, school.ana.token, "Hot")
    await post(web, school, kiln.room, school.zoe.token, "How hot?", reply_to=message)
    zoe = await signed_in(web, school.zoe)
    room = next(each for each in (await ask(web, school, school.zoe, "GET", "/rooms")).json["items"])
    for path in (f"/c/{school.slug}/community/{room['slug']}", f"/c/{school.slug}/community/{room['slug']}/t/1"):
        page = (await zoe.get(path)).text
        assert f'<b dir="auto">Kiln</b>{MARK}' in page
        assert f"/people/{kiln.id}" not in page
    # Its maker's own words stand under a head of their own.
    assert (await zoe.get(f"/c/{school.slug}/community/{room['slug']}")).text.count('class="post"') >= 3


async def test_pins_show_it_as_a_program(web: Web, school: School) -> None:
    kiln = await make(web, school)
    message = (await kiln.post(web)).json["id"]
    assert (await ask(web, school, school.ben, "PUT", f"/messages/{message}/pin")).status in {200, 204}
    assert (await ask(web, school, school.zoe, "PUT", f"/messages/{message}/bookmark")).status in {200, 204}
    zoe = await signed_in(web, school.zoe)
    assert MARK in (await zoe.get(f"/c/{school.slug}/saved")).text


async def test_a_moderator_hides_it_and_switches_its_webhook_off_from_the_desk(web: Web, school: School) -> None:
    kiln = await make(web, school)
    message = (await kiln.post(web)).json["id"]
    await ask(web, school, school.zoe, "POST", f"/messages/{message}/flags", {"reason": "spam"})
    mia, url = await signed_in(web, school.mia), f"/c/{school.slug}/studio/moderation"
    page = (await mia.get(url)).text
    assert "A message of Kiln was flagged" in page
    assert 'value="ban"' not in page
    (case,) = (await ask(web, school, school.mia, "GET", "/moderation/queue")).json["items"]
    off = await mia.post(f"{url}/silence", webhook=kiln.id, case=case["id"])
    assert off.status == 303
    assert (await kiln.post(web)).status == 410
    hidden = await mia.post(url, case=case["id"], kind="hide", reason="spam")
    assert hidden.status == 303, hidden.text
    zoe = await signed_in(web, school.zoe)
    assert (await zoe.post(f"{url}/silence", webhook=kiln.id, case=case["id"])).status == 403


async def test_the_studio_makes_one_shows_its_secret_once_and_what_was_refused(web: Web, school: School) -> None:
    ana, url = await signed_in(web, school.ana), f"/c/{school.slug}/studio/incoming"
    empty = (await ana.get(url)).text
    assert "No incoming webhooks yet" in empty
    kiln = await make(web, school)
    room = kiln.room
    wrong = await ana.post(url, name=" ", room=room)
    assert (wrong.status, 'id="name-new-error"' in wrong.text) == (422, True)
    made = await ana.post(url, name="Wheel", room=room)
    assert made.status == 201
    secret, address = re.search(r"whsec_[\w+/=]+", made.text), re.search(r'id="address">([^<]+)<', made.text)
    assert secret is not None
    assert address is not None
    assert "whsec_" not in (await ana.get(url)).text
    assert (await kiln.post(web, secret=secret[0])).status == 401
    logged = (await ana.get(f"{url}?of={kiln.id}")).text
    assert "<b>401</b> The signature does not hold" in logged
    assert "Nothing was refused" not in logged
    assert "whsec_" in (await ana.post(f"{url}/{kiln.id}", do="secret")).text
    assert (await ana.post(f"{url}/{kiln.id}", do="turn")).status == 303
    assert "Switch on" in (await ana.get(url)).text
    assert (await ana.post(f"{url}/{kiln.id}", name="Oven", room=room)).headers["Location"].endswith("said=saved")
    assert "Oven" in (await ana.get(url)).text
    assert (await ana.post(f"{url}/{kiln.id}", do="delete")).status == 303
    assert (await ana.post(f"{url}/{kiln.id}", do="delete")).status == 404
    assert (await (await signed_in(web, school.mia)).get(url)).status == 403


async def test_the_commands_of_the_guide_post(web: Web, school: School) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "webhooks.md").read_text()
    (commands,) = re.findall(r"```sh\n(.+?)```", guide, re.DOTALL)
    kiln = await make(web, school)
    shell = await asyncio.create_subprocess_exec(
        "sh", "-euc", commands, env={"PATH": "/usr/bin:/bin", "SECRET": kiln.secret, "ADDRESS": web.url + kiln.path},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await shell.communicate()
    assert (shell.returncode, err) == (0, b"")
    assert orjson.loads(out)["seq"] == 1
    (message,) = await read(web, school, kiln)
    assert message["body"] == "The kiln is at **1240 °C**"
