"""`hdrgen quickstart`: train, test and use a small network on scenes that the package generates itself."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hdrgen.cli import (
    CommandParser,
    Table,
    add_config_argument,
    compare_methods,
    exposure_columns,
    format_table,
    with_config,
)
from hdrgen.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

SCENES = "quickstart_scenes"
CONFIGS = ("multi_exposure_small", SCENES, "quickstart")
BASELINES = {"unchanged input": "UnchangedInput", "linear gain": "LinearGain"}
NETWORK = "network"
QUIET = ("--trainer.logger=false", "--trainer.enable_model_summary=false")
PHOTO_SEED = 90_007  # a scene that neither training, validation nor test draws


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Train, test and use a small network on scenes that the package generates itself.",
    )
    options.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("quickstart"),
        help="folder for everything it makes (default: %(default)s)",
    )
    options.add_argument(
        "--overwrite", action="store_true", help="delete what an earlier quickstart left in the folder"
    )
    options.add_argument("--steps", type=int, help="stop training after so many steps, to try the rest")
    add_config_argument(options, "steps: 500")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Do it all, and print what to look at.

    Raises:
        InputError: The output folder is in use, or the trained network does not beat the unchanged input at every
            exposure value.
    """
    options = parser(verb).parse_args(with_config(arguments))
    if options.steps is not None and options.steps < 1:
        raise InputError(f"expected at least one step, found {options.steps}; pass --steps 1 or more")
    output = _fresh(options.output, options.overwrite)
    checkpoint = _fit(output, options.steps)
    table = _test(output, checkpoint)
    pictures = _reconstruct(output, checkpoint)
    print(format_table(table))
    _print_paths(output, pictures)
    _judge(table)


def _fresh(output: Path, overwrite: bool) -> Path:
    """An empty folder. Only a folder that a quickstart made is ever deleted."""
    if output.exists() and any(output.iterdir() if output.is_dir() else [output]):
        if not (overwrite and (output / ".quickstart").is_file()):
            raise InputError(
                f"{output} is not empty; pass another folder with --output,"
                " or --overwrite to replace an earlier quickstart"
            )
        shutil.rmtree(output)
    output.mkdir(parents=True, exist_ok=True)
    (output / ".quickstart").touch()
    return output


def _fit(output: Path, steps: int | None) -> Path:
    from hdrgen.cli import run_lightning

    print("1/4 training on generated scenes, each through a camera response drawn at random", flush=True)
    length = [] if steps is None else [f"--trainer.max_steps={steps}"]
    configs = [part for name in CONFIGS for part in ("--config", name)]
    run_lightning("fit", [*configs, *length, "-o", str(output / "runs")])
    return _newest(output / "runs", "last.ckpt")


def _newest(folder: Path, name: str) -> Path:
    files = sorted(folder.rglob(name), key=lambda path: path.stat().st_mtime)
    if not files:
        raise InputError(f"the training left no {name} under {folder}")
    return files[-1]


def _test(output: Path, checkpoint: Path) -> Table:
    """Test the network and both baselines on the same scenes."""
    print("2/4 testing it beside two baselines on scenes it has not seen", flush=True)
    methods = {NETWORK: ["--ckpt_path", str(checkpoint)]} | {name: ["--model", m] for name, m in BASELINES.items()}
    return compare_methods(methods, ["--config", SCENES], output)


def _reconstruct(output: Path, checkpoint: Path) -> list[Path]:
    """Predict from one generated photograph, and put input, exposures, result and truth on one sheet."""
    from hdrgen.cli import run_lightning
    from hdrgen.io import write_image

    print("3/4 reconstructing an HDR image from one generated photograph", flush=True)
    photo, radiance = _photograph()
    write_image(output / "photo.jpg", photo)
    write_image(output / "truth.exr", radiance)
    folder = output / "photo"
    run_lightning(
        "predict",
        ["--ckpt_path", str(checkpoint), "--data.predict", str(output / "photo.jpg"), *QUIET, "-o", str(folder)],
    )
    print("4/4 drawing the contact sheet", flush=True)
    sheet = _contact_sheet(output, radiance, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [sheet, *files, output / "photo.jpg", output / "truth.exr"]


def _photograph() -> tuple[np.ndarray, np.ndarray]:
    """A generated photograph `(H, W, 3)`, display values, and the radiance behind it."""
    import torch

    from hdrgen.data import ProceduralScenes

    scenes = ProceduralScenes(count=1, size=384, seed=PHOTO_SEED)
    sample = scenes.load(0, [scenes.reference(0)], generator=torch.Generator().manual_seed(PHOTO_SEED))
    return _pixels(sample["ldr"][0]), _pixels(sample["hdr"])


def _pixels(image: Tensor) -> np.ndarray:
    array: np.ndarray = image.permute(1, 2, 0).contiguous().numpy()
    return array


def _contact_sheet(output: Path, radiance: np.ndarray, folder: Path) -> Path:
    """Input, generated stack, tone-mapped result and truth, labelled, as one PNG."""
    from hdrgen.callbacks import contact_sheet
    from hdrgen.io import read_image, write_image
    from hdrgen.metrics import match_scale
    from hdrgen.tonemap import reinhard2002

    truth = _tensor(radiance)[None]
    result = match_scale(_tensor(read_image(_newest(folder, "*.exr")).as_float())[None], truth)
    exposures = [(path.stem.split("_ev")[1], path) for path in folder.rglob("*_ev*.png")]
    exposures.sort(key=lambda pair: float(pair[0]))
    generated = [(f"EV {ev}", _tensor(read_image(path).as_float())) for ev, path in exposures]
    mapped = [("input", _tensor(read_image(output / "photo.jpg").as_float()))]
    mapped += [(name, reinhard2002(x)[0]) for name, x in (("HDR, tone-mapped", result), ("truth, tone-mapped", truth))]
    return write_image(output / "contact_sheet.png", contact_sheet([generated, mapped], height=240))


def _tensor(pixels: np.ndarray) -> Tensor:
    import torch

    return torch.from_numpy(pixels).permute(2, 0, 1).float()


def _print_paths(output: Path, pictures: Sequence[Path]) -> None:
    print("\nOpen these:")
    for path in [*pictures, output / "metrics.csv", _newest(output / "runs", "config.yaml")]:
        print(f"  {path}")


def _judge(table: Table) -> None:
    """Fail unless the network beats the unchanged input at every exposure value."""
    network, unchanged = table[NETWORK], table["unchanged input"]
    lost = [column for column in exposure_columns(table) if network[column] <= unchanged[column]]
    if lost:
        raise InputError(f"the network does not beat the unchanged input at EV {', '.join(lost)}: see the table above")
