"""Finished pictures: the options of the verbs that make them, and what these do with radiance."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hdrgen.cli import CommandParser, OperatorOptions, value_of
from hdrgen.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hdrgen.io import Tags
    from hdrgen.tonemap import Graded

USUAL = "reinhard2002"
OPERATORS = "drago2003, exposure_fusion, kim_kautz2008, layer_decomposition, mu_law, reinhard2002, reinhard2005"
"""For the help alone, which does without torch; a test compares them with `hdrgen.tonemap.all_operators`."""
PRESETS = ("natural", "vivid", "bw")
"""Likewise those of `hdrgen.tonemap`."""


YIELDING = ("--saturation", "--contrast")
"""Of finished pictures, but an operator's own where it has such a parameter."""


class PictureFormat(NamedTuple):
    """A kind of picture to write: the suffix of its files, and the bits of each channel."""

    suffix: str
    bits: int


FORMATS = {
    "jpg": PictureFormat(".jpg", 8),
    "png": PictureFormat(".png", 8),
    "png16": PictureFormat(".png", 16),
    "tif": PictureFormat(".tif", 16),
    "tif8": PictureFormat(".tif", 8),
}
LAYERS = "layer_decomposition"
"""The operator that knows tensors only."""
JPEG = (".jpg", ".jpeg")
SUFFIXES = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png", ".tif": "tif", ".tiff": "tif"}


def add_picture_arguments(options: CommandParser, form: str) -> None:
    """How radiance becomes a picture, without the parameters of an operator."""
    group = options.add_argument_group("finished pictures")
    group.add_argument("--operator", metavar="NAME", help=f"{OPERATORS} (default: {USUAL})")
    group.add_argument(
        "--preset",
        choices=PRESETS,
        help="an operator with its parameters, saturation and contrast, of which typed ones win; bw is the luminance",
    )
    group.add_argument(
        *("--saturation", "--picture-saturation"),
        dest="picture_saturation",
        type=float,
        metavar="X",
        help="of colours, at their luminance; 0 is black and white (default: 1, as the operator makes them)",
    )
    group.add_argument(
        *("--contrast", "--picture-contrast"),
        dest="picture_contrast",
        type=float,
        metavar="X",
        help="stops of the picture for each at middle grey; black and white stay (default: 1, as the operator makes"
        " them); where an operator has a --contrast or --saturation itself, the longer names are the picture's",
    )
    group.add_argument("--format", choices=FORMATS, help=form)
    group.add_argument("--quality", type=_quality, help="of JPEG, 1 to 100 (default: 95)")


def _quality(text: str) -> int:
    if not text.lstrip("-").isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"expected a JPEG quality from 1 to 100, found {text}")
    return int(text)


def wants_plain_help(arguments: Sequence[str]) -> bool:
    """Whether help is asked for, and not that of one operator."""
    return bool({"-h", "--help"} & set(arguments)) and value_of(arguments, "--operator", "--preset") is None


class PictureOptions(OperatorOptions):
    """The options of a verb together with the parameters of the operator that was typed, or that a preset has.

    Args:
        parser: The verb's own options.
        arguments: What was typed.

    Raises:
        InputError: No such operator, or one beside a preset.
    """

    def __init__(self, parser: CommandParser, arguments: Sequence[str]) -> None:
        from hdrgen.tonemap import PRESETS as presets
        from hdrgen.tonemap import all_operators

        chosen, preset = value_of(arguments, "--operator"), value_of(arguments, "--preset")
        if chosen is not None and preset is not None:
            raise InputError(f"--preset {preset} has an operator of its own; leave --operator {chosen} out")
        self.preset = presets.get(preset or "")
        name = chosen or USUAL
        if self.preset is not None:
            name = next(name for name, one in all_operators().items() if type(self.preset.operator) is one)
        super().__init__(parser, name, vars(self.preset.operator) if self.preset else {}, YIELDING)

    def parse_finish(self, arguments: Sequence[str]) -> tuple[argparse.Namespace, Finish]:
        """The verb's options, and how pictures are made.

        Raises:
            InputError: A parameter that the operator does not have, or out of its range.
        """
        from hdrgen.tonemap import Graded

        options, operator = self.parse(arguments)
        usual = self.preset or Graded(operator)
        saturation, contrast = (
            usual_one if typed is None else typed
            for typed, usual_one in (
                (options.picture_saturation, usual.saturation),
                (options.picture_contrast, usual.contrast),
            )
        )
        mapper = Graded(operator, saturation, contrast)
        return options, Finish(options.preset or self.name, self.name, mapper, options.quality)


