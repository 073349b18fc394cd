"""Which of a file's channels are red, green and blue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_RGB = ("r", "g", "b")
_GREY = ("y", "i", "l", "v")
_LONG_NAMES = {"red": "r", "green": "g", "blue": "b", "alpha": "a", "luminance": "y", "gray": "y", "grey": "y"}


class Choice(NamedTuple):
    """Indices of the channels to read (three, or one that is grey), and what to tell the user, if anything."""

    indices: tuple[int, ...]
    note: str = ""


def _split(name: str) -> tuple[str, str]:
    """`view.left.R` -> (`view.left`, `r`)."""
    layer, _, channel = name.rpartition(".")
    return layer, _LONG_NAMES.get(channel.lower(), channel.lower())


def _layers(names: Sequence[str]) -> dict[str, dict[str, int]]:
    layers: dict[str, dict[str, int]] = {}
    for index, name in enumerate(names):
        layer, channel = _split(name)
        layers.setdefault(layer, {}).setdefault(channel, index)
    return dict(sorted(layers.items(), key=lambda item: item[0] != ""))  # the unnamed layer is the picture itself


def choose_named(names: Sequence[str]) -> Choice | None:
    """RGB of an OpenEXR part: of the unnamed layer, else of the first layer that has it; else a lone grey channel.

    >>> choose_named(["view.B", "view.G", "view.R", "Z"]).indices
    (2, 1, 0)
    """
    layers = _layers(names)
    coloured = {layer: held for layer, held in layers.items() if all(channel in held for channel in _RGB)}
    for layer, held in coloured.items():
        return Choice(tuple(held[channel] for channel in _RGB), _note(layer, held, list(coloured)))
    for held in layers.values():
        grey = [held[channel] for channel in _GREY if channel in held]
        if grey and set(held) <= {*_GREY, "a"}:
            return Choice((grey[0],), _GREY_NOTE + (_ALPHA_NOTE if "a" in held else ""))
    return None


def choose_by_count(count: int) -> Choice | None:
    """Channels of a format without channel names: grey, grey + alpha, RGB or RGB + alpha; None for other counts."""
    choices = {
        1: Choice((0,), _GREY_NOTE),
        3: Choice((0, 1, 2)),
        4: Choice((0, 1, 2), _ALPHA_NOTE.lstrip("; ")),
    }
    return choices.get(count)


_GREY_NOTE = "grey copied to three channels"
_ALPHA_NOTE = "; alpha channel dropped"


def _note(layer: str, held: dict[str, int], layers: list[str]) -> str:
    notes = [f"layer {layer!r} taken as RGB"] if layer else []
    others = [other for other in layers if other != layer]
    if others:
        notes.append(f"other layers left out: {', '.join(others)}")
    if "a" in held:
        notes.append(_ALPHA_NOTE.lstrip("; "))
    return "; ".join(notes)
