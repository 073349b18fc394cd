"""Networks that merge three exposures of a moving scene, beside merges without a network.

A table for each data set has means over scenes with bootstrap intervals, as `hdrgen leaderboard` writes them. Rendered
motion is that of `experiments/hdr_gan/rendered_motion_test.yaml`; the patches are in the layout of the NTIRE 2021
challenge. What OUTPUT already holds is not tested again.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.shared.environment import print_environment
from hdrgen.cli.main import main as hdrgen
from hdrgen.reporting import as_tables, read_boards

RENDERED = Path(__file__).parents[2] / "experiments/hdr_gan/rendered_motion_test.yaml"
WITHOUT_NETWORK = {
    "PlainMerge": ["--model=PlainMerge"],
    "DeghostedMerge": ["--model=DeghostedMerge"],
    "by_patches": ["--model=DeghostedMerge", "--model.patches=true"],
    "ReferenceExposure": ["--model=ReferenceExposure"],
}
METRICS = "psnr_mu,pu21_psnr,hdr_vdp2_q,psnr_mu_crf,pu21_psnr_crf,hdr_vdp2_q_crf"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", metavar="NAME=CHECKPOINT", help="or a name of packaged weights")
    parser.add_argument("--hdri", type=Path, help="folder of panoramas that are set in motion")
    parser.add_argument("--ntire", type=Path, help="folder with patches of NTIRE 2021")
    parser.add_argument("--metrics", default=METRICS, help="columns; the first one ranks (%(default)s)")
    parser.add_argument("--table", default="markdown", help="text, markdown, latex or csv (%(default)s)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the results of each test")
    options = parser.parse_args()
    data = {}
    if options.hdri:
        data["rendered"] = [f"--config={RENDERED}", f"--data.test.stacks.root={options.hdri}"]
    if options.ntire:
        data["ntire"] = ["--data.test=NTIRE2021", f"--data.test.root={options.ntire}"]
    if not data:
        print("skipped: pass --hdri FOLDER, --ntire FOLDER, or both")
        return 0
    print_environment()
    methods = WITHOUT_NETWORK | dict(network(each) for each in options.networks)
    for place, scenes in data.items():
        folders = [options.output / place / name for name in methods]
        for folder, method in zip(folders, methods.values(), strict=True):
            if not (folder / "metrics.csv").exists() and hdrgen(["test", *scenes, *method, f"--output={folder}"]):
                return 2
        boards = read_boards(folders, metrics=options.metrics.split(","))
        print(f"\n## {place}\n\n{as_tables(boards, options.table)}", flush=True)
    return 0


def network(said: str) -> tuple[str, list[str]]:
    """What the table calls a network, and the options that name it."""
    name, _, where = said.partition("=")  # names of checkpoints hold further ones
    where = where or name
    option = "ckpt_path" if Path(where).is_file() else "weights"
    return name, [f"--{option}={where}"]


if __name__ == "__main__":
    sys.exit(main())
