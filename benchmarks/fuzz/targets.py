"""The parsers of bytes that are hdrgen's own, each with whole inputs to begin with."""

import json
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.fuzz import texts
from benchmarks.fuzz.scratch import file_of
from tests.mutated import seeds


class Target(NamedTuple):
    """A parser.

    Attributes:
        read: Gives it bytes; what is wrong with its answer is an `AssertionError`.
        seeds: Whole inputs.
    """

    read: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]


def of(*readers: str) -> Callable[[], list[bytes]]:
    """The whole files of some readers."""
    return lambda: [content for reader in readers for content in seeds(reader).values()]


def check_colours(chromaticities: tuple[float, ...] | None) -> None:
    """Whatever a file says of its colours can be converted."""
    from hdrgen.io import BT2020, conversion

    if chromaticities is not None:
        matrices = conversion(chromaticities, BT2020.chromaticities), conversion(BT2020.chromaticities, chromaticities)
        assert np.isfinite(matrices).all(), f"colours {chromaticities}"


def check_tags(metadata: dict[str, Any]) -> None:
    """Whatever a file says of its exposure can be written into another."""
    from hdrgen.io.containers.tiff_directories import BYTE_ORDERS
    from hdrgen.io.metadata.exif import exposure_from
    from hdrgen.io.metadata.exif_block import in_exif, metadata_in
    from hdrgen.io.metadata.exif_in_place import _directory
    from hdrgen.io.metadata.tags import Tags

    reading = exposure_from(metadata)
    stops = reading.exposure.stops
    assert stops is None or np.isfinite(stops)
    str(reading.exposure)
    metadata_in(Tags(reading.exposure, reading.camera).exif())
    for order in BYTE_ORDERS.values():
        _directory(in_exif(reading.exposure), 8, order)


def boxes(content: bytes) -> None:
    from hdrgen.io.codecs.avif import Avif

    path = file_of(content, "a.avif")
    check_colours(Avif().chromaticities(path))
    Avif().summary(path)


def codestream(content: bytes) -> None:
    from hdrgen.io.codecs.jpeg_xl import JpegXl

    JpegXl().summary(file_of(content, "a.jxl"))


def segments(content: bytes) -> None:
    """With gain maps by the index of further pictures."""
    from hdrgen.io.codecs.jpeg_gain_map import find_gain_map
    from hdrgen.io.codecs.jpeg_picture import stored_jpeg

    path = file_of(content, "a.jpg")
    find_gain_map(path)
    stored = stored_jpeg(path)
    check_colours(stored.chromaticities)
    check_tags(stored.metadata)


def gain_map(content: bytes) -> None:
    from hdrgen.io.gain_maps.gain_map import GainMap, apply_gain_map
    from hdrgen.io.gain_maps.gain_map_metadata import metadata_in_segments

    found = metadata_in_segments([content], Path("a.jpg"))
    if found is not None:
        base = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
        for levels in (base, base[:2]):
            assert np.isfinite(apply_gain_map(GainMap(levels, found), base)).all(), f"{found}"


def _gain_maps() -> list[bytes]:
    from hdrgen.io.gain_maps.gain_map import GainMapMetadata
    from hdrgen.io.gain_maps.gain_map_metadata import iso_segment, xmp_segment

    told = GainMapMetadata((-1.0, 0.0, 0.5), (3.0, 2.0, 4.0), gamma=(1.0, 2.0, 0.5), headroom=3.0)
    return [iso_segment(told), xmp_segment(told)]


def exif(content: bytes) -> None:
    from hdrgen.io.metadata.exif_block import metadata_in

    check_tags(metadata_in(content))


def _exif_blocks() -> list[bytes]:
    from hdrgen.io.exposure import Camera, Exposure
    from hdrgen.io.metadata.exif_block import exif_block

    block = exif_block(Exposure(time=1 / 60, fnumber=2.8, iso=200), Camera("Canon", "EOS"))
    return [block, b"Exif\0\0" + block]


