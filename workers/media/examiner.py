"""The part that decodes strangers' films: a program of its own, so that a hostile film can hurt nothing but it.

    python examiner.py probe SIZE FORMAT          asks for bytes by `{"read": [start, end]}` lines, gets exactly those
    python examiner.py listen SIZE FORMAT         the same for a file of sound alone
    python examiner.py rewrite FORMAT FROM TO     writes the film in file FROM anew into file TO

Each ends with one line: `{"film": {…}, "jpeg": n}` and n bytes of JPEG, `{"sound": {…}}`,
`{"written": "mp4" or "webm"}`, or `{"refused": sentence}`.
Uses nothing of the product and no network, so it starts fast with an empty environment.
"""

import io
import json
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.filter
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

MIB = 1024 * 1024
MEMORY = 1536 * MIB
CPU_SECONDS = {"probe": 60, "listen": 60, "rewrite": 900}
READ = 128 * 1024
WIDTH = 640
PLACES = (0.1, 0.3, 0.6)
FRAMES = 60
TICK = Fraction(1, 1000)
TELLING = 0.04  # bytes of JPEG per pixel; a black or plain frame needs far fewer

TURNS = {90: ["cclock"], -90: ["clock"], 180: ["clock", "clock"], -180: ["clock", "clock"]}
PICTURES = {"h264", "hevc", "av1", "vp8", "vp9"}
SOUNDS = {"aac", "mp3", "opus", "vorbis", "flac"}
ONLY_WEBM = {"vp8", "vorbis"}


class Refused(Exception):
    """The film cannot be shown; the message says why."""


def main(task: str, *words: str) -> None:
    """Do one task and say the outcome in one line."""
    _confine(CPU_SECONDS[task])
    try:
        answer, jpeg = TASKS[task](*words)
    except Refused as refusal:
        answer, jpeg = {"refused": str(refusal)}, b""
    except (av.FFmpegError, MemoryError, ValueError, OverflowError) as fault:
        answer, jpeg = {"refused": f"The file is no film, or a broken one ({type(fault).__name__})."}, b""
    _say(answer)
    sys.stdout.buffer.write(jpeg)
    sys.stdout.buffer.flush()


