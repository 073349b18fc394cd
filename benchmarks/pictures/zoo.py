"""Make the pictures of the page of methods: what each packaged network makes of the same photograph, or bracket.

Of the example photograph, with less light than it has: that shows what is stored above white on a screen without HDR.
Of three exposures of a moving scene, a view of a CC0 panorama that no packaged network was trained on, tone-mapped and
beside what a merge makes that does not know of motion.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

import hdrgen
from benchmarks.pictures.readme import QUALITY, STOPS, tensor_of
from hdrgen.callbacks import contact_sheet
from hdrgen.camera import SRGB
from hdrgen.data import Batch, MovingScenes, RenderedStacks, SelectedExposures, bracket_camera, collate
from hdrgen.examples import example_photograph
from hdrgen.methods import PlainMerge
from hdrgen.tonemap import reinhard2002
from hdrgen.weights import packaged_files

HEIGHT = 240
SIDE, VIEWS, SCENE = 332, 3, "potsdamer_platz_1k_view0"
"""Of the view with its margin, in pixels; and which of the views of the panorama."""
Panel = tuple[str, Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--panoramas", type=Path, help="folder with potsdamer_platz_1k.hdr of Poly Haven (CC0), for brackets"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/zoo"), help="folder (%(default)s)")
    options = parser.parse_args()
    for name in [path.stem for path in packaged_files()]:
        model = hdrgen.load(name)
        if model.method.input != "bracket":
            row = with_less_light(name, model)
        elif options.panoramas:
            row = merged_row(name, model, moving_bracket(options.panoramas))
        else:
            print(f"{name}: left out without --panoramas")
            continue
        hdrgen.write(options.output / f"{name}.jpg", contact_sheet([row], height=HEIGHT), quality=QUALITY)
        print(options.output / f"{name}.jpg")


def with_less_light(name: str, model: hdrgen.Model) -> list[Panel]:
    """The example photograph, and its radiance."""
    photograph = hdrgen.read(example_photograph())
    shown = [
        ("photograph", SRGB().inverse(tensor_of(photograph))),
        (name, tensor_of(model.reconstruct(photograph))),
    ]
    return [(f"{title}, {STOPS} stops less light", SRGB()((light * 2.0**-STOPS).clamp(0, 1))) for title, light in shown]


def moving_bracket(panoramas: Path) -> Batch:
    """Three exposures of a scene in which something passes by, held by hand."""
    stacks = RenderedStacks(str(panoramas), SIDE, VIEWS, bracket_camera())
    scenes = MovingScenes(stacks)
    names = [scenes.scene(index) for index in range(len(scenes))]
    if SCENE not in names:
        raise SystemExit(f"{panoramas}: expected potsdamer_platz_1k.hdr, found {len(names) // VIEWS} other HDR images")
    return collate([SelectedExposures(scenes)[names.index(SCENE)]])


def merged_row(name: str, model: hdrgen.Model, batch: Batch) -> list[Panel]:
    """The middle exposure, a merge that does not know of motion, and the network's."""
    merges = {"merged without deghosting": hdrgen.Model(PlainMerge()), name: model}
    return [("middle exposure", batch["ldr"][0, 1]), *tone_mapped(merges, batch)]


def tone_mapped(merges: dict[str, hdrgen.Model], batch: Batch) -> Iterator[Panel]:
    """What each makes of a bracket, all shown alike."""
    for title, model in merges.items():
        yield title, reinhard2002(torch.as_tensor(model.reconstruct(batch)))[0]


if __name__ == "__main__":
    main()
