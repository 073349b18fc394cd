"""A trained network beside the baselines on stacks rendered from real panoramas: the table of docs/results.md.

Needs a folder of .hdr panoramas, a file of response curves and a checkpoint; says so and stops without them.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import yaml

from benchmarks.environment import print_environment
from hdrgen.cli.method_table import compare_methods, format_table

METHODS = {
    "unchanged input": ["--model", "UnchangedInput"],
    "linear gain, gamma 2.2": ["--model", "LinearGain"],
    "linear gain, true curve (oracle)": ["--model", "LinearGain", "--model.oracle", "true"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hdri", type=Path, help="folder of panoramas to test on")
    parser.add_argument("--curves", type=Path, help="DoRF file; the held-out fifth of its curves is used")
    parser.add_argument("--ckpt_path", type=Path, help="trained network")
    parser.add_argument("--size", type=int, default=256, help="of the views in pixels (%(default)s)")
    parser.add_argument("--views", type=int, default=8, help="of each panorama (%(default)s)")
    parser.add_argument(
        "-o", "--output", type=Path, help="folder for metrics.csv and pictures; a temporary one if not given"
    )
    options = parser.parse_args()
    if not (options.hdri and options.curves and options.ckpt_path):
        print("skipped: pass --hdri FOLDER --curves FILE --ckpt_path FILE")
        return 0
    print_environment()
    output = options.output or Path(tempfile.mkdtemp(prefix="hdrgen-rendered-"))
    output.mkdir(parents=True, exist_ok=True)
    scenes = output / "scenes.yaml"
    scenes.write_text(yaml.safe_dump(scene_config(options)), encoding="utf-8")
    methods = METHODS | {"network": ["--ckpt_path", str(options.ckpt_path)]}
    table = compare_methods(methods, ["--config", str(scenes), "--trainer.enable_progress_bar=false"], output)
    print(f"\n{format_table(table)}\n\nscene by scene: {output / 'metrics.csv'}; pictures: {output / 'test'}")
    return 0


def scene_config(options: argparse.Namespace) -> dict[str, object]:
    """The test scenes, as a configuration of the data module."""
    camera = {"curves": str(options.curves), "curves_fold": "test"}
    arguments = {"root": str(options.hdri), "size": options.size, "views": options.views, "camera": camera}
    return {"data": {"test": {"class_path": "RenderedStacks", "init_args": arguments}}}


if __name__ == "__main__":
    sys.exit(main())
