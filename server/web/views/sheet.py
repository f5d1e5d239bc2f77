"""The component sheet at `/design`, in the demo only."""

from dataclasses import dataclass

from server.web.views.frame import Form


@dataclass(frozen=True, slots=True)
class SheetBrand:
    """One brand to show the parts in: `klass` is the class that carries its tokens."""

    klass: str
    key: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class SheetView:
    """Every part in every state; `shown` are three brands that differ much, `right` and `wrong` two forms."""

    shown: tuple[SheetBrand, ...]
    right: Form
    wrong: Form

    @property
    def brands(self) -> dict[str, str]:
        """The colour of each brand by its class; `theme.several` dresses the page."""
        return {brand.klass: brand.colour for brand in self.shown}


BRANDS = (
    SheetBrand("brand-a", "pottery", "Saltmarsh Pottery", "#1f6f72"),
    SheetBrand("brand-b", "joinery", "Plumb Line Joinery", "#b4512d"),
    SheetBrand("brand-c", "piano", "Small Hours Piano", "#f5e6a1"),
)
SHEET = SheetView(
    BRANDS,
    Form(
        {
            "name": "Small Hours Piano",
            "about": "Ten quiet weeks with the left hand.",
            "who": "members",
            "tell": "mentions",
        }
    ),
    Form({"slug": "admin"}, {"slug": "“admin” is kept for the system. Try small-hours."}, focused=False),
)
