"""Damaged files: small whole ones of every kind that is read, and what can happen to their bytes."""

import json
import struct
import zlib
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np

from tests import dng

WIDTH, HEIGHT = 80, 64
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_HUGE = (999, 4096, 30_000, 65_535, 1_000_000, 0x7FFFFFFF, 0xFFFFFFFF)
_TILES = (16, 32)
_SIDES = ((WIDTH,), (HEIGHT,), (WIDTH, HEIGHT), (WIDTH, HEIGHT), *((tile,) for tile in _TILES))
_HEADER = 1024
LISTED = tuple(f"img{number}.jpg" for number in range(9))
"""The images that the exposure lists are about."""

Mutation = Callable[[bytearray, np.random.Generator], None]


def flip_bits(content: bytearray, rng: np.random.Generator) -> None:
    """A few bits, half of the times in the header."""
    for at in _places(content, rng, int(rng.integers(1, 9))):
        content[at] ^= 1 << int(rng.integers(8))


def truncate(content: bytearray, rng: np.random.Generator) -> None:
    del content[int(rng.integers(1, len(content))) :]


def overwrite(content: bytearray, rng: np.random.Generator) -> None:
    """An extreme number of one, two or four bytes somewhere, in either byte order."""
    for at in _places(content, rng, int(rng.integers(1, 4))):
        size = int(rng.choice([1, 2, 4]))
        value = int(rng.choice(_EXTREMES)) & (256**size - 1)
        content[at : at + size] = value.to_bytes(size, "little" if rng.random() < 0.5 else "big")


def declare_huge(content: bytearray, rng: np.random.Generator) -> None:
    """Wherever width or height, or the side of a tile, may be written, a far larger one."""
    for side in _SIDES[int(rng.integers(len(_SIDES)))]:
        for old, new in _declarations(side, int(rng.choice(_HUGE))):
            head = bytes(content[:_HEADER]).replace(old, new)
            content[:_HEADER] = head


def move_a_part(content: bytearray, rng: np.random.Generator) -> None:
    """Some bytes removed, doubled, or replaced by those from elsewhere."""
    start, other = (int(at) for at in rng.integers(0, len(content), 2))
    length = int(rng.integers(1, 65))
    kept = [b"", content[start : start + length] * 2, content[other : other + length]]
    content[start : start + length] = kept[int(rng.integers(3))]


MUTATIONS: Sequence[Mutation] = (flip_bits, truncate, overwrite, declare_huge, move_a_part)


def mutate(whole: bytes, rng: np.random.Generator) -> bytes:
    """One or two mutations; the checksums of a PNG file are made right again half of the times."""
    content = bytearray(whole)
    for _ in range(int(rng.integers(1, 3))):
        MUTATIONS[int(rng.integers(len(MUTATIONS)))](content, rng)
        if len(content) < 2:
            content.extend(b"ab")
    if whole.startswith(b"\x89PNG") and rng.random() < 0.5:
        return with_checksums(bytes(content))
    return bytes(content)


