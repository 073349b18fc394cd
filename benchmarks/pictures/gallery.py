"""Make the pictures of the gallery that no other page has: merges of a moving scene, and every tone mapper.

The scene is that of `benchmarks.pictures.zoo`; tone mappers show what the default weights make of the
example photograph.
"""

import argparse
from pathlib import Path

import torch

import hdrgen
from benchmarks.pictures.readme import QUALITY, tensor_of
from benchmarks.pictures.zoo import Panel, moving_bracket, tone_mapped
from hdrgen.callbacks import contact_sheet
from hdrgen.data import Batch
from hdrgen.examples import example_photograph
from hdrgen.methods import DeghostedMerge, PlainMerge
from hdrgen.tonemap import PRESETS, all_operators

HEIGHT = {"merge": 240, "tonemap": 160}
IN_A_ROW = 5
NETWORK = "safnet"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("panoramas", type=Path, help="folder with potsdamer_platz_1k.hdr of Poly Haven (CC0)")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/gallery"), help="folder (%(default)s)")
    options = parser.parse_args()
    for name, rows in {"merge": merges(moving_bracket(options.panoramas)), "tonemap": tone_mappers()}.items():
        path = options.output / f"{name}.jpg"
        hdrgen.write(path, contact_sheet(rows, height=HEIGHT[name]), quality=QUALITY)
        print(f"{path}: {path.stat().st_size} bytes")


def merges(batch: Batch) -> list[list[Panel]]:
    """The exposures, and below them what is made of them."""
    exposures = [(f"EV {ev:+.1f}", frame) for ev, frame in zip(batch["ev"][0].tolist(), batch["ldr"][0], strict=True)]
    methods = {
        "merged without deghosting": hdrgen.Model(PlainMerge()),
        "merged with --deghost": hdrgen.Model(DeghostedMerge()),
        f"merged by --method {NETWORK}": hdrgen.load(NETWORK),
    }
    return [exposures, [*tone_mapped(methods, batch)]]


def tone_mappers() -> list[list[Panel]]:
    """The expanded photograph by every operator and preset."""
    radiance = tensor_of(hdrgen.load().reconstruct(hdrgen.read(example_photograph())))
    shown = {name: operator() for name, operator in all_operators().items()} | PRESETS
    with torch.inference_mode():
        panels = [(name, operator(radiance[None])[0]) for name, operator in shown.items()]
    return [panels[start : start + IN_A_ROW] for start in range(0, len(panels), IN_A_ROW)]


if __name__ == "__main__":
    main()
