"""The part that decodes strangers' pictures: a program of its own, so that a hostile picture can hurt nothing but it.

    python picture_examiner.py < picture

It writes the picture anew, upright and without anything that is no picture (where it was taken, by which device, what
hides behind its end), and a small copy. It ends with one line, `{"picture": {…}, "clean": n, "thumbnail": n}` and so
many bytes of each, or `{"refused": sentence}`. Uses nothing of the product and no network, and has no environment.
"""

import io
import json
import resource
import sys
from typing import Any

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

MIB = 1024 * 1024
MEMORY = 1024 * MIB
CPU_SECONDS = 40
FORMATS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
MOST_PIXELS = 50_000_000
MOST_SIDE = 16_000
MOST_MOVING = 150_000_000  # pixels of all frames together
MOST_FRAMES = 600
SMALL = 800
MOVING = {"GIF", "WEBP"}


class Refused(Exception):
    """The file cannot be shown as a picture; the message says why."""


def main() -> None:
    """Look at the one picture and say the outcome in one line."""
    _confine()
    try:
        answer, *parts = _examined(sys.stdin.buffer.read())
    except Refused as refusal:
        answer, parts = {"refused": str(refusal)}, []
    # A decoder of hostile bytes may fail in any way.
    except Exception as fault:  # noqa: BLE001
        answer, parts = {"refused": f"The file is no picture, or a broken one ({type(fault).__name__})."}, []
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + b"".join(parts))
    sys.stdout.buffer.flush()


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Sizes are looked at before a pixel is decoded; the library's own warnings would only come first.
    Image.MAX_IMAGE_PIXELS = None


def _examined(data: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    picture = _opened(data)
    kind, profile = str(picture.format), picture.info.get("icc_profile")
    if _moves(picture):
        clean = _moving(picture)
        picture.seek(0)
        upright = picture
    else:
        upright = ImageOps.exif_transpose(picture)
        clean, kind = _still(upright, kind, profile)
    width, height = upright.size
    facts = {"width": width, "height": height, "content_type": FORMATS[kind]}
    small = _small(upright)
    return {"picture": facts, "clean": len(clean), "thumbnail": len(small)}, clean, small


def _opened(data: bytes) -> Image.Image:
    """The picture, not decoded yet; Refused when it is none of ours, or larger than we decode."""
    try:
        picture = Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "GIF", "WEBP"])
    except UnidentifiedImageError:
        raise Refused("The file is no picture that browsers show: it is none of JPEG, PNG, GIF and WebP.") from None
    width, height = picture.size
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE or min(width, height) < 1:
        raise Refused(f"The picture has {width} × {height} pixels, more than are shown. Make it smaller.")
    return picture


def _moves(picture: Image.Image) -> bool:
    if picture.format not in MOVING:
        return False
    frames = getattr(picture, "n_frames", 1)
    return 1 < frames <= MOST_FRAMES and frames * picture.width * picture.height <= MOST_MOVING


def _moving(picture: Image.Image) -> bytes:
    """All frames with their times, and no words beside them."""
    frames: list[Image.Image] = []
    times: list[int] = []
    for frame in ImageSequence.Iterator(picture):
        times.append(max(20, int(frame.info.get("duration", 100))))
        frames.append(_bare(frame.copy()))
    loop = int(picture.info.get("loop", 1 if picture.format == "GIF" else 0))
    out = io.BytesIO()
    more: dict[str, Any] = {"disposal": 2} if picture.format == "GIF" else {"quality": 80}
    frames[0].save(out, picture.format, save_all=True, append_images=frames[1:], duration=times, loop=loop, **more)
    return out.getvalue()


def _still(upright: Image.Image, form: str, profile: bytes | None) -> tuple[bytes, str]:
    """The first frame in its own format; what was to move, and is too large for that, is one picture."""
    out = io.BytesIO()
    kept: dict[str, Any] = {"icc_profile": profile} if profile and upright.mode in {"L", "RGB", "RGBA"} else {}
    if form in {"JPEG", "MPO"}:
        plain = upright if upright.mode in {"L", "RGB"} else upright.convert("RGB")
        _bare(plain).save(out, "JPEG", quality=90, optimize=True, **kept)
        return out.getvalue(), "JPEG"
    if form == "WEBP":
        _bare(upright).save(out, "WEBP", quality=90, **kept)
        return out.getvalue(), form
    _bare(upright).save(out, "PNG", **kept)
    return out.getvalue(), "PNG"


def _bare(picture: Image.Image) -> Image.Image:
    """Without comments and whatever else travels beside the pixels."""
    for name in picture.info.keys() - {"transparency", "background"}:
        del picture.info[name]
    return picture


def _small(picture: Image.Image) -> bytes:
    clear = "A" in picture.mode or "transparency" in picture.info
    small = picture.convert("RGBA" if clear else "RGB")
    small.thumbnail((SMALL, SMALL))
    small.info = {}
    out = io.BytesIO()
    small.save(out, "WEBP", quality=76)
    return out.getvalue()


if __name__ == "__main__":
    main()
