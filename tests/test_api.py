"""`import hdrgen`: light, complete, and what the type checker was told."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hdrgen
from hdrgen.errors import InputError

HEAVY = ("numpy", "torch", "OpenImageIO", "PIL", "imageio", "jsonargparse", "hdrgen.io")


def declared() -> dict[str, str]:
    """What the block under TYPE_CHECKING says: public name, module and attribute."""
    tree = ast.parse(Path(hdrgen.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name: f"{node.module}:{alias.name}" for node in imports for alias in node.names}


def test_import_is_light():
    code = f"import sys, hdrgen; dir(hdrgen); print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_reading_needs_no_torch():
    code = "import sys, hdrgen; hdrgen.read; hdrgen.write; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_every_name_is_there_and_documented():
    assert set(hdrgen.__all__) == set(hdrgen._PUBLIC) == set(declared())
    assert set(hdrgen.__all__) <= set(dir(hdrgen))
    assert not {"Any", "TYPE_CHECKING", "importlib"} & set(dir(hdrgen))
    for name, place in declared().items():
        assert hdrgen._PUBLIC[name] == place
        module, _, attribute = place.partition(":")
        value = getattr(hdrgen, name)
        assert value is getattr(importlib.import_module(module), attribute)
        assert value.__doc__


def test_other_names():
    with pytest.raises(AttributeError, match="module 'hdrgen' has no attribute 'reed'"):
        hdrgen.reed  # noqa: B018
    from hdrgen import configs  # a subpackage, not a public name

    assert configs.__name__ == "hdrgen.configs"


@pytest.mark.filterwarnings("ignore:.*radiance holds")
def test_an_image_keeps_what_belongs_to_it(tmp_path):
    pixels = np.linspace(0, 4, 8 * 9 * 3, dtype=np.float32).reshape(8, 9, 3)
    exposure, camera = hdrgen.Exposure(time=0.5, iso=100), hdrgen.Camera("Canon", "EOS")
    hdrgen.write(
        tmp_path / "a.exr", pixels, exposure=exposure, camera=camera, chromaticities=hdrgen.DISPLAY_P3.chromaticities
    )
    for name in ("b.exr", "b.jxl", "b.uhdr.jpg"):
        hdrgen.write(tmp_path / name, hdrgen.read(tmp_path / "a.exr"), colour_space=hdrgen.BT709)
        again = hdrgen.read(tmp_path / name, gain_map=True, colour_space=hdrgen.DISPLAY_P3)
        assert (again.exposure, again.camera) == (exposure, camera)
        assert np.median(np.abs(again.pixels - pixels)) < 0.05


def test_a_linear_image_is_no_photograph(tmp_path):
    image = hdrgen.Image(np.ones((4, 4, 3), np.float32), linear=True, exposure=hdrgen.Exposure())
    with pytest.raises(InputError, match=r"a\.png: expected display values, found a linear image; tone-map it first"):
        hdrgen.write(tmp_path / "a.png", image)
    raw = hdrgen.Image(np.full((4, 4, 3), 65535, np.uint16), linear=True, exposure=hdrgen.Exposure())
    hdrgen.write(tmp_path / "a.exr", raw)
    np.testing.assert_array_equal(hdrgen.read(tmp_path / "a.exr").pixels, 1)
    hdrgen.write(tmp_path / "a.tif", raw)
    again = hdrgen.read(tmp_path / "a.tif")
    assert again.linear
    np.testing.assert_array_equal(again.pixels, 1)
