"""Methods trained on the same scenes with the same budget, and tested in one table.

By default every single-image method at its `small` width. Others are given as NAME=CONFIG, with overlays after commas:
`"no cycle=cevr_small,experiments/cevr/table5_no_cycle.yaml"`. Each trains with `experiments/comparison.yaml`; one that
has been trained in the output folder already is not trained again, so that an interrupted comparison goes on. Needs two
folders of .hdr panoramas and a file of response curves; says so and stops without them.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.shared.baselines import AS_IN_TABLES, BASELINES, BLIND, add_scene_options, write_scenes
from benchmarks.shared.environment import print_environment
from hdrgen.cli.method_table import Table, compare_methods, format_table, mean_psnr, read_rows

OVERLAY = Path(__file__).resolve().parents[1] / "experiments" / "comparison.yaml"
SMALL = [
    "Kim et al. 2020=deep_synth_small",
    "CEVR 2023=cevr_small",
    "Le et al. 2023=multi_exposure_small",
    "Zhang et al. 2023=adaptive_itm_small",
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", metavar="NAME=CONFIG[,OVERLAY...]", default=SMALL)
    parser.add_argument("--train", type=Path, help="folder of panoramas to train on")
    add_scene_options(parser, size=128, views=8)
    parser.add_argument("--epochs", type=int, default=10, help="of training (%(default)s)")
    parser.add_argument("-o", "--output", type=Path, default=Path("comparison"), help="folder (%(default)s)")
    options = parser.parse_args()
    if not (options.train and options.hdri and options.curves):
        print("skipped: pass --train FOLDER --hdri FOLDER --curves FILE")
        return 0
    print_environment()
    pairs = [method.split("=", 1) for method in options.methods]
    trained = {name: ["--ckpt_path", str(trained_checkpoint(name, configs, options))] for name, configs in pairs}
    scenes = write_scenes(options, options.output)
    table = compare_methods(
        BASELINES | trained,
        ["--config", str(scenes), "--trainer.enable_progress_bar=false", AS_IN_TABLES, "--overwrite"],
        options.output,
    )
    print(f"\n{format_table(table)}\n\nahead of a baseline, where both made the same exposures of the same scenes:")
    print(format_table(leads(read_rows(options.output / "metrics.csv"), list(trained), list(BLIND))))
    print(f"\nscene by scene: {options.output / 'metrics.csv'}")
    return 0


def leads(rows: Sequence[Mapping[str, str]], methods: Sequence[str], baselines: Sequence[str]) -> Table:
    """By how many dB each method is ahead of each baseline, over what both made: not all make the same exposures.

    Args:
        rows: Of metrics.csv.
        methods: Names in it.
        baselines: Names in it.
    """
    scores = {(row["method"], row["scene"], row["ev"], row["metric"]): float(row["value"]) for row in rows}
    differences = [
        {"method": f"{method} - {baseline}", "scene": scene, "ev": ev, "metric": metric, "value": str(value - other)}
        for method in methods
        for baseline in baselines
        for (name, scene, ev, metric), value in scores.items()
        if name == method and (other := scores.get((baseline, scene, ev, metric))) is not None
    ]
    return mean_psnr(differences)


def trained_checkpoint(name: str, configs: str, options: argparse.Namespace) -> Path:
    """Train a method unless that has been done, and return its last checkpoint."""
    folder = options.output / name.replace(" ", "_")
    done = folder / "seconds.txt"
    if not done.is_file():
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "hdrgen", "fit", *training(configs, options, folder)], check=True)
        done.write_text(f"{time.perf_counter() - start:.0f}\n", encoding="utf-8")
    print(f"{name}: trained in {int(done.read_text()) / 60:.0f} min")
    return max(folder.glob("**/last.ckpt"), key=lambda path: path.stat().st_mtime)


def training(configs: str, options: argparse.Namespace, folder: Path) -> list[str]:
    """The arguments of `hdrgen fit`."""
    packaged, *overlays = configs.split(",")
    return [
        *(word for config in (packaged, str(OVERLAY), *overlays) for word in ("--config", config)),
        *("-o", str(folder), "--trainer.enable_progress_bar=false"),
        *("--data.train.root", str(options.train), "--data.train.camera.curves", str(options.curves)),
        *("--trainer.max_epochs", str(options.epochs)),
        *("--model.scheduler.init_args.T_max", str(options.epochs)),
    ]


if __name__ == "__main__":
    sys.exit(main())
