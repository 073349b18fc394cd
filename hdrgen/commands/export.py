"""`hdrgen export`: a trained method for other programs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hdrgen.cli import (
    CommandParser,
    add_config_argument,
    add_network_arguments,
    add_output_arguments,
    asked_network,
    exposure_values,
    joined,
    refuse_existing,
    trained_network,
    with_config,
)
from hdrgen.errors import InputError, suggest
from hdrgen.weights import card_of

if TYPE_CHECKING:
    from hdrgen.exporting import Exported

FORMATS = ("safetensors", "pt2", "onnx")
"""Those of `hdrgen.exporting`, which imports torch: help does without."""
SUFFIX = ".safetensors"
"""What the name of a file of weights ends with."""


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Export a trained method: its weights (model.safetensors), programs that run without hdrgen for"
        " images of any size (model.pt2 by torch.export, model.onnx), and card.json, which explains them. Programs are"
        " compared with the method before they are kept. With -o NAME.safetensors, its weights alone, as one file that"
        " --weights takes, and NAME.md, the model card to fill in.",
        epilog="Folder and file can be used in place of a checkpoint, by --ckpt_path, --weights and hdrgen.load.",
    )
    add_network_arguments(options, "the trained method")
    options.add_argument(
        "--formats", help=f"separated by commas (default: {','.join(FORMATS)}; of one file: {FORMATS[0]})"
    )
    options.add_argument(
        "--half",
        action="store_true",
        help="keep weights in 16 bits, half the size; refused where it changes what the method makes",
    )
    options.add_argument(
        "--ev",
        metavar="EVs",
        help="exposures of the programs, such as -2,-1,1,2 or -3:3:0.5 (default: the method's own)",
    )
    options.add_argument("--model", metavar="CLASS", help="import path of a method that is not part of hdrgen")
    add_config_argument(options, "formats: [safetensors, onnx]")
    add_output_arguments(options, "folder (default: exported), or NAME.safetensors")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Write the files, and say how exactly each program does what the method does.

    Raises:
        InputError: No such format; a checkpoint that cannot be read; files that exist; a method without exposures.
    """
    options = parser(verb).parse_args(joined(with_config(arguments)))
    output: Path = options.output or Path("exported")
    formats = _formats(options.formats, output)
    from hdrgen import exporting

    if output.suffix == SUFFIX:
        _refuse(options, output, card_of(output))
        exported = exporting.export_weights(trained_network(options), output, options.model, options.half)
    else:
        _refuse(options, *(output / exporting.FORMATS[name] for name in formats), output / "card.json")
        stops = None if options.ev is None else exposure_values(options.ev)
        exported = exporting.export(trained_network(options), output, formats, stops, options.model, options.half)
    for file in exported.files:
        print(f"{file}: {_described(file, exported)}")


def _formats(typed: str | None, output: Path) -> list[str]:
    """What is asked for, each once.

    Raises:
        InputError: No such format, or several for one file of weights.
    """
    one = output.suffix == SUFFIX
    formats = (
        list(dict.fromkeys(part.strip() for part in typed.split(","))) if typed else list(FORMATS[: 1 if one else 3])
    )
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"--formats: no format {name!r}{suggest(name, FORMATS)} (formats: {', '.join(FORMATS)})")
    if one and formats != [FORMATS[0]]:
        raise InputError(f"-o {output} is one file of weights; expected no --formats, found {typed}, or pass a folder")
    return formats


def _refuse(options: Namespace, *files: Path) -> None:
    asked = Path(asked_network(options) or "")
    refuse_existing(files, options.overwrite, [asked, asked / f"model{SUFFIX}"])


def _described(file: Path, exported: Exported) -> str:
    if file.suffix in (".json", ".md"):
        return "what they are, and where they come from"
    size = f"{file.stat().st_size / 1e6:.1f} MB"
    if file.suffix == SUFFIX:
        changed = exported.differences.get("safetensors")
        half = "" if changed is None else f", in 16 bits, within {changed:.1g} of the method"
        return f"weights of {exported.card['method']}, {exported.card['parameters']:,} parameters{half}, {size}"
    difference = exported.differences[file.suffix[1:]]
    takes, makes = (" and ".join(port["name"] for port in exported.card[side]) for side in ("inputs", "outputs"))
    checked = "not checked, onnxruntime is missing" if difference is None else f"within {difference:.1g} of the method"
    return f"{takes} to {makes}, of any size, {checked}, {size}"
