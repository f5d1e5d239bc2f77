"""How a student of a journey gets into a course: for nothing, or through Stripe's own pages."""

from pathlib import Path

from playwright.async_api import expect

from tests.slices.people import Someone
from tests.standins.stripe import FarStripe
from tests.standins.stripe_pages import Pages


class Free:
    """The course costs nothing."""

    amount = ""

    async def open_account(self, ana: Someone, desk: str) -> None:
        """Nobody has to be paid."""

    async def take_a_place(self, sam: Someone, home: str, pictures: Path) -> None:
        """Join, then enrol."""
        await sam.visit(home)
        await sam.press("Join")
        await sam.visit(f"{home}/learn")
        await sam.page.get_by_role("link", name="Bowls").first.click()
        await sam.press("Enrol")


class ByStripe:
    """A seat in the batch is bought: the creator has an account at Stripe, the student pays on Stripe's page."""

    amount = "49.50"

    def __init__(self, far: FarStripe, pages: Pages) -> None:
        self._far, self._pages = far, pages

    async def open_account(self, ana: Someone, desk: str) -> None:
        """Through Stripe's onboarding and back to a channel that can be paid."""
        await ana.visit(f"{desk}/payments")
        await ana.press("Open the account")
        await expect(ana.page).to_have_url("https://connect.stripe.com/setup/" + next(iter(self._far.accounts)))
        await ana.press("Agree and submit")
        await expect(ana.page.get_by_text("Can be paid")).to_be_visible()

    async def take_a_place(self, sam: Someone, home: str, pictures: Path) -> None:
        """From the landing page to Stripe's and back; the place is there once, whatever Stripe tells twice."""
        await sam.visit(home)
        await sam.page.get_by_role("link", name="Buy a seat").first.click()
        await sam.press("Buy for €\N{NO-BREAK SPACE}49.50")
        await expect(sam.page.get_by_role("heading", name="Pay EUR 49.50")).to_be_visible()
        await sam.press("Pay")
        await expect(sam.page.get_by_text("Paid. You are in.")).to_be_visible(timeout=20_000)
        await sam.shoot(pictures, "3-paid")
        await sam.page.get_by_role("link", name="Begin").click()

    def reckon(self) -> None:
        """One checkout was paid once; everything that Stripe told was taken."""
        assert [session["payment_status"] for session in self._far.sessions.values()] == ["paid"]
        assert self._far.refunds == []
        assert set(self._pages.answers) == {200}
