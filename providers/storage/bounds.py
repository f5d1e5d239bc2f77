"""How many bytes an upload may have: refused the same way by every adapter."""

from dataclasses import dataclass

from providers import ProviderRefused


@dataclass(frozen=True, slots=True)
class Bounds:
    """Exactly `size` bytes unless None, and never more than `limit`."""

    size: int | None
    limit: int

    def check_room(self, end: int) -> None:
        """413 `too_large` when `end` bytes are more than was agreed."""
        allowed = self.limit if self.size is None else min(self.size, self.limit)
        if end > allowed:
            raise ProviderRefused(f"This upload may have {allowed} bytes and no more.", "too_large", 413)

    def check_size(self, size: int) -> None:
        """400 `wrong_size` unless `size` bytes are what was announced."""
        if self.size is not None and size != self.size:
            said = f"{self.size} bytes were announced and {size} are here. Send the rest, or begin again."
            raise ProviderRefused(said, "wrong_size", 400)
