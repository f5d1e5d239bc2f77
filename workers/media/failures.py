"""What can go wrong with a recording, each in a sentence a creator can read."""


class RecordingFailure(Exception):
    """A recording could not be brought in; `reason` says why, `retryable` whether trying again can help."""

    retryable = False

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SourceUnreachable(RecordingFailure):
    """The place where the recording lies did not answer, went quiet, or broke off."""

    retryable = True


class SourceRefused(RecordingFailure):
    """The address of the recording is one that we do not open."""


class LinkExpired(RecordingFailure):
    """The link to the recording is no longer, or not yet, honoured; a fresh one may be."""

    retryable = True


class SourceChanged(RecordingFailure):
    """The recording was replaced while it was being copied."""

    retryable = True


class SourceLied(RecordingFailure):
    """The recording is not as long as was announced."""

    retryable = True


class TooLarge(RecordingFailure):
    """The recording, or a part of it, is beyond what we take in."""


class NoRoom(RecordingFailure):
    """Our own disk is too full to work on the recording."""

    retryable = True


class StoreOutOfStep(RecordingFailure):
    """The store holds something else than what was written to it."""

    retryable = True


class Damaged(RecordingFailure):
    """The recording is a film file whose inner order is broken."""


class NotAVideo(RecordingFailure):
    """What was fetched is no film that we can show."""


class NotAPicture(RecordingFailure):
    """A file that was sent as a picture cannot be shown as one."""
