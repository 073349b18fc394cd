"""`hdrgen tonemap` as a user types it."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import imageio.v3 as iio
import numpy as np
import pytest
import torch

from hdrgen import tonemap
from hdrgen.cli.main import main
from hdrgen.commands.finishing import OPERATORS
from hdrgen.io import read_image, write_image
from hdrgen.tonemap import Drago2003, MuLaw, Operator, Reinhard2002, all_operators


def radiance(height: int = 20, width: int = 30) -> np.ndarray:
    return np.exp(np.random.default_rng(0).normal(size=(height, width, 3)) * 2).astype(np.float32)


def shown(operator: Operator, path: Path) -> np.ndarray:
    image = torch.from_numpy(read_image(path).as_float()).permute(2, 0, 1)
    return operator(image).permute(1, 2, 0).numpy()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "a.exr", radiance())
    write_image(tmp_path / "b.hdr", radiance())
    return tmp_path


def test_usual_picture_beside_nothing_else(folder, capsys):
    assert main(["tonemap", "a.exr"]) == 0
    assert capsys.readouterr().out.startswith("a.exr -> a_reinhard2002.jpg: 30 x 20, reinhard2002, ")
    assert sorted(path.name for path in folder.iterdir()) == ["a.exr", "a_reinhard2002.jpg", "b.hdr"]
    assert np.abs(iio.imread("a_reinhard2002.jpg") / 255 - shown(Reinhard2002(), folder / "a.exr")).mean() < 0.03


@pytest.mark.parametrize(
    ("arguments", "name", "dtype"),
    [
        (["-o", "x.png"], "x.png", np.uint8),
        (["--format", "png16"], "a_drago2003.png", np.uint16),
        (["-o", "new/x.tif"], "new/x.tif", np.uint16),
        (["-o", "new", "--format", "tif8"], "new/a_drago2003.tif", np.uint8),
    ],
)
def test_format_by_option_or_suffix(arguments, name, dtype, folder):
    assert main(["tonemap", "a.exr", "--operator", "drago2003", "--bias", "0.8", *arguments]) == 0
    written = cv2.imread(name, cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert written.dtype == dtype
    largest = np.iinfo(dtype).max
    assert np.abs(written / largest - shown(Drago2003(bias=0.8), folder / "a.exr")).max() < 0.51 / largest + 1e-6


def test_exposure_moves_radiance_in_stops(folder):
    assert main(["tonemap", "a.exr", "--operator", "mu_law", "--exposure", "-2", "-o", "x.png"]) == 0
    assert np.abs(iio.imread("x.png") / 255 - shown(MuLaw(white=4.0), folder / "a.exr")).max() < 0.51 / 255


def test_switch_and_none():
    assert main(["tonemap", "a.exr", "--local", "--white", "none", "-o", "local.png"]) == 0
    assert main(["tonemap", "a.exr", "--no-local", "--white", "9", "-o", "global.png"]) == 0
    assert (iio.imread("local.png") != iio.imread("global.png")).any()


@pytest.mark.parametrize("name", all_operators())
def test_every_operator(name, capsys):
    assert main(["tonemap", "a.exr", "--operator", name]) == 0
    assert Path(f"a_{name}.jpg").is_file()


def test_folder_with_its_own_pictures(capsys):
    assert main(["tonemap", ".", "-o", "."]) == 0
    iio.imwrite("scan.tif", np.zeros((4, 4, 3), np.uint8))
    assert main(["tonemap", ".", "-o", ".", "--overwrite"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[2:]] == [
        "a.exr -> a_reinhard2002.jpg",
        "b.hdr -> b_reinhard2002.jpg",
        "scan.tif",
    ]
    assert main(["tonemap", "*.hdr", "-o", "other"]) == 0
    assert Path("other/b_reinhard2002.jpg").is_file()


def test_hdr_png_in_a_folder_is_mapped_and_other_png_is_left_out(capsys):
    iio.imwrite("a.png", np.zeros((4, 4, 3), np.uint8))
    write_image("c.pq.png", radiance().clip(0, 40))
    Path("exported.png").write_bytes(Path("c.pq.png").read_bytes())
    assert main(["tonemap", ".", "-o", "p"]) == 0
    made = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    pictures = {"a.exr": "a", "b.hdr": "b", "c.pq.png": "c.pq", "exported.png": "exported"}
    assert made == [f"{name} -> p/{stem}_reinhard2002.jpg" for name, stem in pictures.items()]
    assert main(["tonemap", "a.exr", "-o", "p/x.pq.png"]) == 2
    assert "expected one of the suffixes" in capsys.readouterr().err


def test_names_that_only_their_kind_tells_apart():
    write_image("a.hdr", radiance())
    assert main(["tonemap", "a.exr", "a.hdr"]) == 0
    assert Path("a_exr_reinhard2002.jpg").is_file()
    assert Path("a_hdr_reinhard2002.jpg").is_file()


def test_other_primaries_are_converted():
    p3 = (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290)
    write_image("p3.exr", np.tile(np.float32([0.5, 0.25, 0.25]), (4, 4, 1)), chromaticities=p3)
    assert main(["tonemap", "p3.exr", "--operator", "mu_law", "-o", "p3.png"]) == 0
    red, green, blue = (np.expm1(iio.imread("p3.png")[0, 0] / 255 * np.log1p(5000)) / 5000).tolist()
    # BT.709's luminances of P3's red, green and blue: the same light in smaller numbers of a less pure red.
    assert 0.2126 * red + 0.7152 * green + 0.0722 * blue == pytest.approx(0.25 + 0.25 * 0.22897, abs=0.01)
    assert (red, green) == pytest.approx((0.25 + 0.25 * 1.2249, 0.25 - 0.25 * 0.04206), abs=0.02)


def test_nothing_is_replaced_unasked(capsys):
    Path("x.png").write_text("precious")
    assert main(["tonemap", "a.exr", "-o", "x.png"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert Path("x.png").read_text() == "precious"
    assert main(["tonemap", "a.exr", "-o", "x.png", "--overwrite"]) == 0
    assert iio.imread("x.png").shape == (20, 30, 3)


def broken(name: str, value: float) -> str:
    pixels = radiance()
    pixels[3, 4] = value
    cv2.imwrite(name, pixels)
    return name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "found none"),
        (["missing.exr"], "missing.exr"),
        (["empty"], "no images in this folder"),
        (["ldr.png"], "ldr.png: expected an HDR image, found display values"),
        (["pictures"], "found display images only"),
        (["nan.tif"], "expected finite radiance"),
        (["a.exr", "b.hdr", "-o", "x.png"], "expected a folder for 2 results"),
        (["a.exr", "-o", "x.gif"], "found '.gif'"),
        (["a.exr", "-o", "x.png", "--format", "jpg"], "disagree"),
        (["a.exr", "--operator", "drago"], "did you mean drago2003?"),
        (["a.exr", "--operator", "drago2003", "--bais", "1"], "no option --bais; did you mean --bias?"),
        (["a.exr", "--operator", "drago2003", "--key", "1"], "no --key (reinhard2002 has)"),
        (["a.exr", "--gamma", "2.2"], "its result is encoded: sRGB"),
        (["a.exr", "--key", "much"], "invalid float value: 'much'"),
        (["a.exr", "--key", "0"], "expected a positive key, found 0.0"),
        (["a.exr", "--exposure", "1"], "changes nothing"),
        (["a.exr", "--operator", "mu_law", "--exposure", "nan"], "between -100 and 100"),
        (["a.exr", "--quality", "0"], "quality from 1 to 100"),
    ],
)
def test_one_line_and_nothing_written(arguments, message, folder, capsys):
    (folder / "empty").mkdir()
    (folder / "pictures").mkdir()
    for name in ("ldr.png", "pictures/ldr.jpg"):
        iio.imwrite(name, np.zeros((4, 4, 3), np.uint8))
    broken("nan.tif", np.nan)
    before = sorted(folder.rglob("*"))
    assert main(["tonemap", *arguments]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert sorted(folder.rglob("*")) == before


def test_clean_replaces_what_cannot_be(capsys):
    assert main(["tonemap", broken("nan.tif", np.nan), "--clean", "-o", "x.png"]) == 0
    assert iio.imread("x.png").shape == (20, 30, 3)


def test_config_gives_options_and_what_is_typed_wins(folder, capsys):
    (folder / "my.yaml").write_text("operator: drago2003\nbias: 0.7\nformat: png\noverwrite: true\ngamma: 1.8\n")
    for _ in range(2):
        assert main(["tonemap", "--config", "my.yaml", "a.exr", "--gamma", "2.2"]) == 0
    written = iio.imread("a_drago2003.png") / 255
    assert np.abs(written - shown(Drago2003(bias=0.7), folder / "a.exr")).max() < 0.51 / 255
    (folder / "fusion.yaml").write_text("operator: exposure_fusion\nev: [-2, 0, 2]\noverwrite: false\nformat: null\n")
    assert main(["tonemap", "a.exr", "--config=fusion.yaml"]) == 0
    assert Path("a_exposure_fusion.jpg").is_file()


@pytest.mark.parametrize(("text", "message"), [("- 1", "found list"), ("a: [", "expected YAML"), ("bais: 1", "--bais")])
def test_configs_that_hold_no_options(text, message, folder, capsys):
    (folder / "bad.yaml").write_text(text)
    assert main(["tonemap", "a.exr", "--config", "bad.yaml"]) == 2
    assert message in capsys.readouterr().err
    assert main(["tonemap", "a.exr", "--config", "missing.yaml"]) == 2
    assert "missing.yaml" in capsys.readouterr().err


def test_list_and_help(capsys):
    assert main(["tonemap", "--operators"]) == 0
    listed = capsys.readouterr().out
    assert [line for line in listed.splitlines() if not line.startswith(" ")] == list(all_operators())
    assert "--bias 0.85 --saturation 1 --gamma 2.2\n    encoding: power 1/gamma; adapts to each image" in listed
    assert main(["tonemap", "--operator", "kim_kautz2008", "--help"]) == 0
    assert "--display-range X" in capsys.readouterr().out


def test_list_holds_every_operator():
    classes = {name for name, each in vars(tonemap).items() if isinstance(each, type) and issubclass(each, Operator)}
    assert {one.__name__ for one in all_operators().values()} == classes - {"Operator"}


def test_help_names_every_operator():
    assert ", ".join(all_operators()) == OPERATORS


def test_help_imports_no_torch():
    code = "import sys; from hdrgen.cli.main import main; main(['tonemap', '--help']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


@dataclass(frozen=True)
class Exposed(Operator):
    """An operator whose parameters are called as options of the verb."""

    encoding = "none"
    adapts = False
    brighter = "raise exposure"
    exposure: float = 1.0
    quality: float = 0.5

    def __call__(self, radiance: torch.Tensor) -> torch.Tensor:
        return (radiance * 0 + self.exposure * self.quality).clamp(0, 1)


def test_parameters_called_as_options_of_the_verb(monkeypatch, capsys):
    monkeypatch.setattr(tonemap, "Exposed", Exposed, raising=False)
    monkeypatch.setattr(tonemap, "__all__", [*tonemap.__all__, "Exposed"])
    typed = ["--operator", "exposed", "--operator-exposure", "0.8", "--exposure", "2", "--quality", "90"]
    assert main(["tonemap", "a.exr", *typed, "-o", "x.png"]) == 0
    assert (iio.imread("x.png") == round(0.4 * 255)).all()
    assert main(["tonemap", "--operators"]) == 0
    listed = capsys.readouterr().out
    assert "--operator-exposure 1 --operator-quality 0.5\n" in listed
    assert "for a brighter picture raise --operator-exposure" in listed


@dataclass(frozen=True)
class Typed(Operator):
    encoding = "linear"
    adapts = False
    brighter = "raise white"
    white: "int" = 4  # as text, as `from __future__ import annotations` leaves it
    levels: "int | None" = None
    curve: "Literal['straight', 'bent']" = "straight"
    label: "str" = "none"

    def __call__(self, radiance: torch.Tensor) -> torch.Tensor:
        return radiance * 0 + self.white / 10 + (self.levels or 0) / 10 + (self.curve == "bent") / 10


def test_every_plain_type_of_parameter_can_be_typed(monkeypatch, capsys):
    monkeypatch.setattr(tonemap, "Typed", Typed, raising=False)
    monkeypatch.setattr(tonemap, "__all__", [*tonemap.__all__, "Typed"])
    typed = ["--operator", "typed", "--white", "5", "--levels", "2", "--curve", "bent", "--label", "x"]
    assert main(["tonemap", "a.exr", *typed, "-o", "x.png"]) == 0
    assert (iio.imread("x.png") == round(0.8 * 255)).all()
    assert main(["tonemap", "a.exr", "--operator", "typed", "--curve", "round"]) == 2
    assert "--curve" in capsys.readouterr().err


def test_a_misspelt_option_is_not_a_parameter(capsys):
    assert main(["tonemap", "a.exr", "--operatr", "mu_law"]) == 2
    assert "no option --operatr; did you mean --operator" in capsys.readouterr().err


def test_operators_join_by_the_face_of_their_room(monkeypatch):
    assert "exposed" not in tonemap.all_operators()
    monkeypatch.setattr(tonemap, "Exposed", Exposed, raising=False)
    monkeypatch.setattr(tonemap, "__all__", [*tonemap.__all__, "Exposed"])
    assert tonemap.all_operators()["exposed"] is Exposed
    assert list(tonemap.all_operators())[:2] == ["drago2003", "exposure_fusion"]
