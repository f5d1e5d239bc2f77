"""Recordings into a bucket of Google Cloud Storage that cuts, loses answers and is not well meanwhile."""

from dataclasses import replace
from pathlib import Path

from providers.storage import GRAIN
from tenants.scope import Tenancy
from tests import films
from tests.providers.stores import far_gcs
from tests.tenants.live_school import Held
from tests.workers.fetching import announce, fetch_to_the_end, playable, recording, served
from workers.media.transfer import PIECE
from workers.registry import Workshop


async def test_a_recording_arrives_whole_and_once_over_cuts(
    shop: Workshop, tenancy: Tenancy, held: Held, tmp_path: Path
) -> None:
    reel = films.make_film(tmp_path / "film.mp4", seconds=8, noise=255)
    assert reel.stat().st_size > 2 * PIECE
    async with far_gcs(tmp_path) as (far, store), served(replace(shop, store=store), reel) as (server, near):
        far.cuts, far.fails, far.silent, far.lost_answers = [10, GRAIN + 3, 5], 1, 1, 1
        recording_id = await announce(tenancy, held, server.url)
        await fetch_to_the_end(near, recording_id)
        row = await recording(tenancy, held, recording_id)
        assert (row["state"], row["reason"], row["size"]) == ("ready", None, reel.stat().st_size)
        kept_films = [kept.data for kept in far.objects.values() if kept.content_type == "video/mp4"]
        assert kept_films == [await playable(reel)]
        assert (far.finished, far.cuts, far.fails, far.silent, far.lost_answers) == (1, [], 0, 0, 0)
