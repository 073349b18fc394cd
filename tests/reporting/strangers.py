"""Runs as strangers may hand them over: each function spoils one folder of a training with a test."""

import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hdrgen.io import write_image

SECRET = "between us"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "\n".join(
    f"{name}: &{name}\n  <<: [{', '.join([f'*{before}'] * 10)}]"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def _config(text: str | bytes) -> Callable[[Path], None]:
    return lambda run: (run / "config.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())


def _about(**changed: object) -> Callable[[Path], None]:
    def spoil(run: Path) -> None:
        path = run / "test" / "metrics.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changed))

    return spoil


def _write(name: str, text: str | bytes) -> Callable[[Path], None]:
    return lambda run: (run / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def _sparse(name: str) -> Callable[[Path], None]:
    return lambda run: os.truncate(run / name, 2**33)


def _link(name: str, target: str) -> Callable[[Path], None]:
    def spoil(run: Path) -> None:
        if (run / name).is_dir():
            (run / name).rename(run / "before")
        else:
            (run / name).unlink()
        (run / name).symlink_to(target)

    return spoil


def _pipe(name: str) -> Callable[[Path], None]:
    def spoil(run: Path) -> None:
        (run / name).unlink()
        os.mkfifo(run / name)

    return spoil


def _bright(run: Path) -> None:
    picture = np.full((12, 20, 3), 1e-30, np.float32)
    picture[0] = 1e38
    write_image(run / PICTURE, picture)


def _png(width: int, height: int) -> bytes:
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(10**6))))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


SCENE = "test/extremes/worst-1-scene0"
PICTURE = f"{SCENE}/result.hdr"
SCORES = "scene,ev,metric,value\n"
MANY = {f"m{at}": {str(100 * at + ev): 1.0 for ev in range(100)} for at in range(150)}

ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "aliases that repeat": (_config(BOMB), "config.yaml: expected values of at most 2 MB"),
    "merge keys that repeat": (_config(MERGES), "config.yaml: expected values of at most 2 MB"),
    "an alias within itself": (_config("a: &a [*a]"), "config.yaml: expected plain values, found *a, which contains"),
    "aliases of a long text": (
        _config("a: &a " + "x" * 500_000 + "\nb: [" + "*a," * 100_000 + "]"),
        "config.yaml: expected values of at most 2 MB",
    ),
    "deep YAML": (_config("[" * 100_000), "config.yaml: expected values at most 40 levels deep"),
    "a long number to base 60": (_config("a: 1" + ":11" * 300_000), "config.yaml: expected numbers of at most 100"),
    "a long name of many settings": (
        _config(f"{'k' * 1000}:\n  {'l' * 1000}:\n" + "".join(f"    s{at}: 1\n" for at in range(40_000))),
        "",
    ),
    "a value that is not what it says": (_config("a: !!timestamp now\nb: !!int x"), "config.yaml: expected YAML"),
    "an object of Python": (_config("a: !!python/object/apply:os.getcwd []"), "config.yaml: expected YAML"),
    "bytes that are no text": (_config(b"a: \xff\xfe\x00"), "config.yaml: expected YAML"),
    "a configuration of 8 GB": (_sparse("config.yaml"), "config.yaml: expected at most 1 MB"),
    "a link to a text elsewhere": (_link("config.yaml", "../secret"), "config.yaml: expected a file in"),
    "deep JSON": (_write("test/metrics.json", "[" * 100_000), "metrics.json: expected values at most 40 levels deep"),
    "JSON 900 deep": (_write("software.json", "[" * 900 + "]" * 900), "software.json: expected values at most 40"),
    "numbers beyond floats": (_about(means={"psnr": {"mean": 10**4000}}), "metrics.json: expected numbers by metric"),
    "numbers beyond JSON": (_write("software.json", "9" * 5000), "software.json: expected JSON"),
    "no numbers": (_about(means={"psnr": {"mean": float("nan"), "1": float("inf"), "2": 1e308}}), ""),
    "settings of odd types": (
        _about(
            higher_is_better={"psnr": ["yes"]}, protocol={"luminance": float("inf"), "name": {}}, data=[], scenes={}
        ),
        "",
    ),
    "half a character": (_about(method="\ud800", ckpt_path="\udc80"), ""),
    "more columns than a page holds": (_about(means=MANY, deviations=MANY), ""),
    "too many metrics": (
        _about(means={str(at): {} for at in range(300)}),
        "metrics.json: expected at most 200 metrics",
    ),
    "rows longer than their head": (_write("metrics.csv", "step,loss\n1,2,3,4\n"), ""),
    "a long field": (_write("metrics.csv", "step,loss\n1," + "9" * 200_000), "metrics.csv: expected CSV, field larger"),
    "a million columns": (
        _write("metrics.csv", "step," + ",".join(map(str, range(10**6))) + "\n" + "1\n" * 10_000),
        "metrics.csv: expected at most 500 columns",
    ),
    "a million rows": (
        _write("metrics.csv", "step,loss\n" + "1,2\n" * 10**6),
        "metrics.csv: expected at most 500000 rows",
    ),
    "values beyond any scale": (
        _write("metrics.csv", "step,loss,l1\n1,1e308,5e-324\nnan,-1e308,0\ninf,1,5e-324\n2,nan,1e-310\n9e99,-inf,1\n"),
        "",
    ),
    "scores of both infinities": (_write("test/metrics.csv", SCORES + "a,1,psnr,inf\na,2,psnr,-inf\n" * 2), ""),
    "a link to a picture elsewhere": (_link(PICTURE, "../../../../secret.hdr"), "result.hdr: expected a file in"),
    "a link in a circle": (_link(PICTURE, "result.hdr"), "result.hdr: "),
    "a link to all files": (_link("test/extremes", "/"), ""),
    "a test that lies elsewhere": (_link("test", "../elsewhere"), "metrics.json: expected a file in"),
    "a pipe for a picture": (_pipe(PICTURE), "result.hdr: expected an image file, found a device or pipe"),
    "a pipe for curves": (_pipe("metrics.csv"), ""),
    "a picture of 25 megapixels": (
        _write(PICTURE, b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 5000 +X 5000\n" + bytes(10**6)),
        "result.hdr: expected at most 16 megapixels",
    ),
    "a PNG of 900 megapixels": (
        _write(f"{SCENE}/input.png", _png(30_000, 30_000)),
        "input.png: truncated or corrupt PNG header",
    ),
    "a picture that is none": (_write(PICTURE, "hello"), "result.hdr: "),
    "an empty picture": (_write(f"{SCENE}/truth.hdr", ""), "truth.hdr: the file is empty"),
    "blinding and black": (_bright, ""),
    "a scene of no name": (_write(f"{SCENE}/scene.json", '{"scene": {"a": [1]}}'), ""),
    "a scene without end": (_write(f"{SCENE}/scene.json", "{" * 10**5), "scene.json: expected JSON"),
}
"""What is done to a run, and what the warning says; an empty one where the page is as good without any."""