def with_checksums(content: bytes) -> bytes:
    """A PNG file whose chunks have the checksums of what is in them, as far as they can be told."""
    result, at = content[:8], 8
    while at + 12 <= len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if end + 4 > len(content):
            break
        result += content[at:end] + zlib.crc32(content[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return result + content[at:]


def _places(content: bytearray, rng: np.random.Generator, count: int) -> list[int]:
    ends = rng.choice([min(64, len(content)), min(_HEADER, len(content)), len(content), len(content)], count)
    return [int(rng.integers(end)) for end in ends]


def _declarations(old: int, new: int) -> list[tuple[bytes, bytes]]:
    pairs = [(str(old).encode(), str(new).encode())]
    for size, order in ((4, "<"), (4, ">"), (2, "<"), (2, ">")):
        letter = {4: "I", 2: "H"}[size]
        stored = struct.pack(order + letter, new & (256**size - 1))
        pairs.append((struct.pack(order + letter, old), stored))
        pairs.append((struct.pack(order + letter, old - 1), stored))  # OpenEXR and JPEG XL store the last index
    return pairs


def seeds(reader: str) -> dict[str, bytes]:
    """Whole files by name, all for one reader; the names' suffixes are those to save mutated ones under."""
    return _SEEDS[reader]()


def _picture() -> np.ndarray:
    """Smooth in one half, noise in the other: both short and long codes are used."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    smooth = np.stack([x / WIDTH, y / HEIGHT, (x + y) / (WIDTH + HEIGHT)], axis=-1)
    noise = rng.random((HEIGHT, WIDTH, 3))
    return np.where(x[..., None] < WIDTH // 2, smooth, noise).astype(np.float32)


def _jpeg() -> dict[str, bytes]:
    from PIL import Image
    from PIL.TiffImagePlugin import IFDRational

    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769).update({33434: IFDRational(1, 60), 33437: IFDRational(28, 10), 34855: 200})
    picture = Image.fromarray((_picture() * 255).astype(np.uint8))
    kinds: dict[str, dict[str, object]] = {
        "exif.jpg": {"exif": exif},
        "progressive.jpg": {"progressive": True, "subsampling": 2},
        "restarts.jpg": {"restart_marker_rows": 1},
        "grey.jpg": {},
        "cmyk.jpg": {},
    }
    modes = {"grey.jpg": "L", "cmyk.jpg": "CMYK"}
    return {name: _pillow(picture.convert(modes.get(name, "RGB")), "jpeg", options) for name, options in kinds.items()}


def _png8() -> dict[str, bytes]:
    from PIL import Image

    picture = Image.fromarray((_picture() * 255).astype(np.uint8))
    return {
        "rgb.png": _pillow(picture, "png", {}),
        "palette.png": _pillow(picture.quantize(16), "png", {}),
        "alpha.png": _pillow(picture.convert("RGBA"), "png", {"dpi": (72, 72)}),
        "grey.png": _pillow(picture.convert("LA"), "png", {}),
    }


def _pillow(picture: object, kind: str, options: dict[str, object]) -> bytes:
    stream = BytesIO()
    picture.save(stream, kind, **options)  # type: ignore[attr-defined]
    return stream.getvalue()


def _png16() -> dict[str, bytes]:
    plain = {"rgb.png": _openimageio("a.png", "uint16"), "grey.png": _openimageio("b.png", "uint16", channels=1)}
    return plain | {"pq.png": _written(".pq.png")}


def _tiff(dtype: type) -> dict[str, bytes]:
    import tifffile

    scale = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    pixels = (_picture() * scale).astype(dtype)
    kinds: dict[str, dict[str, object]] = {
        "plain.tif": {},
        "tiles.tif": {"tile": (_TILES[0],) * 2, "compression": "deflate", "predictor": True},
        "big.tif": {"bigtiff": True, "compression": "zlib"},
        "planes.tif": {"planarconfig": "separate", "byteorder": ">"},
    }
    result = {}
    for name, options in kinds.items():
        data = pixels.transpose(2, 0, 1) if "planarconfig" in options else pixels
        stream = BytesIO()
        tifffile.imwrite(stream, data, photometric="rgb", **options)  # type: ignore[arg-type]
        result[name] = stream.getvalue()
    return result


def _tiff8() -> dict[str, bytes]:
    from PIL import Image

    picture = Image.fromarray((_picture() * 255).astype(np.uint8))
    packed = {
        f"{name}.tif": _pillow(picture.convert(mode), "tiff", {"compression": name})
        for name, mode in (("jpeg", "RGB"), ("tiff_lzw", "RGB"), ("packbits", "CMYK"), ("group4", "1"))
    }
    return _tiff(np.uint8) | packed


def _tiff16() -> dict[str, bytes]:
    return _tiff(np.uint16) | {"lzw.tif": _openimageio("a.tif", "uint16", compression="lzw")}


def _tiff_float() -> dict[str, bytes]:
    return _tiff(np.float32) | {f"half_{name}": content for name, content in _tiff(np.float16).items()}


def _exr() -> dict[str, bytes]:
    methods = ("none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab")
    plain = {f"{name}.exr": _openimageio("a.exr", "half", compression=name) for name in methods}
    tiled = _openimageio("a.exr", "float", tile=_TILES[1], compression="zip")
    return plain | {"float.exr": _openimageio("a.exr", "float", compression="zip"), "tiled.exr": tiled}


def _hdr() -> dict[str, bytes]:
    """With the other formats of plain floats."""
    rgbe = _openimageio("a.hdr", "float")
    pixels = _radiance().astype("<f4")
    colour, grey = (b"%s\n%d %d\n-1.0\n" % (kind, WIDTH, HEIGHT) for kind in (b"PF", b"Pf"))
    return {
        "a.hdr": rgbe,
        "xyze.hdr": rgbe.replace(b"32-bit_rle_rgbe", b"32-bit_rle_xyze"),
        "a.pfm": colour + pixels[::-1].tobytes(),
        "grey.pfm": grey + pixels[::-1, :, 0].tobytes(),
    }


def _openimageio(name: str, kind: str, *, channels: int = 3, tile: int = 0, **attributes: object) -> bytes:
    import tempfile

    import OpenImageIO as oiio

    spec = oiio.ImageSpec(WIDTH, HEIGHT, channels, kind)
    spec.tile_width = spec.tile_height = tile
    for key, value in attributes.items():
        spec.attribute(key, value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        output = oiio.ImageOutput.create(str(path))
        assert output.open(str(path), spec), output.geterror()
        assert output.write_image(np.ascontiguousarray(_picture()[..., :channels])), output.geterror()
        assert output.close(), output.geterror()
        return path.read_bytes()


def _raw() -> dict[str, bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.dng"
        found = {"a.dng": dng.write_dng(path, _picture()).read_bytes()}
        found |= {"half.dng": _written(".dng"), "float.dng": _written(".dng", float32=True)}
        if find_spec("imagecodecs"):
            found["tiles.dng"] = dng.write_dng(path, _picture(), compressed=True).read_bytes()
        return found


def _radiance() -> np.ndarray:
    return _picture() ** 2 * 20


def _written(suffix: str, **options: object) -> bytes:
    """By this package: the formats whose files only it writes with all their parts."""
    import tempfile

    from hdrgen.io import Camera, Exposure, write_image

    tags = {"exposure": Exposure(time=0.25, fnumber=4, iso=200), "camera": Camera("Canon", "EOS")}
    with tempfile.TemporaryDirectory() as folder:
        return write_image(Path(folder) / f"a{suffix}", _radiance(), **tags, **options).read_bytes()  # type: ignore[arg-type]


def _ultra_hdr() -> dict[str, bytes]:
    import imagecodecs

    rgba = np.concatenate([_radiance(), np.ones((HEIGHT, WIDTH, 1))], axis=-1).astype(np.float16)
    return {"a.uhdr.jpg": _written(".uhdr.jpg"), "libultrahdr.jpg": imagecodecs.ultrahdr_encode(rgba, scale=2)}


def _jpeg_xl() -> dict[str, bytes]:
    import imagecodecs

    bare = imagecodecs.jpegxl_encode((_picture() * 255).astype(np.uint8), distance=1.0, usecontainer=False)
    return {"exif.jxl": _written(".jxl"), "lossy.jxl": _written(".jxl", quality=80), "bare.jxl": bare}


def _avif() -> dict[str, bytes]:
    from PIL import Image

    picture = Image.fromarray((_picture() * 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "a.avif": _written(".avif"),
        "alpha.avif": _pillow(picture.convert("RGBA"), "avif", {"quality": 70, "exif": exif}),
        "moving.avif": _pillow(picture, "avif", {"save_all": True, "append_images": [picture], "duration": 40}),
        "tiles.avif": _pillow(picture, "avif", {"subsampling": "4:2:0", "autotiling": False, "tile_rows": 1}),
    }


def _arrays() -> dict[str, bytes]:
    result = {}
    for dtype in (np.uint8, np.float32, np.float64):
        stream = BytesIO()
        np.save(stream, (_picture() * (255 if dtype == np.uint8 else 1)).astype(dtype))
        result[f"{np.dtype(dtype).name}.npy"] = stream.getvalue()
    return result


def _lists() -> dict[str, bytes]:
    table = "file,time,fnumber,iso\n" + "".join(f"{name},1/{2**at},2.8,100\n" for at, name in enumerate(LISTED))
    stops = "\n".join(str(at - 4.0) for at in range(len(LISTED)))
    return {
        "exposures.csv": table.encode(),
        "exposures.json": json.dumps({name: {"time": 0.25} for name in LISTED}).encode(),
        "exposure.txt": stops.encode(),
    }


_SEEDS: dict[str, Callable[[], dict[str, bytes]]] = {
    "jpeg": _jpeg,
    "png 8": _png8,
    "png 16": _png16,
    "tiff 8": _tiff8,
    "tiff 16": _tiff16,
    "tiff float": _tiff_float,
    "exr": _exr,
    "hdr": _hdr,
    "raw": _raw,
    "ultra hdr": _ultra_hdr,
    "jpeg xl": _jpeg_xl,
    "avif": _avif,
    "npy": _arrays,
    "exposure lists": _lists,
}
_OPTIONAL = ("ultra hdr", "jpeg xl", "avif") if find_spec("imagecodecs") is None else ()
READERS = tuple(reader for reader in _SEEDS if reader not in _OPTIONAL)
