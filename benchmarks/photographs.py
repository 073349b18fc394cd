"""A trained network on real photographs: its exposures and HDR image from the middle frame, against the real stack.

For every folder with a real exposure stack: the frames within reach of the network are its targets, and the HDR image
merged from the whole stack, with the response that Debevec's method estimates from it, is its truth. Needs stacks and a
checkpoint; says so and stops without them.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch

from benchmarks.shared.baselines import AS_IN_TABLES, BLIND
from benchmarks.shared.environment import print_environment
from hdrgen.camera import calibrate_debevec
from hdrgen.cli.method_table import compare_methods, mean_psnr, read_rows
from hdrgen.data import ExposureStackFolder, Sample, SelectedExposures, write_stack
from hdrgen.fusion import merge_debevec


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", nargs="*", type=Path, help="folders, each with one stack")
    parser.add_argument("--ckpt_path", type=Path, help="trained network")
    parser.add_argument("--reach", type=float, default=3.1, help="largest EV asked of the network (%(default)s)")
    parser.add_argument("--side", type=int, default=768, help="longer side in pixels after scaling down (%(default)s)")
    parser.add_argument("--border", type=float, default=0.06, help="share cut from each side: borders (%(default)s)")
    parser.add_argument(
        "-o", "--output", type=Path, help="folder for metrics.csv and pictures; a temporary one if not given"
    )
    options = parser.parse_args()
    if not (options.stacks and options.ckpt_path):
        print("skipped: pass STACK_FOLDER... --ckpt_path FILE")
        return 0
    print_environment()
    output = options.output or Path(tempfile.mkdtemp(prefix="hdrgen-photographs-"))
    for stack in options.stacks:
        sample = SelectedExposures(ExposureStackFolder(str(stack), max_side=options.side))[0]
        write_stack(with_truth(sample, options.reach, options.border), output / "stacks" / stack.name)
    scenes = ["--data.test", "ExposureStackFolder", "--data.test.root", str(output / "stacks")]
    methods = BLIND | {"network": ["--ckpt_path", str(options.ckpt_path)]}
    compare_methods(methods, [*scenes, "--grid.scenes", str(len(options.stacks)), AS_IN_TABLES], output)
    print("\n" + table_by_scene(output / "metrics.csv"))
    print(f"\nscene by scene: {output / 'metrics.csv'}; pictures: {output / 'test'}")
    return 0


def with_truth(sample: Sample, reach: float, border: float) -> Sample:
    """The frames within reach, and the radiance merged from all frames, on the scale of the reference."""
    ldr = cut(sample["ldr"], border)
    response = calibrate_debevec(ldr[None], sample["ev"])
    hdr = merge_debevec(ldr[None], sample["ev"], response)[0]
    near = [index for index, ev in enumerate(sample["ev"].tolist()) if abs(ev) <= reach]
    ref = near.index(int(sample["ref"]))
    return Sample(ldr=ldr[near], ev=sample["ev"][near], ref=torch.tensor(ref), hdr=hdr, scene=sample["scene"])


def cut(image: torch.Tensor, border: float) -> torch.Tensor:
    """The image without a share of each side, such as the coloured frame of an aligned scan."""
    rows, columns = (round(side * border) for side in image.shape[-2:])
    return image[..., rows : image.shape[-2] - rows, columns : image.shape[-1] - columns]


def table_by_scene(path: Path) -> str:
    """Markdown: a row per scene and method, its mean PSNR over exposures and its PSNR-mu."""
    rows = read_rows(path)
    lines = ["| scene | method | exposures | mean PSNR | HDR PSNR-mu |", "|---|---|---|---|---|"]
    for scene in dict.fromkeys(row["scene"] for row in rows):
        for name, row in mean_psnr(r for r in rows if r["scene"] == scene).items():
            stops = [value for column, value in row.items() if column != "HDR"]
            mean = sum(stops) / len(stops)
            lines.append(f"| {scene} | {name} | {len(stops)} | {mean:.2f} | {row['HDR']:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
