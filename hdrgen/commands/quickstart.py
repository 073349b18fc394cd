"""`hdrgen quickstart`: a photograph to HDR with the packaged weights, then a small network from training to use."""

from __future__ import annotations

import shutil
import sys
import time
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
from hdrgen.commands import expand
from hdrgen.errors import InputError
from hdrgen.examples import example_photograph

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

SCENES = "quickstart_scenes"
CONFIGS = ("multi_exposure_small", SCENES, "quickstart")
BASELINES = {"unchanged input": "UnchangedInput", "linear gain": "LinearGain"}
NETWORK = "network"
QUIET = ("--trainer.logger=false", "--trainer.enable_model_summary=false")
PHOTO_SEED = 90_007  # a scene that neither training, validation nor test draws
EXPANDED_EV = ("-4.0", "-2.0", "+0.0", "+2.0")
"""As the files of exposures are named."""


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Make an HDR image of a photograph with the packaged weights; then train, test and use a small"
        " network on scenes that the package generates itself.",
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
    options.add_argument("--no-training", action="store_true", help="end after the photograph, within seconds")
    options.add_argument("--steps", type=int, help="stop training after so many steps, to try the rest")
    add_config_argument(options, "steps: 500")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Do it all, and print what to look at and what to type next.

    Raises:
        InputError: The output folder is in use, or the trained network does not beat the unchanged input at every
            exposure value.
    """
    options = parser(verb).parse_args(with_config(arguments))
    if options.steps is not None and options.steps < 1:
        raise InputError(f"expected at least one step, found {options.steps}; pass --steps 1 or more")
    output = _fresh(options.output, options.overwrite)
    network = "" if _expand_example(output) else None
    if not options.no_training:
        checkpoint = _train_and_test(output, options.steps)
        network = f" --ckpt_path {checkpoint}" if network is None else network
    if network is not None:
        print(f"\nNext, a photograph of your own:\n  {_command()} expand YOUR.jpg{network}")


def _expand_example(output: Path) -> bool:
    """Make HDR of the photograph that comes with hdrgen; False where there are no weights for that."""
    from hdrgen.weights import default_weights

    start = time.perf_counter()
    try:
        default_weights()
    except InputError:
        print("no default weights are packaged: left out the photograph that they turn into HDR; see hdrgen weights")
        return False
    print("Part 1: one photograph to HDR, with the weights that come with hdrgen", flush=True)
    photograph, evs = example_photograph(), ",".join(EXPANDED_EV)
    expand.run("expand", [str(photograph), "-o", str(output), f"--ev={evs}", "--formats", "exr,uhdr.jpg"])
    folder = output / photograph.stem
    sheet = _expanded_sheet(photograph, folder)
    radiance = folder / f"{photograph.stem}.exr"
    shown = {
        sheet: "the photograph, the HDR image tone-mapped, and its exposures",
        radiance: "the HDR image: linear radiance",
        radiance.with_suffix(".uhdr.jpg"): "the photograph with a gain map, for HDR screens",
    }
    print(f"\nOpen these ({time.perf_counter() - start:.0f} s):")
    for path, what in shown.items():
        print(f"  {path}  {what}", flush=True)
    return True


def _expanded_sheet(photograph: Path, folder: Path) -> Path:
    """The photograph, the tone-mapped result and its exposures, from bright to dark, as one PNG."""
    from hdrgen.callbacks import contact_sheet
    from hdrgen.io import read_image, write_image
    from hdrgen.tonemap import reinhard2002

    def shown(path: Path) -> Tensor:
        return _tensor(read_image(path).as_float())

    mapped = reinhard2002(shown(folder / f"{photograph.stem}.exr")[None])[0]
    panels = [("the photograph", shown(photograph)), ("the HDR image, tone-mapped", mapped)]
    stem = f"{photograph.stem}_ev"
    panels += [(f"its exposure EV {ev}", shown(folder / f"{stem}{ev}.png")) for ev in reversed(EXPANDED_EV)]
    return write_image(folder / "contact_sheet.png", contact_sheet([panels[:3], panels[3:]], height=320), made=True)


def _command() -> str:
    """How hdrgen was called, where a shell does not find it by its name."""
    typed = Path(sys.argv[0])
    return str(typed) if typed.name == "hdrgen" and not shutil.which("hdrgen") else "hdrgen"


def _train_and_test(output: Path, steps: int | None) -> Path:
    """The small network's way: the checkpoint of its training, once it has been tested, used and judged."""
    print("\nPart 2: a small network from training to test and use, at most ten minutes on two cores", flush=True)
    checkpoint = _fit(output, steps)
    table = _test(output, checkpoint)
    pictures = _reconstruct(output, checkpoint)
    print(format_table(table))
    _print_paths(output, pictures)
    _judge(table)
    return checkpoint


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
    return write_image(output / "contact_sheet.png", contact_sheet([generated, mapped], height=240), made=True)


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
