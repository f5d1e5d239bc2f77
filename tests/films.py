"""Films made for tests: real H.264 and AAC in MP4 with the index last, as recorders leave them."""

import math
import random
import struct
from array import array
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Literal

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame

Codec = Literal["libvpx", "libvpx-vp9", "libx264", "mpeg4"]
RATE = 48_000
STRETCH = Fraction(5, 2)  # a little more than its two seconds of film, so that the tone never overlaps
_MATRIX = [(1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30), (0, 1 << 16, 0, -(1 << 16), 0, 0, 360 << 16, 0, 1 << 30)]
_HASTE = {"libx264": {"preset": "ultrafast", "crf": "30"}}
_HUM = array("f", (0.3 * math.sin(2 * math.pi * 440 * step / RATE) for step in range(2048)))


def make_film(
    path: Path,
    *,
    seconds: int = 4,
    width: int = 640,
    height: int = 360,
    noise: int = 24,
    black: float = 0.0,
    codec: Codec = "libx264",
    **options: str,
) -> Path:
    """A film of moving colours with a tone, the first part of it black; more `noise` (0 to 255) makes it larger.

    `options` are those of the MP4 writer.
    """
    with av.open(str(path), "w", format="mp4", options=options) as film:
        picture = film.add_stream(codec, rate=25, options=_HASTE.get(codec, {}))
        picture.width, picture.height, picture.pix_fmt, picture.gop_size = width, height, "yuv420p", 25
        sound = film.add_stream("aac", rate=RATE)
        spoken = 0
        for number in range(seconds * 25):
            film.mux(picture.encode(_picture(width, height, number, noise, dark=number < black * seconds * 25)))
            while spoken * 1024 < (number + 1) * RATE // 25:
                film.mux(sound.encode(_tone(spoken)))
                spoken += 1
        film.mux(picture.encode(None))
        film.mux(sound.encode(None))
    return path


def turn(film: Path, path: Path) -> Path:
    """The film as a telephone held upright writes it: lying, with a note to turn it (ISO/IEC 14496-12, §8.3.2)."""
    lying, upright = struct.pack(">9i", *_MATRIX[0]), struct.pack(">9i", *_MATRIX[1])
    data = film.read_bytes()
    place = data.index(lying, data.index(b"tkhd"))
    path.write_bytes(data[:place] + upright + data[place + 36 :])
    return path


def make_big_film(path: Path, megabytes: int = 300) -> Path:
    """A long film of `megabytes`, made cheaply: one noisy stretch, its packets repeated."""
    stretch = make_film(path.with_suffix(".stretch.mp4"), seconds=2, width=1280, height=720, noise=255)
    again = megabytes * 1024 * 1024 // stretch.stat().st_size + 1
    with av.open(str(path), "w", format="mp4") as film:
        for turn in range(again):
            _append(film, stretch, turn)
    stretch.unlink()
    return path


def make_webm(path: Path, *, seconds: int = 3, video: Codec = "libvpx") -> Path:
    """A WebM film (Matroska for H.264) as a browser's recorder leaves it: streamed, so without duration and index."""
    form = "matroska" if video == "libx264" else "webm"
    with path.open("wb") as file, av.open(_Unseekable(file), "w", format=form) as film:
        picture = film.add_stream(video, rate=25)
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        for number in range(seconds * 25):
            film.mux(picture.encode(_picture(320, 180, number, 8)))
        film.mux(picture.encode(None))
    return path


def make_sound(path: Path, seconds: int = 2, *, form: str = "mp4", codec: str = "aac") -> Path:
    """A file with sound alone."""
    with av.open(str(path), "w", format=form) as film:
        sound = film.add_stream(codec, rate=RATE)
        assert isinstance(sound, AudioStream)
        for number in range(seconds * RATE // 1024):
            film.mux(sound.encode(_tone(number)))
        film.mux(sound.encode(None))
    return path


class _Unseekable:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        return int(self._file.write(data))


def _picture(width: int, height: int, number: int, noise: int, *, dark: bool = False) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    chance = random.Random(number)
    for index, plane in enumerate(frame.planes):
        ground = bytes((number * 3 + column // 4 + index * 60) % 200 + 20 for column in range(plane.line_size))
        if dark:
            ground, noise = bytes([128 if index else 16]) * plane.line_size, 0
        surface = ground * (plane.buffer_size // plane.line_size)
        plane.update(_grained(surface, chance.randbytes(len(surface)), noise) if noise and index == 0 else surface)
    frame.pts, frame.time_base = number, Fraction(1, 25)
    return frame


def _grained(ground: bytes, grain: bytes, noise: int) -> bytes:
    table = bytes(value * noise // 255 // 4 * 4 for value in range(256))
    mask = int.from_bytes(grain.translate(table), "big")
    return (int.from_bytes(ground, "big") ^ mask).to_bytes(len(ground), "big")


def _tone(number: int) -> AudioFrame:
    frame = AudioFrame("fltp", "stereo", 1024)
    for plane in frame.planes:
        plane.update(_HUM.tobytes()[: plane.buffer_size])
    frame.pts, frame.sample_rate, frame.time_base = number * 1024, RATE, Fraction(1, RATE)
    return frame


def _append(film: OutputContainer, stretch: Path, turn: int) -> None:
    with av.open(str(stretch)) as source:
        if not film.streams:
            for stream in source.streams:
                film.add_stream_from_template(stream)
        for packet in source.demux():
            if packet.dts is not None and packet.pts is not None:
                shift = round(turn * STRETCH / packet.time_base)
                packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
                packet.stream = film.streams[packet.stream_index]
                film.mux(packet)
