"""Where the classes of a journey are held: anywhere that tells by webhook, or at LiveKit."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import orjson
from playwright.async_api import expect

from providers.standard_webhooks import sign
from tests.slices.people import Someone
from tests.standins import livekit
from tests.standins.live import Delivery
from tests.standins.livekit import LiveKitServer
from tests.standins.livekit_page import MeetingPage
from tests.standins.recordings import RecordingServer
from tests.waiting import until


class ByWebhook:
    """A provider of which we know only that it signs by Standard Webhooks."""

    ahead = timedelta(days=2)

    def __init__(self, programs: aiohttp.ClientSession) -> None:
        self._programs = programs
        self._hook, self._secret = "", ""

    async def connect(self, ana: Someone, desk: str) -> None:
        """The page shows an address and a secret."""
        await ana.visit(f"{desk}/classes")
        await ana.unfold_and_send("Any other, by webhook")
        self._hook = await ana.page.locator("#hook").inner_text()
        self._secret = await ana.page.locator("#secret").inner_text()

    async def hold(self, ana: Someone, sam: Someone, home: str, pictures: Path) -> None:
        """Somewhere else."""

    async def record(self, class_id: str, film: RecordingServer) -> None:
        """A signed webhook says where the film is."""
        data = {
            "class": class_id, "recording": "evening-1", "url": film.url, "content_type": "video/mp4",
            "started_at": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        raw = orjson.dumps({"type": "recording.ready", "data": data})
        headers = {**sign(self._secret, "evt-1", datetime.now(UTC), raw), "Content-Type": "application/json"}
        async with self._programs.post(self._hook, data=raw, headers=headers) as answer:
            assert answer.status == 200, await answer.text()


class AtLiveKit:
    """A LiveKit server with an egress service of its own, and LiveKit's meeting page."""

    ahead = timedelta(minutes=10)

    def __init__(self, programs: aiohttp.ClientSession, far: LiveKitServer) -> None:
        self._programs, self._far = programs, far
        self.page: MeetingPage | None = None
        self._hook = ""

    async def tell(self, delivery: Delivery) -> int:
        """Post one of LiveKit's webhooks; the status of the answer."""
        _, headers, raw = delivery
        async with self._programs.post(self._hook, data=raw, headers=headers) as answer:
            return answer.status

    async def connect(self, ana: Someone, desk: str) -> None:
        """The page asks for the server and its key, asks the server, and shows where webhooks go."""
        await ana.visit(f"{desk}/classes")
        given = {f"livekit-{name}": value for name, value in (self._far.given | {"recordings": "own"}).items()}
        await ana.unfold_and_send("LiveKit", **given)
        self._hook = await ana.page.locator("#hook").inner_text()
        await ana.page.get_by_role("button", name=re.compile("^Check")).click()
        await expect(ana.page.get_by_text("LiveKit accepts the key")).to_be_visible()

    async def hold(self, ana: Someone, sam: Someone, home: str, pictures: Path) -> None:
        """Both come in by links of their own, and leave; the class knows who came."""
        assert self.page is not None
        for who in (ana, sam):
            await who.visit(f"{home}/classes")
            await who.page.get_by_role("link", name="Join").click()
            await expect(who.page.get_by_role("heading", name=f"{who.name} is in the room")).to_be_visible()
        await sam.shoot(pictures, "4-in-the-class")
        assert sorted(self.page.present.values()) == ["Ana Marsh", "Sam Reed"]
        (class_id,) = self._far.rooms
        for who in (sam, ana):
            await who.press("Leave")
        assert self.page.answers == [200] * 4
        api = f"/api/v1/channels/{home.rpartition('/')[2]}/classes/{class_id}/attendance"

        async def known() -> bool:
            came = orjson.loads((await ana.fetch(api)).body)["items"]
            return sorted(each["name"] for each in came) == ["Ana Marsh", "Sam Reed"]

        await until(known, within=20, every=0.2)

    async def record(self, class_id: str, film: RecordingServer) -> None:
        """LiveKit's egress has ended, told twice; the file lies where the egress service put it."""
        egress = livekit.egress(UUID(class_id), datetime.now(UTC), film.url)
        egress["fileResults"][0]["size"] = str(film.path.stat().st_size)
        self._far.egresses.append(egress)
        for _ in range(2):
            told = livekit.webhook({"event": "egress_ended", "id": "EV_egress", "egressInfo": egress})
            assert await self.tell(told) == 200
