"""What meets a wrong key or a closed account waits, and is done once that is mended; nothing is given up or spoiled."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from providers import ProviderRefused, Unusable
from tenants import work
from tenants.batches import purchases
from tenants.billing import orders
from tenants.files import files
from tenants.jobs import SettleOrder
from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants.selling import Shop, make_shop
from tests.workers.shop import make_shop as make_workshop
from tests.workers.test_films import as_ben, upload
from tests.world import World
from workers.registry import Workshop
from workers.run import perform_leased

KEY = Unusable("Stripe does not accept STRIPE_SECRET_KEY.")
CUT_OFF = ProviderRefused("Its owner can connect it again.", "account_revoked", 409)


@pytest.fixture
async def selling(tenancy: Tenancy, world: World) -> Shop:
    return await make_shop(tenancy, world.pottery, world.pottery.ana, world.pottery.ben)


async def do(shop: Workshop, job_id: UUID) -> dict[str, Any] | None:
    """Do a job now, however long it was to wait; what its row says then."""
    async with bare(shop.tenancy.relay) as connection:
        row = await connection.fetchrow("update jobs set run_at = now() where id = $1 returning channel_id", job_id)
        assert row is not None
    leased = await work.take(shop.tenancy, work.Ticket(row["channel_id"], None, job_id))
    assert leased is not None
    await perform_leased(shop, leased)
    async with bare(shop.tenancy.relay) as connection:
        found = await connection.fetchrow("select state, error from jobs where id = $1", job_id)
    return dict(found) if found else None


async def job_of(tenancy: Tenancy, name: str, field: str, value: object) -> UUID:
    sql = "select id from jobs where name = $1 and payload->>$2 = $3"
    async with bare(tenancy.relay) as connection:
        return UUID(str(await connection.fetchval(sql, name, field, str(value))))


async def state_of(selling: Shop, order_id: UUID) -> tuple[str, str | None]:
    """The order's state, and what its managers are told that went wrong."""
    async with selling.system() as scope:
        order = await orders.read(scope, order_id)
    return order["state"], order["problem"]


@pytest.mark.parametrize("trouble", [KEY, CUT_OFF], ids=["a wrong key", "an account cut off"])
async def test_what_was_paid_is_settled_once_it_is_mended(
    selling: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    order = await selling.begin(selling.school.sam)
    selling.till.become(order["checkout_id"], "paid")
    async with selling.system() as scope:
        job_id = scope.enqueue(SettleOrder(order["id"]))
    shop = make_workshop(selling.tenancy, tmp_path, selling.till)
    with monkeypatch.context() as broken:
        broken.setattr(selling.till, "fetch", _refusing(trouble))
        assert await do(shop, job_id) == {"state": "waiting", "error": str(trouble)}
    assert await do(shop, job_id) is None
    assert await state_of(selling, order["id"]) == ("paid", None)


async def test_a_refund_waits_for_the_key_and_is_not_written_down_as_refused(
    selling: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await selling.buy(selling.school.sam)
    async with selling.tenancy.scope(selling.school.id, selling.school.ana.actor) as scope:
        await purchases.ask_refund(scope, order["id"], "They asked")
    job_id = await job_of(selling.tenancy, "RefundOrder", "order_id", order["id"])
    shop = make_workshop(selling.tenancy, tmp_path, selling.till)
    with monkeypatch.context() as broken:
        broken.setattr(selling.till, "refund", _refusing(KEY))
        assert await do(shop, job_id) == {"state": "waiting", "error": str(KEY)}
        assert await state_of(selling, order["id"]) == ("paid", None)
    assert await do(shop, job_id) is None
    assert await state_of(selling, order["id"]) == ("refunded", None)
    assert len(selling.till.refunds) == 1


async def test_a_film_is_not_spoiled_by_a_store_that_lets_us_in_no_more(
    shop: Workshop, tenancy: Tenancy, world: World, reel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = await upload(shop, world, reel.read_bytes())
    job_id = await job_of(tenancy, "ExamineFilm", "file_id", file_id)
    with monkeypatch.context() as broken:
        broken.setattr(type(shop.store), "head", _refusing(Unusable("The bucket that STORAGE names is full.")))
        assert await do(shop, job_id) == {"state": "waiting", "error": "The bucket that STORAGE names is full."}
    assert await do(shop, job_id) is None
    film = await as_ben(tenancy, world, files.read, file_id)
    assert (film["duration_seconds"], film["fault"]) == (4, None)


def _refusing(trouble: Exception) -> Any:
    async def refuse(*_: object) -> None:
        raise trouble

    return refuse
