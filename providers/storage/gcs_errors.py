"""What Google Cloud Storage's answers mean here: again later, or never and why, in words that name the cure.

https://cloud.google.com/storage/docs/json_api/v1/status-codes
"""

from collections.abc import Mapping

import orjson

from providers import ProviderDown, ProviderRefused, Unusable

ROLE = "roles/storage.objectUser"
_LONGEST_WAIT = 60.0
_ENDED = {404, 410, 499}
"""How a session answers that was given up or is older than a week."""
_FULL = {"quotaExceeded", "storageQuotaExceeded"}
_CLOSED = {"accountDisabled", "billingNotEnabled"}


class BucketUnusable(Unusable):
    """503: STORAGE or the rights at the bucket are not set up rightly, so that nothing can be stored or read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "storage_misconfigured")


class Damaged(ProviderDown):
    """A checksum differs."""


def check_answer(status: int, headers: Mapping[str, str], body: bytes, bucket: str) -> None:
    """Raise what an answer means that is no success."""
    if status in {408, 429} or status >= 500:
        said = "is busy" if status == 429 else f"is not well ({status})"
        raise ProviderDown(f"Google Cloud Storage {said}. Try again in a moment.", _retry_after(headers))
    if status == 401:
        raise BucketUnusable(
            "Google does not accept the credentials. Look at GOOGLE_APPLICATION_CREDENTIALS, or at the service "
            "account that this runs as."
        )
    if status == 403 and _FULL & _reasons(body):
        raise BucketUnusable(
            f"The bucket {bucket} that STORAGE names takes no more ({_reason(body)}). "
            "Raise its quota, or free some room."
        )
    if status == 403 and _CLOSED & _reasons(body):
        raise BucketUnusable(
            f"Google has closed the account of the bucket {bucket} that STORAGE names ({_reason(body)}). "
            "Pay for it, or name a bucket of another project."
        )
    if status == 403:
        raise BucketUnusable(
            f"Google Cloud Storage does not let us use the bucket {bucket} that STORAGE names ({_reason(body)}). "
            f"Grant {ROLE} on it to our service account."
        )
    if status == 404:
        check_bucket(body, bucket)
        raise missing()
    if status == 400 and b"CRC32C" in body.upper():
        raise damaged()
    if status == 412:
        raise ProviderRefused("A file by that name is there already, or has changed.", "precondition", 412)
    if status >= 400:
        raise ProviderRefused(f"Google Cloud Storage refuses: {_reason(body)}", "storage_refused", 422)


def check_bucket(body: bytes, bucket: str) -> None:
    """BucketUnusable when what is missing is the bucket itself."""
    if b"bucket does not exist" in body:
        raise BucketUnusable(f"There is no bucket {bucket}. Create it, or correct STORAGE (gcs:BUCKET).")


def check_session(status: int) -> None:
    """404 `no_such_upload` when a session answers that it is over."""
    if status in _ENDED:
        raise ProviderRefused("This upload is not known here, or has expired. Begin it again.", "no_such_upload", 404)


def missing() -> ProviderRefused:
    """404 `no_such_object`."""
    return ProviderRefused("There is no file by that name.", "no_such_object", 404)


def damaged() -> "Damaged":
    """What was stored or read is not what was sent: its checksum differs."""
    return Damaged("A file was damaged on its way to or from Google Cloud Storage. Try again.")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    stated = headers.get("Retry-After", "")
    return min(float(stated), _LONGEST_WAIT) if stated.isascii() and stated.isdigit() else None


def _reasons(body: bytes) -> set[str]:
    """The words by which programs may know why."""
    try:
        return {str(each["reason"]) for each in orjson.loads(body)["error"]["errors"]}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return set()


def _reason(body: bytes) -> str:
    try:
        error = orjson.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)[:300]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "it does not say why"
