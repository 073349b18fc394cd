"""Damaged files of every kind into the readers, in processes of their own: an image or one line, nothing else.

`python -m benchmarks.fuzz_readers` does the same at length.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from benchmarks.fuzz_readers import batch
from hdrgen.errors import InputError
from hdrgen.io import read_header, read_image
from hdrgen.io.jpeg_markers import Claim, claim
from tests.mutated import HEIGHT, READERS, WIDTH, declare_huge, seeds

FILES = 120


@pytest.mark.parametrize("reader", READERS)
def test_an_image_or_one_line(reader):
    outcomes = batch(reader, 0, FILES, timeout=20)
    assert len(outcomes) == FILES
    assert not [(index, outcome) for index, outcome in outcomes if outcome not in ("image", "one line")]
    assert "one line" in dict(outcomes).values()


@pytest.mark.parametrize("name", sorted(seeds("jpeg")))
def test_claim_of_a_jpeg(name):
    found = claim(BytesIO(seeds("jpeg")[name]))
    assert found == Claim(WIDTH, HEIGHT, arithmetic=False)


def test_progressive_jpeg_that_claims_too_much(tmp_path):
    """libjpeg would take memory for all of it as soon as it is opened."""
    content = bytearray(seeds("jpeg")["progressive.jpg"])
    declare_huge(content, np.random.default_rng(8))
    found = claim(BytesIO(content))
    assert found is not None
    assert found.width * found.height > 1e7
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    for read in (read_header, read_image):
        with pytest.raises(InputError, match=rf"a\.jpg: .*claims {found.width} x {found.height} pixels, which"):
            read(path)


def test_size_of_a_jpeg_before_it_is_opened(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(seeds("jpeg")["progressive.jpg"])
    with pytest.raises(InputError, match=r"at most 0\.001 megapixels, found 80 x 64"):
        read_image(path, max_megapixels=0.001)
