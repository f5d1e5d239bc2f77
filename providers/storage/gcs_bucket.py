"""The bucket's own settings: CORS for our pages, an end to broken-off uploads, and no access but ours.

https://cloud.google.com/storage/docs/json_api/v1/buckets
"""

from typing import Any

from providers.storage.gcs_errors import BucketUnusable
from providers.storage.gcs_wire import Wire

_ABORT = "AbortIncompleteMultipartUpload"
_SECONDS = 3600


async def prepare_bucket(wire: Wire, base_url: str) -> list[str]:
    """Change what is not as it should be, and say so in sentences; other rules of the bucket are left alone."""
    fields = {"fields": "cors,lifecycle,iamConfiguration,metageneration"}
    reply = await wire.call("GET", wire.bucket_url(), fine=(403,), params=fields)
    if reply.status == 403:
        raise _not_admin(wire.bucket)
    bucket = reply.json()
    wanted, said = _wanted(bucket, base_url.rstrip("/"))
    if not wanted:
        return [f"The bucket {wire.bucket} is as it should be. Nothing was changed."]
    guard = {"ifMetagenerationMatch": str(bucket["metageneration"])} if "metageneration" in bucket else {}
    done = await wire.call("PATCH", wire.bucket_url(), fine=(403,), params=guard, json=wanted)
    if done.status == 403:
        raise _not_admin(wire.bucket)
    return said


def _wanted(bucket: dict[str, Any], origin: str) -> tuple[dict[str, Any], list[str]]:
    wanted: dict[str, Any] = {}
    said = []
    if not any(_allows(rule, origin) for rule in bucket.get("cors", ())):
        rule = {
            "origin": [origin], "method": ["GET", "HEAD", "PUT"], "maxAgeSeconds": _SECONDS,
            "responseHeader": ["Content-Type", "Content-Length", "Content-Range", "Range", "X-Goog-Hash"],
        }  # fmt: skip
        wanted["cors"] = [*bucket.get("cors", ()), rule]
        said.append(f"Pages of {origin} may now read files and upload (CORS).")
    rules = bucket.get("lifecycle", {}).get("rule", [])
    if not any(rule["action"]["type"] == _ABORT for rule in rules):
        wanted["lifecycle"] = {"rule": [*rules, {"action": {"type": _ABORT}, "condition": {"age": 7}}]}
        said.append("Multipart uploads that are never finished now end after a week (lifecycle).")
    closed = _closed(bucket.get("iamConfiguration", {}))
    if closed:
        wanted["iamConfiguration"] = closed
        said += [_CLOSING[name] for name in closed]
    return wanted, said


def _allows(rule: dict[str, Any], origin: str) -> bool:
    fits = origin in rule.get("origin", ()) and {"GET", "HEAD", "PUT"} <= set(rule.get("method", ()))
    return fits and {"Content-Range", "Range"} <= set(rule.get("responseHeader", ()))


_CLOSING = {
    "uniformBucketLevelAccess": "Rights are now given for the whole bucket alone (uniform bucket-level access).",
    "publicAccessPrevention": "Nobody can make a file public any more (public access prevention).",
}


def _closed(now: dict[str, Any]) -> dict[str, Any]:
    """What of the bucket's access is to be closed."""
    closed: dict[str, Any] = {}
    if not now.get("uniformBucketLevelAccess", {}).get("enabled"):
        closed["uniformBucketLevelAccess"] = {"enabled": True}
    if now.get("publicAccessPrevention") != "enforced":
        closed["publicAccessPrevention"] = "enforced"
    return closed


def _not_admin(bucket: str) -> BucketUnusable:
    return BucketUnusable(
        f"We may not change the bucket {bucket} that STORAGE names. Run this as somebody with roles/storage.admin on "
        "it; serving files needs roles/storage.objectUser alone."
    )
