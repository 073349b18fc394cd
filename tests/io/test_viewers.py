"""HDR pictures through programs that others wrote, where they are installed: what they see, and what they are told."""

import json
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from hdrgen.io import Camera, Exposure, write_image

pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
PACKAGES = {"avifdec": "libavif-bin", "djxl": "libjxl-tools", "exiftool": "libimage-exiftool-perl", "ffprobe": "ffmpeg"}
BT709_TO_BT2020 = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
"""ITU-R BT.2087, table of clause 2."""


def seen_by(program: str, *arguments: str | Path) -> str:
    """What a program prints; the test is skipped without it."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (Debian: {PACKAGES[program]})")
    return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """Radiance in BT.709 from 1/64 to 24, in every hue, larger in one corner than in the others."""
    y, x = np.mgrid[0:72, 0:128].astype(np.float32)
    hue = np.stack([np.cos(y / 12), np.cos(y / 12 + 2.1), np.cos(y / 12 - 2.1)], axis=-1) * 0.4
    return (2 ** (x / 12 - 6))[..., None] * (1 + hue)


@pytest.fixture(scope="module")
def written(scene, tmp_path_factory):
    """The same scene in a format, with what a camera says."""
    folder = tmp_path_factory.mktemp("written")
    tags = {"exposure": Exposure(time=1 / 60, fnumber=4, iso=200), "camera": Camera("Canon", "Canon EOS 5D")}

    def write(suffix: str) -> Path:
        return write_image(folder / f"a{suffix}", scene, **tags)

    return write


def pq(signal: np.ndarray) -> np.ndarray:
    """Radiance of SMPTE ST 2084 signals, 203 cd/m2 of which are 1."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = signal ** (1 / m2)
    return (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1) * 10_000 / 203


@pytest.mark.parametrize(
    ("suffix", "program", "options", "largest"),
    [(".avif", "avifdec", ["-d", "16"], 0.02), (".jxl", "djxl", ["--bits_per_sample", "16"], 0.0004)],
)
def test_radiance(written, scene, tmp_path, suffix, program, options, largest):
    """Stops between medians, above a floor of 1/64; the quantisation of PQ, and AVIF's compression."""
    seen_by(program, *options, written(suffix), tmp_path / "a.png")
    levels = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert levels.dtype == np.uint16
    wide = scene @ np.array(BT709_TO_BT2020).T
    stops = np.abs(np.log2((pq(levels / 65535) + 1 / 64) / (wide + 1 / 64)))
    assert np.median(stops) < largest


@pytest.mark.parametrize("suffix", [".avif", ".jxl"])
def test_signalling(written, suffix):
    fields = "width,height,color_range,color_transfer,color_primaries"
    command = ["-v", "error", "-show_entries", f"stream={fields}", "-of", "json"]
    found = json.loads(seen_by("ffprobe", *command, written(suffix)))["streams"][0]
    expected = {"color_range": "pc", "color_transfer": "smpte2084", "color_primaries": "bt2020"}
    assert found == {"width": 128, "height": 72} | expected


def test_bits_and_matrix_of_avif(written):
    told = {
        name.strip(" *"): value.strip()
        for name, _, value in (
            line.partition(":") for line in seen_by("avifdec", "--info", written(".avif")).split("\n")
        )
    }
    assert (told["Bit Depth"], told["Format"], told["Range"]) == ("10", "YUV444", "Full")
    assert (told["Color Primaries"], told["Transfer Char."], told["Matrix Coeffs."]) == ("9", "16", "9")


@pytest.mark.parametrize("suffix", [".avif", ".jxl", ".uhdr.jpg", ".exr", ".png", ".tif", ".jpg"])
def test_tags(written, scene, suffix, tmp_path):
    found = json.loads(seen_by("exiftool", "-json", "-n", written(suffix)))[0]
    assert found["ExposureTime"] == pytest.approx(1 / 60, rel=1e-5)
    assert (found.get("FNumber", found.get("Aperture")), found["ISO"]) == (4, 200)
    assert (found["Make"], found["Model"]) == ("Canon", "Canon EOS 5D")
    assert found.get("Orientation", 1) == 1


def test_gain_map(written, scene, tmp_path):
    path = written(".uhdr.jpg")
    found = json.loads(seen_by("exiftool", "-json", "-struct", "-G1", "-n", path))[0]
    assert found["XMP-hdrgm:Version"] == 1.0
    assert found["MPF0:NumberOfImages"] == 2
    content, size = path.read_bytes(), found["MPImage2:MPImageLength"]
    listed = [entry["Item"] for entry in found["XMP-Container:Directory"]]
    assert listed[1] == {"Semantic": "GainMap", "Mime": "image/jpeg", "Length": size}
    assert found["MPImage2:MPImageStart"] + size == len(content)
    (tmp_path / "map.jpg").write_bytes(content[-size:])
    inside = json.loads(seen_by("exiftool", "-json", "-G1", "-n", tmp_path / "map.jpg"))[0]
    assert (inside["File:ImageWidth"], inside["File:ImageHeight"]) == (128, 72)
    assert inside["XMP-hdrgm:HDRCapacityMax"] == pytest.approx(np.log2(scene.max()), abs=1e-5)
    assert not inside["XMP-hdrgm:BaseRenditionIsHDR"]
