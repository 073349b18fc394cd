"""Which of a file's channels are red, green and blue."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from hdrgen.errors import InputError, one_line
from hdrgen.io.image import Pixels
from hdrgen.io.notes import Note

_RGB = ("r", "g", "b")
_GREY = ("y", "i", "l", "v")
_LONG_NAMES = {"red": "r", "green": "g", "blue": "b", "alpha": "a", "luminance": "y", "gray": "y", "grey": "y"}
_OTHER_SPACES = ("CIELAB", "ICCLAB", "ITULAB")
"""Which OpenImageIO hands on in other colours than everybody else."""
GREY_NOTE = Note("grey copied to three channels")
_ALPHA_NOTE = Note("alpha channel dropped")
_Layers = dict[str, dict[str, int]]


class ChannelChoice(NamedTuple):
    """What to read of a file.

    Attributes:
        channels: Three, or a grey one.
        notes: What to tell the user about them.
        part: Which they are of.
        shared: Metadata of another part that hold for this one where it has none.
    """

    channels: tuple[int, ...]
    notes: tuple[Note, ...] = ()
    part: int = 0
    shared: Mapping[str, object] = MappingProxyType({})


def choose_stored(levels: Pixels, path: Path) -> tuple[Pixels, tuple[Note, ...]]:
    """(H, W, 3) of pixels that were decoded with all their channels, in the order grey or RGB, alpha; and the notes.

    Raises:
        InputError: More channels.
    """
    count = 1 if levels.ndim == 2 else levels.shape[-1]
    if levels.ndim not in (2, 3) or count > 4:
        raise InputError(f"{path}: expected grey or RGB, found {count} channels; convert it to RGB")
    notes = ((GREY_NOTE,) if count < 3 else ()) + ((_ALPHA_NOTE,) if count in (2, 4) else ())
    planes = levels.reshape(*levels.shape[:2], count)[..., : 3 if count >= 3 else 1]
    result: Pixels = np.ascontiguousarray(np.broadcast_to(planes, (*planes.shape[:2], 3)))
    return result, notes


def choose_named(names: Sequence[str]) -> ChannelChoice | None:
    """RGB of the unnamed layer, else of the first layer that has it; else a lone grey channel; else None.

    >>> choice = choose_named(["view.B", "view.G", "view.R", "Z"])
    >>> choice.channels, choice.notes[0].text
    ((2, 1, 0), "layer 'view' taken as RGB")
    """
    layers = _layers(names)
    coloured = [layer for layer, channels in layers.items() if all(channel in channels for channel in _RGB)]
    if coloured:
        channels = layers[coloured[0]]
        return ChannelChoice(tuple(channels[channel] for channel in _RGB), _notes(coloured, channels))
    small = [channels for channels in layers.values() if len(channels) <= 2]  # grey, perhaps with alpha
    grey = [(channels, channels[name]) for channels in small for name in _GREY if name in channels]
    if not grey:
        return None
    channels, channel = grey[0]
    return ChannelChoice((channel,), (GREY_NOTE, _ALPHA_NOTE) if "a" in channels else (GREY_NOTE,))


def choose_by_count(spec: Any, path: Path) -> ChannelChoice:
    """Grey or RGB of an OpenImageIO spec whose channels are in the usual order.

    Raises:
        InputError: Neither, with what was found.
    """
    space = spec.getattribute("tiff:ColorSpace")
    if space in _OTHER_SPACES:
        raise InputError(f"{path}: expected grey or RGB, found {space}; convert it to RGB")
    has_alpha = spec.alpha_channel >= 0
    choices = {
        (1, False): ChannelChoice((0,), (GREY_NOTE,)),
        (2, True): ChannelChoice((0,), (GREY_NOTE, _ALPHA_NOTE)),
        (3, False): ChannelChoice((0, 1, 2)),
        (4, True): ChannelChoice((0, 1, 2), (_ALPHA_NOTE,)),
        (4, False): ChannelChoice((0, 1, 2), (Note("fourth channel dropped"),)),
    }
    choice = choices.get((spec.nchannels, has_alpha))
    if choice is None:
        raise InputError(
            f"{path}: expected grey or RGB, with or without alpha, found {spec.nchannels} channels; convert it to RGB"
        )
    return choice


def choose_among_parts(reader: Any, path: Path) -> ChannelChoice:
    """Of the parts of an OpenEXR file the first with RGB, else the first that is grey; others with RGB are told.

    Raises:
        InputError: None has either, with the channels that were found.
    """
    names: list[str] = []
    coloured: list[tuple[ChannelChoice, str]] = []
    grey: ChannelChoice | None = None
    part = 0
    while reader.seek_subimage(part, 0):
        spec = reader.spec()
        own = [one_line(name).strip() for name in spec.channelnames]  # they go into notes and errors
        names.extend(f"{name} (deep)" if spec.deep else name for name in own)
        choice = None if spec.deep else choose_named(own)
        if choice is not None and len(choice.channels) == len(_RGB):
            coloured.append((choice._replace(part=part), _part_name(spec, part)))
        elif choice is not None and grey is None:
            grey = choice._replace(part=part)
        part += 1
    reader.geterror()  # seeking past the last part is an error to OpenImageIO
    if coloured:
        taken, others = coloured[0][0], [name for _, name in coloured[1:]]
        left_out = (Note(f"other parts left out: {', '.join(others)}"),) if others else ()
        return taken._replace(notes=(*taken.notes, *left_out))
    if grey is None:
        raise InputError(f"{path}: expected channels R, G, B (in any layer) or Y, found {', '.join(names) or 'none'}")
    return grey


def _part_name(spec: Any, part: int) -> str:
    name = spec.getattribute("oiio:subimagename") or spec.getattribute("name")
    return one_line(str(name)).strip() if name else str(part + 1)


def _layers(names: Sequence[str]) -> _Layers:
    """Channels by layer, the unnamed layer first: it is the picture itself. `view.left.R` is `r` of `view.left`."""
    layers: _Layers = {}
    for index, name in enumerate(names):
        layer, _, channel = name.rpartition(".")
        short = _LONG_NAMES.get(channel.lower(), channel.lower())
        layers.setdefault(layer, {}).setdefault(short, index)
    return dict(sorted(layers.items(), key=lambda item: item[0] != ""))


def _notes(coloured: list[str], channels: dict[str, int]) -> tuple[Note, ...]:
    taken, *others = coloured
    notes = [Note(f"layer {taken!r} taken as RGB")] if taken else []
    if others:
        notes.append(Note(f"other layers left out: {', '.join(others)}"))
    if "a" in channels:
        notes.append(_ALPHA_NOTE)
    return tuple(notes)