class Finish(NamedTuple):
    """How finished pictures are made.

    Attributes:
        name: The preset or else the operator: part of the names of pictures.
        operator: The operator's name.
        mapper: From radiance to display values.
        quality: Of JPEG.
    """

    name: str
    operator: str
    mapper: Graded
    quality: int | None

    @property
    def words(self) -> str:
        """What is done, for a line about a picture."""
        preset = "" if self.name == self.operator else f"{self.name}: "
        return f"{preset}{self.operator}{_words(self.mapper.saturation, self.mapper.contrast)}"

    @property
    def needs_torch(self) -> bool:
        """Whether tensors do something of it; importing torch takes longer than many a picture."""
        from hdrgen.tonemap import Reinhard2002

        one = self.mapper.operator
        return self.operator == LAYERS or (isinstance(one, Reinhard2002) and one.local)

    def write(self, target: Path, radiance: NDArray[np.float32], bits: int, tags: Tags) -> None:
        """Write the picture of radiance.

        Args:
            target: Its file.
            radiance: (H, W, 3), linear, in the colours of the tags, or else of sRGB.
            bits: Of a channel.
            tags: Of the photograph.
        """
        from hdrgen.array_kinds import evaluated
        from hdrgen.io import rgb_to_xyz, write_image
        from hdrgen.tiling import heap_kept

        mapper = self.mapper
        if tags.chromaticities:
            mapper = replace(mapper, luminance=tuple(rgb_to_xyz(tags.chromaticities)[1].tolist()))
        with heap_kept():  # operators work in strips, whose memory would be cleared anew for each
            display = evaluated(mapper, radiance.transpose(2, 0, 1))
        quality = self.quality if target.suffix.lower() in JPEG else None
        write_image(target, display.transpose(1, 2, 0), bits=bits, quality=quality, **vars(tags))


def graded_picture(
    picture: NDArray[np.float32], options: argparse.Namespace, chromaticities: Sequence[float] | None
) -> tuple[NDArray[np.float32], str]:
    """A picture that no operator made, with the saturation and contrast that were typed, and these in words.

    Args:
        picture: Display values (H, W, 3).
        options: Of the verb.
        chromaticities: Of the picture; None: those of sRGB.
    """
    saturation, contrast = options.picture_saturation, options.picture_contrast
    if saturation is None and contrast is None:
        return picture, ""
    from hdrgen.io import BT709, rgb_to_xyz
    from hdrgen.tonemap import graded

    saturation, contrast = 1.0 if saturation is None else saturation, 1.0 if contrast is None else contrast
    luminance = rgb_to_xyz(chromaticities or BT709.chromaticities)[1].tolist()
    made = graded(picture.transpose(2, 0, 1), saturation=saturation, contrast=contrast, luminance=luminance)
    return made.transpose(1, 2, 0), _words(saturation, contrast)


def _words(saturation: float, contrast: float) -> str:
    numbers = (("saturation", saturation), ("contrast", contrast))
    return "".join(f", {name} {value:g}" for name, value in numbers if value != 1)


def format_of(options: argparse.Namespace) -> PictureFormat:
    """As --format says, or the suffix of the output, or JPEG.

    Raises:
        InputError: The two disagree, or no format has that suffix.
    """
    output: Path | None = options.output
    if output is None or output.is_dir() or not output.suffix:
        return FORMATS[options.format or "jpg"]
    from hdrgen.io import suffix_of

    suffix = suffix_of(output)
    if suffix not in SUFFIXES:
        raise InputError(f"{output}: expected one of the suffixes {' '.join(SUFFIXES)}, found {suffix!r}")
    form = FORMATS[options.format or SUFFIXES[suffix]]
    if FORMATS[SUFFIXES[suffix]].suffix != form.suffix:
        raise InputError(f"{output}: its suffix and --format {options.format} disagree; leave one out")
    return form
