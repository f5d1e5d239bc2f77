"""Pictures and sound of the demo, made here: a disc that turns, and a hum to practise by."""

import math
import tempfile
from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer

WIDTH, HEIGHT, RATE = 480, 270, 12
TONE_RATE = 22050


def film(seconds: int, hue: int) -> bytes:
    """An H.264 MP4 with its index in front: a bar that wanders over a ground of one colour."""

    def write(box: OutputContainer) -> None:
        stream = box.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "30", "g": "24"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(seconds * RATE):
            box.mux(stream.encode(_frame(number, seconds * RATE, hue)))
        box.mux(stream.encode(None))

    return _written("mp4", write, movflags="+faststart")


def picture(hue: int) -> bytes:
    """One frame of the film as JPEG."""

    def write(box: OutputContainer) -> None:
        stream = box.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        box.mux(stream.encode(_frame(7, 24, hue).reformat(format="yuvj420p")))
        box.mux(stream.encode(None))

    return _written("mjpeg", write)


def hum(seconds: int) -> bytes:
    """An AAC file of a low tone that swells and falls."""

    def write(box: OutputContainer) -> None:
        stream = box.add_stream("aac", rate=TONE_RATE, layout="mono")
        for start in range(0, seconds * TONE_RATE, 1024):
            samples = array("f", (_sample(start + place) for place in range(1024)))
            frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = TONE_RATE, start, Fraction(1, TONE_RATE)
            box.mux(stream.encode(frame))
        box.mux(stream.encode(None))

    return _written("mp4", write, movflags="+faststart")


def _written(form: str, write: Callable[[OutputContainer], None], **options: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"demo.{form}"
        with av.open(str(path), "w", format=form, options=options) as box:
            write(box)
        return path.read_bytes()


def _sample(place: int) -> float:
    swell = 0.5 + 0.5 * math.sin(2 * math.pi * place / TONE_RATE / 4)
    return 0.2 * swell * math.sin(2 * math.pi * 110 * place / TONE_RATE)


def _frame(number: int, of: int, hue: int) -> "av.VideoFrame":
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    light, across, up = frame.planes
    bar = int((WIDTH - 60) * (0.5 - 0.5 * math.cos(2 * math.pi * number / of)))
    row = bytes([70] * bar + [200] * 60 + [95] * (WIDTH - bar - 60)).ljust(light.line_size, b"\0")
    light.update(row * HEIGHT)
    across.update(bytes([hue]) * across.buffer_size)
    up.update(bytes([255 - hue]) * up.buffer_size)
    return frame
