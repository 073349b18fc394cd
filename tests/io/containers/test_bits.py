"""Numbers of any count of bits, against the bits written out."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdrgen.io.containers.bits import BitReader


@given(st.binary(max_size=12), st.lists(st.integers(0, 40), max_size=12), st.sampled_from(["big", "little"]))
def test_as_written_out(content: bytes, counts: list[int], order: Literal["big", "little"]):
    digits = [f"{byte:08b}" for byte in content]
    text = "".join(digits) if order == "big" else "".join(byte[::-1] for byte in digits)
    text += "0" * sum(counts)  # past the end
    reader, at = BitReader(content, order), 0
    for count in counts:
        piece = text[at : at + count]
        assert reader.take(count) == int((piece if order == "big" else piece[::-1]) or "0", 2)
        at += count


@pytest.mark.parametrize("size", [0, 1, 3, 8])
def test_bytes(size):
    assert BitReader(bytes(range(1, 9))).take_bytes(size) == int.from_bytes(bytes(range(1, 9))[:size], "big")
