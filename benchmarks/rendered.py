"""A trained network beside the baselines on stacks rendered from real panoramas: the table of docs/results.md.

Needs a folder of .hdr panoramas, a file of response curves and a checkpoint; says so and stops without them.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.shared.baselines import AS_IN_TABLES, BASELINES, add_scene_options, write_scenes
from benchmarks.shared.environment import print_environment
from hdrgen.cli.method_table import compare_methods, format_table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ckpt_path", type=Path, help="trained network")
    add_scene_options(parser, size=256, views=8)
    parser.add_argument(
        "-o", "--output", type=Path, help="folder for metrics.csv and pictures; a temporary one if not given"
    )
    options = parser.parse_args()
    if not (options.hdri and options.curves and options.ckpt_path):
        print("skipped: pass --hdri FOLDER --curves FILE --ckpt_path FILE")
        return 0
    print_environment()
    output = options.output or Path(tempfile.mkdtemp(prefix="hdrgen-rendered-"))
    scenes = write_scenes(options, output)
    methods = BASELINES | {"network": ["--ckpt_path", str(options.ckpt_path)]}
    table = compare_methods(
        methods, ["--config", str(scenes), "--trainer.enable_progress_bar=false", AS_IN_TABLES], output
    )
    print(f"\n{format_table(table)}\n\nscene by scene: {output / 'metrics.csv'}; pictures: {output / 'test'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
