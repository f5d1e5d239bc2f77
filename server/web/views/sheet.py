"""The component sheet at `/design`, in the demo only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SheetBrand:
    """One brand to show the parts in: `klass` is the class that carries its tokens."""

    klass: str
    key: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class SheetView:
    """Every part in every state; `brands` are three that differ as much as they can."""

    brands: tuple[SheetBrand, ...]
