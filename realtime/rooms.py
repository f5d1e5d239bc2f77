"""Names of socket rooms and shared keys, made of typed ids, the channel always first; nobody else makes such names."""

from tenants.ids import ChannelId, PersonId, RoomId

NAMESPACE = "/community"


def of_channel(channel_id: ChannelId) -> str:
    """Everyone who is connected to a channel."""
    return f"c/{channel_id}/all"


def of_room(channel_id: ChannelId, room_id: RoomId) -> str:
    """Everyone who has joined a room."""
    return f"c/{channel_id}/room/{room_id}"


def of_person(channel_id: ChannelId, person_id: PersonId) -> str:
    """One person's own devices in a channel."""
    return f"c/{channel_id}/person/{person_id}"


def owner_of(_namespace: str, room: object) -> str:
    """The channel that a socket room belongs to; empty for what belongs to processes."""
    return room.split("/")[1] if isinstance(room, str) and room.startswith("c/") else ""


def bus(deployment: str) -> str:
    """What the names of the line between processes begin with (pub/sub crosses database numbers)."""
    return f"{deployment}:wire"


def wake(deployment: str) -> str:
    """The channel of Redis on which the steward is woken."""
    return f"{deployment}:wake"


def leased(deployment: str) -> str:
    """What the names of all that hangs on a process's lease begin with; one slot of a cluster."""
    return f"{deployment}:{{here}}"


def processes(deployment: str) -> str:
    """The key of the processes, by when their lease runs out."""
    return f"{leased(deployment)}:processes"


def seats(deployment: str, own_room: str) -> str:
    """The key of the open sockets of one person in a channel."""
    return f"{leased(deployment)}:seats:{own_room}"


def typing(deployment: str, room: str) -> str:
    """The key of who is typing in a room."""
    return f"{deployment}:typing:{{{room}}}"
