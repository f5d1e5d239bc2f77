"""The indexes of one installation: searches read one through an alias, writes go to all, each through its own alias.

While `guildhall reindex` fills a new index there are two; the searched one changes in one step. Each index has an
alias for writing, for a write to a dropped index by its name would make it anew, and without our mapping.
"""

from providers import ProviderRefused
from search.elastic_door import NO_INDEX, Door
from search.elastic_mapping import MAPPINGS, SETTINGS
from tenants.ids import new_id

INTO = "-into"


class Indexes:
    """The indexes that belong to `deployment` in an Elasticsearch that others may share."""

    def __init__(self, door: Door, deployment: str) -> None:
        self._door = door
        self.searched = f"{deployment}-documents"

    async def targets(self) -> list[str]:
        """The aliases to write to: of the searched index, and of one being filled; ProviderRefused without any."""
        known = await self._known()
        if not known:
            raise ProviderRefused(NO_INDEX, "no_index")
        return [f"{name}{INTO}" for name in sorted(known)]

    async def require_searched(self) -> None:
        """Pass when there is an index to search; ProviderRefused `no_index` when not."""
        if not any(self.searched in aliases for aliases in (await self._known()).values()):
            raise ProviderRefused(NO_INDEX, "no_index")

    async def create(self) -> str:
        """A new, empty index that writes reach from now on; its name."""
        name = f"{self.searched}-{new_id().hex}"
        with self._door.call() as client:
            await client.indices.create(
                index=name, settings=SETTINGS, mappings=MAPPINGS, aliases={f"{name}{INTO}": {}},
                wait_for_active_shards=1,
            )  # fmt: skip
        return name

    async def swap(self, name: str) -> None:
        """Have the index searched from now on in the place of all others, which are dropped in the same step."""
        others = [each for each in await self._known() if each != name]
        with self._door.call() as client:
            await client.indices.refresh(index=name)
            await client.indices.update_aliases(
                actions=[
                    {"add": {"index": name, "alias": self.searched}},
                    *({"remove_index": {"index": each}} for each in others),
                ]
            )

    async def drop_abandoned(self) -> int:
        """Drop what a killed `guildhall reindex` left: indexes that are not searched; how many."""
        left = [name for name, aliases in (await self._known()).items() if self.searched not in aliases]
        for name in left:
            with self._door.call() as client:
                await client.indices.delete(index=name, ignore_unavailable=True)
        return len(left)

    async def drop(self) -> None:
        """Drop every index of the installation."""
        for name in await self._known():
            with self._door.call() as client:
                await client.indices.delete(index=name, ignore_unavailable=True)

    async def _known(self) -> dict[str, set[str]]:
        """Every index of ours, and its aliases."""
        with self._door.call() as client:
            told = await client.indices.get_alias(index=f"{self.searched}-*", allow_no_indices=True)
        return {name: set(facts["aliases"]) for name, facts in told.items() if name.startswith(f"{self.searched}-")}
