"""Numbers of any count of bits, one after another."""

from typing import Literal


class BitReader:
    """Numbers out of bytes; zeros past their end, so that a damaged file ends in wrong numbers and not in an error.

    Args:
        content: The bytes.
        order: "big" begins at the most significant bit of the first byte (AV1, boxes), "little" at the least
            significant one (JPEG XL).

    >>> bits = BitReader(bytes.fromhex("a5ff"))
    >>> bits.take(4), bits.take(8), bits.take(8)
    (10, 95, 240)
    >>> BitReader(bytes.fromhex("a5ff"), "little").take(4)
    5
    """

    def __init__(self, content: bytes, order: Literal["big", "little"] = "big") -> None:
        self._content, self._order, self._at = content, order, 0

    def take(self, count: int) -> int:
        """The next number, of `count` bits."""
        first, self._at = self._at, self._at + count
        start, end = first // 8, (self._at + 7) // 8
        number = int.from_bytes(self._content[start:end].ljust(end - start, b"\0"), self._order)
        unused = -self._at % 8 if self._order == "big" else first % 8  # bits behind it, or before it
        return number >> unused & ((1 << count) - 1)

    def take_bytes(self, count: int) -> int:
        """The next number, of `count` bytes."""
        return self.take(8 * count)