def attributes(content: bytes) -> None:
    """As OpenImageIO hands them on: numbers of single precision, texts, tuples."""
    names = ["ExposureTime", "FNumber", "isoSpeed", "Exif:PhotographicSensitivity", "Exif:ShutterSpeedValue"]
    names += ["Exif:ApertureValue", "hdrgen:ev", "Make", "Model"]
    numbers = np.frombuffer(content[: len(content) // 4 * 4], np.float32).tolist()
    check_tags({names[at % len(names)]: number for at, number in enumerate(numbers)} if numbers else {})


def directories(content: bytes) -> None:
    from hdrgen.io.codecs.raw import _is_raw_inside
    from hdrgen.io.codecs.raw_extent import check_extent
    from hdrgen.io.samples.float_raw import float_page, own_colours

    path = file_of(content, "a.dng")
    _is_raw_inside(path, content[:64])
    page = float_page(path)
    check_colours(None if page is None else own_colours(path, page))
    check_extent(path)


def profile(content: bytes) -> None:
    from hdrgen.io.metadata.icc import chromaticities_of

    check_colours(chromaticities_of(content))


def _profiles() -> list[bytes]:
    from PIL.ImageCms import ImageCmsProfile, createProfile

    from hdrgen.io import BT2020, DISPLAY_P3
    from hdrgen.io.metadata.icc import display_profile

    own = [display_profile(space.chromaticities, linear=linear) for space in (BT2020, DISPLAY_P3) for linear in (0, 1)]
    return [*own, ImageCmsProfile(createProfile("sRGB")).tobytes()]


def chunks(content: bytes) -> None:
    from hdrgen.io.containers.png_chunks import check_chunks
    from hdrgen.io.metadata.exif_in_place import _exif_chunk

    path = file_of(content, "a.png")
    _exif_chunk(BytesIO(content))
    check_chunks(path)


def radiance(content: bytes) -> None:
    from hdrgen.io.codecs.radiance_hdr import RadianceHdr

    check_colours(RadianceHdr().chromaticities(file_of(content, "a.hdr")))


def _radiance() -> list[bytes]:
    line = b"PRIMARIES=0.64 0.33 0.30 0.60 0.15 0.06 0.3127 0.3290\n"
    return [b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n" + line + b"\n-Y 1 +X 1\n", *seeds("hdr").values()]


def array(content: bytes) -> None:
    from hdrgen.io import read_array

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read_array(file_of(content, "a.npy"))


def bits(content: bytes) -> None:
    from hdrgen.io.containers.bits import BitReader

    for order in ("big", "little"):
        reader = BitReader(content, order)  # type: ignore[arg-type]
        for count in content:
            assert 0 <= reader.take(count) < 1 << count


def arguments(content: bytes) -> None:
    """What a checkpoint says of its method."""
    from hdrgen.errors import InputError
    from hdrgen.methods.loading import method_in
    from hdrgen.weights.checkpoint import _check_entries

    try:
        given = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(given, dict):
        try:
            whole = {"state_dict": {}, "hyper_parameters": given}
            _check_entries(whole)
            method_in(whole, "a.ckpt")
        except InputError as error:
            if "expected weights" not in str(error):
                raise


def _arguments() -> list[bytes]:
    from hdrgen import methods

    optimizer = {"class_path": "torch.optim.Adam", "init_args": {"lr": 1e-4, "betas": [0.9, 0.99]}}
    names = [name for name in methods.__all__ if isinstance(getattr(methods, name), type)]
    return [json.dumps({"_class_path": f"hdrgen.methods.{name}", "optimizer": optimizer}).encode() for name in names]


def checkpoint(content: bytes) -> None:
    from hdrgen.weights import read_checkpoint

    read_checkpoint(file_of(content, "a.safetensors" if content[8:9] == b"{" else "a.ckpt"))


def _checkpoints() -> list[bytes]:
    import torch
    from safetensors.torch import save

    told = {"class_path": "hdrgen.methods.CEVR", "init_args": {"channels": [8, 16]}}
    state = {"a.weight": torch.ones(2, 3), "a.bias": torch.zeros(2)}
    content = {"state_dict": state, "hyper_parameters": {"_class_path": "hdrgen.methods.CEVR"}, "callbacks": {}}
    packed, plain = BytesIO(), BytesIO()
    torch.save(content, packed)
    torch.save(content, plain, _use_new_zipfile_serialization=False)
    return [packed.getvalue(), plain.getvalue(), save(state, {"hdrgen": json.dumps(told)})]


TARGETS: dict[str, Target] = {
    "boxes": Target(boxes, of("avif")),
    "codestream": Target(codestream, of("jpeg xl")),
    "segments": Target(segments, of("jpeg", "ultra hdr")),
    "gain map": Target(gain_map, _gain_maps),
    "exif": Target(exif, _exif_blocks),
    "attributes": Target(attributes, lambda: [np.array([0.01, 2.8, 100, 100, 7, 3, 1], np.float32).tobytes()]),
    "directories": Target(directories, of("raw", "tiff 8")),
    "profile": Target(profile, _profiles),
    "chunks": Target(chunks, of("png 8")),
    "radiance": Target(radiance, _radiance),
    "array": Target(array, of("npy")),
    "bits": Target(bits, lambda: [bytes(range(64))]),
    "arguments": Target(arguments, _arguments),
    "checkpoint": Target(checkpoint, _checkpoints),
    **{name: Target(*target) for name, target in texts.TARGETS.items()},
}
"""By name."""
