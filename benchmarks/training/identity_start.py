"""What `identity_start` is worth: two short trainings of the small network on generated scenes, with and without it."""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.shared.baselines import AS_IN_TABLES
from benchmarks.shared.environment import print_environment
from hdrgen.cli.lightning import run
from hdrgen.cli.method_table import compare_methods, format_table

CONFIGS = ("--config", "multi_exposure_small", "--config", "quickstart_scenes")
STARTS = {"plain gain (identity_start)": "true", "PyTorch's initial weights": "false"}
BATCH = 8


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100, help="of each training, 8 pairs of 64 pixels (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of weights, pairs and order (%(default)s)")
    options = parser.parse_args()
    print_environment()
    with tempfile.TemporaryDirectory(prefix="hdrgen-identity-") as name:
        folder = Path(name)
        methods = {
            start: ["--ckpt_path", str(train(folder / flag, flag, options.steps, options.seed))]
            for start, flag in STARTS.items()
        }
        methods["not trained: plain gain, gamma 2.2"] = ["--model", "LinearGain"]
        scenes = [
            "--config",
            "quickstart_scenes",
            "--data.test.count=6",
            "--trainer.enable_progress_bar=false",
            AS_IN_TABLES,
        ]
        table = compare_methods(methods, scenes, folder)
    print(f"\n{options.steps} steps, seed {options.seed}\n{format_table(table)}")
    return 0


def train(folder: Path, identity_start: str, steps: int, seed: int) -> Path:
    """Train for one epoch of as many scenes as the steps need; returns the checkpoint."""
    scenes = [f"--data.train.count={BATCH * steps}", f"--data.batch_size={BATCH}", "--data.val=null"]
    length = [f"--trainer.max_steps={steps}", f"--seed_everything={seed}", f"--data.seed={seed}"]
    quiet = ["--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]
    run("fit", [*CONFIGS, f"--model.identity_start={identity_start}", *scenes, *length, *quiet, "-o", str(folder)])
    return next(folder.rglob("last.ckpt"))


if __name__ == "__main__":
    sys.exit(main())
