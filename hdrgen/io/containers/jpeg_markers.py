"""The marker segments of a JPEG file, without a library that would take memory for what they claim.

Pillow's `JpegImageFile` was tried for size, EXIF and profile. It agrees on whole files, but of 7,000 damaged ones it
refuses 407 whose size is told here, among them 39 that libjpeg decodes, and OpenImageIO with it: nothing would bound
the memory for those. Where segments begin, for the index of further pictures and to add some, it does not tell.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hdrgen.errors import InputError

SOI, SOS, EOI = 0xD8, 0xDA, 0xD9
APP1, APP2 = 0xE1, 0xE2
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # C4, C8 and CC are tables
_ARITHMETIC = 0xC9
_PROGRESSIVE, _LOSSLESS = 2, 3  # of the last two bits of the marker
_MOST_SCANS = 200  # usual are 10; each goes over the whole picture, and thousands fit into a small file
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_PIXELS_PER_BYTE = {
    False: 512,
    True: 50_000,
}  # by whether it is coded arithmetically, where a flat block is next to nothing


class Segment(NamedTuple):
    """One marker segment: its marker, where it begins in the file (at the 0xFF), and its content."""

    marker: int
    start: int
    content: bytes


class JpegFrame(NamedTuple):
    """What the frame header says of the picture as it is stored."""

    width: int
    height: int
    arithmetic: bool
    progressive: bool = False
    channels: int = 3
    bits: int = 8
    lossless: bool = False


def segments(stream: BinaryIO) -> Iterator[Segment]:
    """The segments from the present position, that of a start of image, up to the first scan or the end of the file.

    Bytes between segments are skipped, as libjpeg does.
    """
    if stream.read(2) != bytes((0xFF, SOI)):
        return
    while (marker := _next_marker(stream)) not in (None, SOS, EOI):
        assert marker is not None
        if marker in _ALONE:
            continue
        start = stream.tell() - 2
        length = int.from_bytes(stream.read(2), "big")
        yield Segment(marker, start, stream.read(max(0, length - 2)))


def _next_marker(stream: BinaryIO) -> int | None:
    """The next byte that is neither 0 nor 0xFF after a 0xFF; None at the end of the file."""
    after_ff = False
    while byte := stream.read(1):
        if after_ff and byte[0] not in (0x00, 0xFF):
            return byte[0]
        after_ff = byte[0] == 0xFF
    return None


def frame_of(stream: BinaryIO) -> JpegFrame | None:
    """The size in the first frame header, None without one."""
    for marker, _, content in segments(stream):
        if marker in _FRAMES and len(content) >= 5:
            height, width = int.from_bytes(content[1:3], "big"), int.from_bytes(content[3:5], "big")
            channels = content[5] if len(content) > 5 else 3
            kind = marker >= _ARITHMETIC, marker & 3 == _PROGRESSIVE, channels, content[0], marker & 3 == _LOSSLESS
            return JpegFrame(width, height, *kind)
    return None


def claimed_frame(path: Path) -> JpegFrame | None:
    """What the frame header of a JPEG file says, None where there is none.

    libjpeg takes memory for the whole of a progressive picture as soon as it is opened, so the claim is compared with
    the file: every block of 64 pixels has at least one bit in a Huffman-coded file, 512 pixels a byte.

    Raises:
        InputError: More pixels than the file can hold, or more scans than any encoder writes.
    """
    with path.open("rb") as stream:
        frame = frame_of(stream)
    if frame is None:
        return None
    size = path.stat().st_size
    if frame.width * frame.height > _PIXELS_PER_BYTE[frame.arithmetic] * size:
        excess = f"its header claims {frame.width} x {frame.height} pixels, which {size} bytes cannot hold"
        raise InputError(f"{path}: truncated or corrupt JPEG file ({excess})")
    if frame.progressive and (scans := path.read_bytes().count(bytes((0xFF, SOS)))) > _MOST_SCANS:
        raise InputError(f"{path}: corrupt JPEG file (expected at most {_MOST_SCANS} scans, found {scans})")
    return frame


def start_of_scan(content: bytes) -> int:
    """Where the segments before the first scan of a file end."""
    return max((part.start + 4 + len(part.content) for part in segments(BytesIO(content))), default=0)


def end_of_picture(content: bytes) -> int:
    """Where the first picture of a file ends, behind its end of image; the file's end where there is none.

    What looks like an end within a segment, such as a thumbnail's, is none.
    """
    at = 2
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content):
        marker = content[at + 1]
        if marker == EOI:
            return at + 2
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker == 0 or marker in _ALONE:  # within a scan
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return len(content)


def first_picture(content: bytes, left_out: Callable[[Segment], bool]) -> bytes:
    """The first picture of a file without some of its segments, and without what follows it."""
    kept, at = b"", 0
    for part in filter(left_out, segments(BytesIO(content))):
        kept += content[at : part.start]
        at = part.start + 4 + len(part.content)
    return kept + content[at : end_of_picture(content)]
