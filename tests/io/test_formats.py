"""One codec for each format, in one table."""

import copy
import pickle
import re
from pathlib import Path

import pytest

import hdrgen.io
from hdrgen.errors import InputError
from hdrgen.io.formats import FileFormat, codec_to_write, detect, is_result
from tests.mutated import READERS, seeds

KINDS = {
    "jpeg": FileFormat.JPEG,
    "png 8": FileFormat.PNG,
    "png 16": FileFormat.PNG,
    "tiff 8": FileFormat.TIFF,
    "tiff 16": FileFormat.TIFF,
    "tiff float": FileFormat.TIFF,
    "exr": FileFormat.EXR,
    "hdr": FileFormat.HDR,
    "raw": FileFormat.RAW,
    "ultra hdr": FileFormat.JPEG,
    "jpeg xl": FileFormat.JPEG_XL,
    "avif": FileFormat.AVIF,
}


@pytest.mark.parametrize("reader", sorted(KINDS.keys() & set(READERS)))
def test_known_by_content(tmp_path, reader):
    for name, content in seeds(reader).items():
        (tmp_path / "a.txt").write_bytes(content)
        assert detect(tmp_path / "a.txt") is (FileFormat.PFM if name.endswith(".pfm") else KINDS[reader])


def test_suffix_of_raw_counts_only_for_what_may_be_raw(tmp_path):
    for reader, kind in (("jpeg", FileFormat.JPEG), ("tiff 8", FileFormat.RAW)):
        (tmp_path / "a.nef").write_bytes(next(iter(seeds(reader).values())))
        assert detect(tmp_path / "a.nef") is kind


@pytest.mark.parametrize("kind", FileFormat)
def test_headers_go_between_processes(kind):
    assert pickle.loads(pickle.dumps(kind)) is kind
    assert copy.deepcopy(kind) is kind


@pytest.mark.parametrize("kind", FileFormat)
def test_what_is_written_is_found_again(kind):
    assert set(kind.codec.written) <= set(kind.codec.suffixes)
    for suffix in kind.codec.written:
        assert codec_to_write(Path(f"a{suffix}")) == kind.codec
        assert is_result(Path(f"a{suffix}")) is kind.codec.result


def test_names_that_nothing_is_written_under():
    for name in ("a.nef", "a.bmp", "a"):
        with pytest.raises(InputError, match=r"expected one of the suffixes .*\.jpg .*\.tif .*, found"):
            codec_to_write(Path(name))


def test_nothing_else_switches_on_the_format():
    folder = Path(hdrgen.io.__file__).parent
    switching = [
        path.name for path in folder.rglob("*.py") if re.search(r"FileFormat\.[A-Z]", path.read_text(encoding="utf-8"))
    ]
    assert not switching
