"""`hdrgen export`: a trained method for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hdrgen.cli import (
    CommandParser,
    add_config_argument,
    add_output_arguments,
    exposure_values,
    joined,
    refuse_existing,
    trained,
    with_config,
)
from hdrgen.errors import InputError, suggest

if TYPE_CHECKING:
    from hdrgen.exporting import Exported

FORMATS = ("safetensors", "pt2", "onnx")
"""Those of `hdrgen.exporting`, which imports torch: help does without."""


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Export a trained method: its weights (model.safetensors), programs that run without hdrgen for"
        " images of any size (model.pt2 by torch.export, model.onnx), and card.json, which explains them. Programs are"
        " compared with the method before they are kept.",
        epilog="The folder can be used in place of a checkpoint, by --ckpt_path and by hdrgen.load.",
    )
    options.add_argument(
        "--ckpt_path",
        "--ckpt-path",
        required=True,
        metavar="FILE",
        help="the checkpoint; last, best: of the newest run",
    )
    options.add_argument("--formats", default=",".join(FORMATS), help="separated by commas (default: %(default)s)")
    options.add_argument(
        "--ev",
        metavar="EVs",
        help="exposures of the programs, such as -2,-1,1,2 or -3:3:0.5 (default: the method's own)",
    )
    options.add_argument("--model", metavar="CLASS", help="import path of a method that is not part of hdrgen")
    add_config_argument(options, "formats: [safetensors, onnx]")
    add_output_arguments(options, "folder (default: exported)")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Write the files, and say how exactly each program does what the method does.

    Raises:
        InputError: No such format; a checkpoint that cannot be read; files that exist; a method without exposures.
    """
    options = parser(verb).parse_args(joined(with_config(arguments)))
    formats = list(dict.fromkeys(part.strip() for part in options.formats.split(",")))
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"--formats: no format {name!r}{suggest(name, FORMATS)} (formats: {', '.join(FORMATS)})")
    from hdrgen import exporting

    folder = options.output or Path("exported")
    refuse_existing([folder / exporting.FORMATS[name] for name in formats] + [folder / "card.json"], options.overwrite)
    stops = None if options.ev is None else exposure_values(options.ev)
    exported = exporting.export(trained(options.ckpt_path), folder, formats, stops, options.model)
    for file in exported.files:
        print(f"{file}: {_described(file, exported)}")


def _described(file: Path, exported: Exported) -> str:
    if file.suffix == ".json":
        return "what they are, and where they come from"
    size = f"{file.stat().st_size / 1e6:.1f} MB"
    if file.suffix == ".safetensors":
        return f"weights of {exported.card['method']}, {exported.card['parameters']:,} parameters, {size}"
    difference = exported.differences[file.suffix[1:]]
    takes, makes = (" and ".join(port["name"] for port in exported.card[side]) for side in ("inputs", "outputs"))
    checked = "not checked, onnxruntime is missing" if difference is None else f"within {difference:.1g} of the method"
    return f"{takes} to {makes}, of any size, {checked}, {size}"
