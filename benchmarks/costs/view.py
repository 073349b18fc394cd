"""What `hdrgen view` costs: the whole command for one HDR image, and the size of the page that it writes."""

import argparse
import sys
import tempfile
from pathlib import Path

import torch

from benchmarks.shared.environment import print_environment
from benchmarks.shared.whole_command import cost_of
from hdrgen.data import procedural_radiance
from hdrgen.io import write_image


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="*", type=Path, help="HDR images (default: generated ones)")
    options = parser.parse_args()
    print_environment()
    print("\n| image | seconds | processor seconds | peak memory | page |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="hdrgen-view-") as name:
        for image in options.images or generated(Path(name)):
            page = Path(name) / "page.html"
            cost = cost_of("view", str(image), "-o", str(page), "--overwrite")
            print(f"| {image.name} | {cost} | {page.stat().st_size / 1e6:.1f} MB |", flush=True)
    return 0


def generated(folder: Path) -> list[Path]:
    """Scenes of 2, 6 and 24 megapixels."""
    scene = procedural_radiance(500, torch.Generator().manual_seed(0)).permute(1, 2, 0).numpy()
    sizes = ((2, 4), (4, 6), (8, 12))
    return [write_image(folder / f"{500 * b}x{500 * a}.exr", scene.repeat(a, 0).repeat(b, 1)) for a, b in sizes]


if __name__ == "__main__":
    sys.exit(main())
