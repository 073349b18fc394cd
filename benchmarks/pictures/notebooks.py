"""Make the pictures that the notebooks open with: run each, and keep one of its figures, small."""

import argparse
import base64
import io
import os
import tempfile
from pathlib import Path

import nbclient
import nbformat
from PIL import Image

FOLDER = Path("notebooks")
FIGURES = {
    "01_exposure_stack": -1,
    "02_one_photograph_to_hdr": -3,
    "03_methods_and_protocols": 0,
    "04_your_data_and_method": -1,
    "05_photograph_to_ultra_hdr": 3,
    "06_judging_results_honestly": 1,
}
"""Which figure of each notebook, counted from its beginning, or negative from its end."""
WIDTH, QUALITIES, LARGEST = 1000, (80, 70, 60), 100_000
"""Pixels, of the JPEG until it is small enough, and its bytes at most."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="such as 01 (default: all)")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/notebooks"), help="(%(default)s)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for stem, place in FIGURES.items():
        if not options.names or stem[:2] in options.names:
            path = options.output / f"{stem[:2]}.jpg"
            save(figures_of(FOLDER / f"{stem}.ipynb")[place], path)
            print(f"{path}: {path.stat().st_size} bytes")


def figures_of(path: Path) -> list[Image.Image]:
    """All that the notebook shows, in its order."""
    notebook = nbformat.read(path, as_version=4)
    os.environ.setdefault("PYTHONPATH", str(Path.cwd()))
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        nbclient.NotebookClient(notebook, timeout=None, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    encoded = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    return [Image.open(io.BytesIO(base64.b64decode(each))) for each in encoded]


def save(figure: Image.Image, path: Path) -> None:
    """Shrunk, as JPEG."""
    picture = figure.convert("RGB")
    picture.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
    for quality in QUALITIES:
        picture.save(path, quality=quality, optimize=True)
        if path.stat().st_size < LARGEST:
            return
    raise SystemExit(f"{path}: expected less than {LARGEST} bytes, found {path.stat().st_size}; lower WIDTH")


if __name__ == "__main__":
    main()
