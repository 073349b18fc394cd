"""Make the pictures of the page of methods: the example photograph, and what each packaged network makes of it.

Both with less light than the photograph has, which shows what is stored above white on a screen without HDR.
"""

import argparse
from pathlib import Path

import hdrgen
from benchmarks.pictures.readme import QUALITY, STOPS, tensor_of
from hdrgen.callbacks import contact_sheet
from hdrgen.camera import SRGB
from hdrgen.examples import example_photograph
from hdrgen.weights import packaged_files

HEIGHT = 240


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/zoo"), help="folder (%(default)s)")
    output: Path = parser.parse_args().output
    photograph = hdrgen.read(example_photograph())
    linear = SRGB().inverse(tensor_of(photograph))
    for name in [path.stem for path in packaged_files()]:
        model = hdrgen.load(name)
        if model.method.input == "bracket":
            continue
        shown = [("photograph", linear), (name, tensor_of(model.reconstruct(photograph)))]
        row = [
            (f"{title}, {STOPS} stops less light", SRGB()((light * 2.0**-STOPS).clamp(0, 1))) for title, light in shown
        ]
        hdrgen.write(output / f"{name}.jpg", contact_sheet([row], height=HEIGHT), quality=QUALITY)
        print(output / f"{name}.jpg")


if __name__ == "__main__":
    main()
