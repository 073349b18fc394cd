"""The code at which a camera clips, found from exposures of one scene: it may lie far below the largest of the format.

A surface of the scene is brighter in the longer exposure. What piles up at one code all the same was clipped there:
either it stays at that code from one exposure to a longer one, or a shorter exposure shows differences where this one
is flat (in what it does not clip itself). A bright surface, or a border, does neither.

Of one exposure alone the colours tell: where light fades from white, one channel still clips while the others differ
from pixel to pixel. A white page, or the ground of a drawing, has one colour.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NEAR = 0.9  # of the largest code: below, no camera clips but one that fills a part of the bits
NEARLY = 0.99  # of the largest code: from here on clipping is found without
SHARE = 0.002  # of the pixels that must pile up at one code
STEEP = 8  # times as many pixels as at the codes below, on average
GENTLE = 4  # times as many, where compression has spread a pile over several codes
BELOW = 8  # bins below that are compared with
APART = 0.3  # stops between two exposures that are not the same
STAY = 0.5  # of the pixels at a code that must stay there in a longer exposure
FLAT = 0.25  # of the brighter value: what differs by less in the shorter exposure may be one surface
SHOWN = 0.2  # of the pixels at a code that the shorter exposure must not clip itself
SEEN = 0.1  # of the code, which the shorter exposure must reach: below, noise makes differences
HOT = 0.0002  # of the pixels may be brighter than what counts as the brightest: hot pixels
RESOLUTION = 512  # bins up to the brightest code: saturation of sensors, and compression, spread it a little
OF_ONE = 0.005  # of the pixels of one exposure alone that must pile up at its brightest code
BRIGHTER = 0.25  # of them that may be brighter: compression rings around what is clipped
RINGING = 5  # widths of a code by which resizing and compression move what is clipped
IN_PART = 0.01  # of them that other channels must not clip
LARGEST_BYTE = 255
COLOURS = 8  # codes that a channel must have there at least

Codes = NDArray[Any]


class ClipLevel(NamedTuple):
    """Where one channel clips.

    Attributes:
        code: Where its pixels pile up.
        edge: The lowest code that counts as clipped; below `code` where compression or the sensor spread the pile.
    """

    code: int
    edge: int


def clip_levels(frames: Sequence[tuple[float, Sequence[Codes]]], top: int) -> list[ClipLevel] | None:
    """Where each channel clips, if that is clearly below the largest code.

    Args:
        frames: Stops, and for each channel the codes (N,) of the same places in every frame.
        top: The largest code, at which a frame clips in any case.

    Returns:
        A level for each channel, None where all of them clip at `top` or nowhere. A channel that tells nothing itself,
        and is hardly ever brighter than what the others clip at, clips there too.
    """
    if not frames:
        return None
    channels = [
        [(stops, np.minimum(codes[channel], top)) for stops, codes in frames] for channel in range(len(frames[0][1]))
    ]
    found = [_clip_level(channel, top) for channel in channels]
    known = [level for level in found if level is not None]
    if not known:
        return None
    usual = max(known)
    nowhere = ClipLevel(top, top)
    return [
        level or (nowhere if _reaches_beyond(channel, usual.code) else usual)
        for level, channel in zip(found, channels, strict=True)
    ]


def brightest_pile(channels: Sequence[Codes], top: int, *, near: float = NEAR) -> tuple[list[ClipLevel], bool] | None:
    """Where the channels of one exposure alone pile up, with almost nothing above, and whether they are clipped there.

    Args:
        channels: Codes (N,) of each at the same places; further ones may follow.
        top: The largest code.
        near: Of the largest code: below, only largest codes of fewer bits count.

    Returns:
        A level for each channel, and whether it is sure: colours show that it is no surface, it is near the largest
        code, or that of fewer bits, and resizing and compression have not spread it over many codes. None where no
        channel piles up below the largest code, or neither of the first two holds.
    """
    piles = [max(_piles(codes, top), default=0) for codes in channels]
    broad = not any(piles)
    if broad:
        piles = [max(_piles(codes, top, spread=RINGING), default=0) for codes in channels]
    usual = max(piles)
    ringing = RINGING * _width(usual)
    shares = [_shares(codes, pile, ringing, top) for codes, pile in zip(channels, piles, strict=True) if pile]
    if not shares or max(share for share, _ in shares) < OF_ONE or not _almost_all(shares):
        return None
    plain = _almost_all([_shares(codes, pile, 0, top) for codes, pile in zip(channels, piles, strict=True) if pile])
    exact = plain and not broad
    told, levels = exact or (not broad and all(piles)), []
    for codes, pile in zip(channels, piles, strict=True):
        if not pile and not _almost_all([_shares(codes, usual, ringing, top)]):
            levels.append(ClipLevel(top, top))
        else:
            code = pile or usual
            levels.append(ClipLevel(code, code - (ringing if broad else _spread(codes, code))))
            told &= code == pile or not _reaches_beyond([(0.0, codes)], code)  # which compression makes of it, too
    varied = _varied_around(channels, levels, apart=0 if exact else ringing)
    usual_white = usual >= near * top or (top > LARGEST_BYTE and _fills_bits(usual, at_least=8))
    if (varied and usual_white) or (exact and (varied or usual_white)):
        return levels, varied and usual_white and told
    return None


def _almost_all(shares: Sequence[tuple[float, float]]) -> bool:
    """Whether little is above the piles."""
    return all(above <= BRIGHTER * share for share, above in shares)


def _shares(codes: Codes, code: int, ringing: int, top: int) -> tuple[float, float]:
    """Of the pixels that pile up at a code, with what resizing and compression put above, and of those above that.

    What is near the largest code may have been clipped there, and counts as above.
    """
    width = _width(code)
    beyond = max(code + width, min(code + ringing, int(NEARLY * top)))
    piled = (codes.astype(np.int64) >= code - width) & (codes <= beyond)
    return float(piled.mean()), float((codes > beyond).mean())


def _varied_around(channels: Sequence[Codes], levels: Sequence[ClipLevel], *, apart: int = 0) -> bool:
    """Whether many pixels clip in some channels only, and have many colours, so far below, in the others."""
    count = min(map(len, channels))
    clipped = [codes[:count] >= level.edge for codes, level in zip(channels, levels, strict=True)]
    some = np.any(clipped, axis=0)
    part = some & ~np.all(clipped, axis=0)
    if apart:
        least = np.min(
            [codes[:count].astype(np.int64) - level.edge for codes, level in zip(channels, levels, strict=True)], axis=0
        )
        part &= least < -apart
    if part.sum() < max(COLOURS, IN_PART * some.sum()):
        return False
    kinds = [len(np.unique(codes[:count][part & ~own])) for codes, own in zip(channels, clipped, strict=True)]
    return max(kinds) >= COLOURS


def _reaches_beyond(frames: Sequence[tuple[float, Codes]], code: int) -> bool:
    return any((codes > code + _width(code)).mean() >= SHARE for _, codes in frames)


def _clip_level(frames: Sequence[tuple[float, Codes]], top: int) -> ClipLevel | None:
    """The lowest code for which there is evidence."""
    ordered = sorted(frames, key=lambda frame: frame[0])
    piles = [_piles(codes, top) for _, codes in ordered]
    for code in sorted({code for found in piles for code in found}):
        longer = [
            index for index, found in enumerate(piles) if any(abs(code - other) <= _width(code) for other in found)
        ]
        if any(_is_clipped(ordered, index, code, top) for index in longer):
            return ClipLevel(code, code - max(_spread(ordered[index][1], code) for index in longer))
    return None


def _width(code: int) -> int:
    return max(1, round(code / RESOLUTION))


def _piles(codes: Codes, top: int, *, spread: int = 1) -> list[int]:
    """Bright codes that far more pixels have than those just below; one of each group of neighbours.

    `spread`: over how many codes, or widths of one, a pile may be.
    """
    counts = np.bincount(codes, minlength=top + 1)
    brightest = top - int(np.searchsorted(np.cumsum(counts[::-1]), HOT * len(codes), side="right"))
    width = spread * _width(brightest)
    lowest = max(1, int(np.ceil(min(NEAR * top, 0.97 * brightest))))
    at = np.arange(lowest, min(brightest, int(NEARLY * top)) + 1)
    if not len(at):
        return []
    sums = np.concatenate([np.zeros((BELOW + 1) * width, np.int64), np.cumsum(counts)])  # as if black had codes below

    def pixels(low: Codes, high: Codes) -> Codes:
        """How many have codes from `low` to before `high`."""
        offset = (BELOW + 1) * width - 1
        within: Codes = sums[np.minimum(high + offset, len(sums) - 1)] - sums[low + offset]
        return within / len(codes)

    low = at - width // 2
    share, usual = pixels(low, low + width), pixels(low - BELOW * width, low) / BELOW
    high = at[(share > SHARE) & (share > (STEEP if spread == 1 else GENTLE) * usual)]
    groups = np.split(high, np.flatnonzero(np.diff(high) > 1) + 1) if len(high) else []
    return [int(group[np.argmax(counts[group])]) for group in groups]


def _is_clipped(frames: Sequence[tuple[float, Codes]], index: int, code: int, top: int) -> bool:
    """Whether what piles up at a code in one of the frames, dark to bright, was clipped."""
    stops, codes = frames[index]
    width = _width(code)
    here = np.abs(codes.astype(np.int64) - code) <= width
    if (codes > code + width).mean() > here.mean():
        return False
    darker = [other for before, other in frames if stops - before > APART]
    if darker and _differs(darker[-1][here], code):
        return True
    longer = [other for after, other in frames if after - stops > APART]
    stays = any((np.abs(other[here].astype(np.int64) - code) <= width).mean() >= STAY for other in longer)
    return stays and (code >= NEAR * top or _fills_bits(code))


def _differs(codes: Codes, code: int) -> bool:
    """Whether a shorter exposure shows differences in what it does not clip, where a longer one is flat at a code."""
    shown = codes[codes < code - _width(code)]
    if len(shown) < SHOWN * len(codes):  # a border, or what both exposures clip
        return False
    low, high = np.quantile(shown, [0.1, 0.9])
    return bool(SEEN * code < high and high - low > FLAT * high)


def _fills_bits(code: int, at_least: int = 1) -> bool:
    """Whether a code is the largest of fewer bits, such as 4095 or, moved up by two, 16380.

    >>> [_fills_bits(code) for code in (4095, 16383, 16380, 15864)]
    [True, True, True, False]
    """
    lowest = code & -code
    return (code + lowest) & (code + lowest - 1) == 0 and (code // lowest).bit_length() >= at_least


def _spread(codes: Codes, code: int) -> int:
    """By how many codes the pile reaches down, as far as it reaches up: compression and noise spread it evenly."""
    most = max(1, int(3 * code / RESOLUTION))
    near = codes[(codes >= code) & (codes <= code + most)]
    return int(np.quantile(near, 0.98, method="higher") - code) if len(near) else 0
