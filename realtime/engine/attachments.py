"""Binary parts of Socket.IO data: taken out of it and put back, a numbered placeholder in their place."""

from typing import Any

from realtime.engine.roles import Malformed


def extract(data: Any, attachments: list[bytes]) -> Any:
    """The data with placeholders for its binary parts, which are appended to `attachments`."""
    if isinstance(data, bytes | bytearray | memoryview):
        attachments.append(bytes(data))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(data, list | tuple):
        return [extract(each, attachments) for each in data]
    if isinstance(data, dict):
        return {key: extract(each, attachments) for key, each in data.items()}
    return data


def place(data: Any, attachments: list[bytes]) -> Any:
    """The data with the attachments in place of their numbers; Malformed for a number that none has."""
    if isinstance(data, list):
        return [place(each, attachments) for each in data]
    if not isinstance(data, dict):
        return data
    if data.get("_placeholder") is not True:
        return {key: place(each, attachments) for key, each in data.items()}
    number = data.get("num")
    if not isinstance(number, int) or not 0 <= number < len(attachments):
        raise Malformed("There is no such attachment.")
    return attachments[number]
