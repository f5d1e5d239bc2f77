"""Typed ids. Each is a UUIDv7 (RFC 9562), so that rows of one kind sort by the time of their birth."""

from typing import NewType
from uuid import UUID

import uuid_utils

ChannelId = NewType("ChannelId", UUID)
PersonId = NewType("PersonId", UUID)
SessionId = NewType("SessionId", UUID)
MemberId = NewType("MemberId", UUID)
RoomId = NewType("RoomId", UUID)
MessageId = NewType("MessageId", UUID)
CourseId = NewType("CourseId", UUID)
SectionId = NewType("SectionId", UUID)
LessonId = NewType("LessonId", UUID)
BatchId = NewType("BatchId", UUID)
EnrollmentId = NewType("EnrollmentId", UUID)
ConnectionId = NewType("ConnectionId", UUID)
LiveClassId = NewType("LiveClassId", UUID)
RecordingId = NewType("RecordingId", UUID)
FileId = NewType("FileId", UUID)
CertificateId = NewType("CertificateId", UUID)
OrderId = NewType("OrderId", UUID)


def new_id() -> UUID:
    """A new UUIDv7 of the standard library's own class."""
    return UUID(int=uuid_utils.uuid7().int)


def made_at(id_: UUID) -> float:
    """When an id of `new_id` was made, in seconds since 1970."""
    return (id_.int >> 80) / 1000