def _confine(cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


class Remote(io.RawIOBase):
    """A film that lies with the parent process, read by asking for it."""

    def __init__(self, size: int, answers: BinaryIO) -> None:
        self._size, self._answers, self._position = size, answers, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to `offset`, as files do."""
        self._position = max(0, offset + (0, self._position, self._size)[whence])
        return self._position

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, none at the end."""
        start, end = self._position, min(self._position + (READ if size < 0 else size), self._size)
        if start >= end:
            return b""
        _say({"read": [start, end]})
        data = self._answers.read(end - start)
        if len(data) != end - start:
            sys.exit(1)
        self._position = end
        return data


def _probe(size: str, form: str) -> tuple[dict[str, Any], bytes]:
    with _remote(size, form) as film:
        picture, sound = _streams(film)
        seconds = _seconds(film, picture)
        jpeg, width, height = _thumbnail(film, picture, seconds)
        facts = {"seconds": seconds, "width": width, "height": height, "video_codec": picture.codec_context.name}
        facts["audio_codec"] = sound.codec_context.name if sound else None
        return {"film": facts, "jpeg": len(jpeg)}, jpeg


def _listen(size: str, form: str) -> tuple[dict[str, Any], bytes]:
    with _remote(size, form) as film:
        if not film.streams.audio:
            raise Refused("The file holds no sound.")
        sound = film.streams.audio[0]
        if (name := _codec(sound)) not in SOUNDS and not name.startswith("pcm_"):
            raise Refused(f"The sound is coded as {name}, which browsers do not play. Save it as MP3 or AAC.")
        return {"sound": {"seconds": _heard(film, sound), "audio_codec": name}}, b""


def _heard(film: InputContainer, sound: AudioStream) -> float:
    """How long it lasts; a browser's recorder does not say so, and everything has to be gone through."""
    if film.duration is not None and film.duration > 0:
        return film.duration / av.time_base
    ends = [packet.pts + (packet.duration or 0) for packet in film.demux(sound) if packet.pts is not None]
    if not ends or sound.time_base is None:
        raise Refused("The file holds no sound.")
    return float(max(ends) * sound.time_base)


def _remote(size: str, form: str) -> InputContainer:
    return av.open(Remote(int(size), sys.stdin.buffer), "r", format=form, buffer_size=READ)


def _streams(film: InputContainer) -> tuple[VideoStream, Any]:
    """The first moving picture and the first sound; Refused when there is no picture, or browsers cannot play them."""
    still = av.stream.Disposition.attached_pic
    pictures = [stream for stream in film.streams.video if not stream.disposition & still]
    if not pictures:
        raise Refused("The file holds no moving pictures.")
    sound = film.streams.audio[0] if film.streams.audio else None
    for stream, playable in ((pictures[0], PICTURES), (sound, SOUNDS)):
        if stream is not None and (name := _codec(stream)) not in playable:
            raise Refused(f"The film is coded as {name}, which browsers do not play. Make it H.264 with AAC.")
    return pictures[0], sound


def _codec(stream: Any) -> str:
    return stream.codec_context.codec.canonical_name if stream.codec_context else "an unknown codec"


def _seconds(film: InputContainer, picture: VideoStream) -> float:
    if film.duration is not None and film.duration > 0:
        return film.duration / av.time_base
    if picture.duration is not None and picture.time_base is not None and picture.duration > 0:
        return float(picture.duration * picture.time_base)
    raise Refused("The film does not say how long it is.")


def _thumbnail(film: InputContainer, picture: VideoStream, seconds: float) -> tuple[bytes, int, int]:
    """A JPEG of the first telling frame, else of the most telling, and the film's width and height as shown."""
    picture.codec_context.thread_count = 1
    best, shape = b"", (0, 0)
    for place in PLACES:
        frame = _frame_at(film, picture, seconds * place)
        if frame is None:
            continue
        upright = _turned(frame)
        jpeg, pixels = _jpeg(upright)
        best, shape = max(best, jpeg, key=len), (upright.width, upright.height)
        if len(jpeg) > TELLING * pixels:
            break
    if not best:
        raise Refused("None of the film's pictures can be shown.")
    return best, *shape


def _frame_at(film: InputContainer, picture: VideoStream, seconds: float) -> VideoFrame | None:
    try:
        film.seek(int(seconds * av.time_base), backward=True)
        for tried, packet in enumerate(film.demux(picture)):
            for frame in packet.decode():
                return frame
            if tried > FRAMES:
                break
    except av.FFmpegError:
        return None
    return None


def _turned(frame: VideoFrame) -> VideoFrame:
    for direction in TURNS.get(frame.rotation, ()):
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or TICK
        )
        turn, sink = graph.add("transpose", direction), graph.add("buffersink")
        source.link_to(turn)
        turn.link_to(sink)
        graph.configure()
        graph.push(frame)
        turned = graph.pull()
        if not isinstance(turned, VideoFrame):
            break
        frame = turned
    return frame


def _jpeg(frame: VideoFrame) -> tuple[bytes, int]:
    width = min(WIDTH, frame.width) // 2 * 2 or 2
    height = max(2, round(frame.height * width / frame.width / 2) * 2)
    small = frame.reformat(width=width, height=min(height, 4 * WIDTH), format="yuvj420p")
    small.pts = 0
    encoder = VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = small.width, small.height, "yuvj420p"
    encoder.time_base = TICK
    encoder.qmin, encoder.qmax = 2, 4
    packets = [*encoder.encode(small), *encoder.encode(None)]
    return b"".join(map(bytes, packets)), small.width * small.height


def _rewrite(form: str, old: str, new: str) -> tuple[dict[str, Any], bytes]:
    with av.open(old, "r", format=form) as film:
        kept = [stream for stream in _streams(film) if stream is not None]
        kind = "webm" if ONLY_WEBM & {_codec(stream) for stream in kept} else "mp4"
        with av.open(new, "w", format=kind, options={"fflags": "+bitexact"}) as copy:
            places = {stream.index: copy.add_stream_from_template(stream) for stream in kept}
            for packet in _in_step(film.demux(kept)):
                packet.stream = places[packet.stream_index]
                copy.mux(packet)
    return {"written": kind if Path(new).stat().st_size else ""}, b""


def _in_step(packets: Iterable["Packet[Any]"]) -> Iterator["Packet[Any]"]:
    """The packets, each decoded later than the one before it: recorders stamp two alike, or leave some unstamped."""
    latest: dict[int, int] = {}
    for packet in packets:
        stamp = packet.pts if packet.dts is None else packet.dts
        if stamp is None:
            continue
        before = latest.get(packet.stream_index)
        if before is not None:
            stamp = before + 1 if packet.dts is None else max(before + 1, stamp)
        packet.dts = latest[packet.stream_index] = stamp
        packet.pts = stamp if packet.pts is None else max(packet.pts, stamp)
        yield packet


TASKS: dict[str, Callable[..., tuple[dict[str, Any], bytes]]] = {
    "probe": _probe,
    "listen": _listen,
    "rewrite": _rewrite,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
