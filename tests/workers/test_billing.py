"""Mails about money: a receipt, a payment that goes back, a refund; in the channel's own name."""

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from tenants import work
from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants.selling import Shop, age, make_shop, refund
from tests.workers.shop import make_shop as make_workshop
from tests.world import World
from workers import run


@pytest.fixture
async def shop(tenancy: Tenancy, world: World) -> Shop:
    return await make_shop(tenancy, world.pottery, world.pottery.ana, world.pottery.ben)


async def mails_of(shop: Shop, folder: Path) -> dict[str, EmailMessage]:
    """Send what was asked for; the mails by subject."""
    workshop = make_workshop(shop.tenancy, folder, shop.till)
    sql = "select id from jobs where channel_id = $1 and name = 'SendMail' order by id"
    async with bare(shop.tenancy.relay) as connection:
        rows = await connection.fetch(sql, shop.school.id)
    for row in rows:
        leased = await work.take(shop.tenancy, work.Ticket(shop.school.id, None, row["id"]))
        assert leased is not None
        await run.perform_leased(workshop, leased)
    letters = [message_from_bytes(path.read_bytes(), policy=default) for path in folder.rglob("*.eml")]
    return {letter["Subject"]: letter for letter in letters}


def words_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_a_receipt_and_a_refund(shop: Shop, tmp_path: Path) -> None:
    order = await shop.buy(shop.school.sam)
    await refund(shop, order)
    found = await mails_of(shop, tmp_path)
    assert set(found) == {"Receipt: Your first bowl", "Refunded: Your first bowl"}
    for letter in found.values():
        assert letter["To"] == shop.school.sam.email
        assert "£\xa0120" in words_of(letter)
        assert f"http://127.0.0.1:8000/c/{shop.school.slug}/orders/{order['id']}" in words_of(letter)


async def test_money_for_a_seat_that_is_gone_is_explained(shop: Shop, tmp_path: Path) -> None:
    batch = await shop.batch(places=1)
    late = await shop.begin(shop.school.sam, batch)
    await age(shop, late, timedelta(minutes=40))
    await shop.buy(shop.school.zoe, batch)
    shop.till.become(late["checkout_id"], "paid")
    await shop.settle(late)
    found = await mails_of(shop, tmp_path)
    letter = found["Your payment is being returned: Your first bowl, Spring"]
    assert "Every seat of this batch is taken." in words_of(letter)
    assert letter["To"] == shop.school.sam.email
