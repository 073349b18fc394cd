import importlib.util
import json
import subprocess
import sys
import textwrap
from types import ModuleType, SimpleNamespace

import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.metrics import ColorVideoVDP

STAND_INS = {
    # What the package takes from torchvision is one blur with mirrored borders.
    "torchvision/__init__.py": "",
    "torchvision/ops.py": "MLP = None",
    "torchvision/transforms.py": """
        import torch
        import torch.nn.functional as F

        class GaussianBlur:
            def __init__(self, size, sigma):
                steps = torch.arange(size) - size // 2
                self.kernel = torch.softmax(-(steps**2) / (2 * sigma**2), 0)

            def forward(self, image):
                half = len(self.kernel) // 2
                padded = F.pad(image, (half,) * 4, mode="reflect")
                flat = padded.reshape(-1, 1, *padded.shape[-2:])
                kernel = self.kernel.to(image)
                return F.conv2d(F.conv2d(flat, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1)).view_as(image)
        """,
    "huggingface_hub.py": "hf_hub_download = None",
    "ffmpeg.py": "",
    "einops/__init__.py": "rearrange = repeat = None",
    "einops/layers/__init__.py": "",
    "einops/layers/torch.py": "Rearrange = None",
}
SCRIPT = """
    import json, sys
    import numpy as np
    import torch
    from hdrgen.metrics import ColorVideoVDP

    sys.path.append(STAND_INS)  # after torchmetrics, which would use them

    def read(path):
        return torch.from_numpy(np.load(path)).movedim(-1, 0)[None]

    found = {}
    if sys.argv[1:]:
        metrics = {name: ColorVideoVDP(name) for name in ("standard_hdr_linear", "standard_hdr_linear_dark")}
        image, target = map(read, sys.argv[1:])
        found = {name: metric.measure(image, target)["cvvdp"].item() for name, metric in metrics.items()}
    target = torch.rand(2, 3, 48, 56, generator=torch.Generator().manual_seed(0)) * 300
    image = target * (1 + 0.2 * torch.rand(target.shape, generator=torch.Generator().manual_seed(1)))
    metric = ColorVideoVDP(peak=100.0, ppd=30.0)
    leaf = image.clone().requires_grad_()
    score = metric.measure(leaf, target)["cvvdp"]
    score.sum().backward()
    found["alone"] = [metric.measure(image[i : i + 1], target[i : i + 1])["cvvdp"].item() for i in range(2)]
    found |= {"together": score.tolist(), "gradient": bool(leaf.grad.isfinite().all()), "settings": metric.settings()}
    found["equal"] = metric.measure(target, target)["cvvdp"].tolist()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        metric.update(image.bfloat16(), target)
    found["mean"] = metric.compute()["cvvdp"].item()
    print(json.dumps(found))
    """
PAIR = "bridge256__clip_0p95"


@pytest.fixture(scope="module")
def reference(request):
    """Images of a pair and its row of the reference values, where the local research data is."""
    try:
        folder = request.getfixturevalue("shared") / "reference"
    except pytest.skip.Exception:
        return [], None
    rows = json.loads((folder / "cvvdp/references.json").read_text())["results"]
    images = [str(folder / "hdrvdp2/pairs" / f"{name}.npy") for name in (PAIR, "bridge256__ref")]
    return images, next(row for row in rows if row["id"] == PAIR)


@pytest.fixture(scope="module")
def found(tmp_path_factory, reference):
    """In another process, which has stand-ins for what cannot be imported beside a CPU-only torch."""
    if importlib.util.find_spec("pycvvdp") is None:
        pytest.skip("the package cvvdp is not installed")
    folder = tmp_path_factory.mktemp("stand_ins")
    for name, text in STAND_INS.items():
        if importlib.util.find_spec(name.split("/")[0].removesuffix(".py")) is None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(textwrap.dedent(text))
    script = textwrap.dedent(SCRIPT).replace("STAND_INS", repr(str(folder)))
    run = subprocess.run([sys.executable, "-c", script, *reference[0]], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.parametrize("display", ["standard_hdr_linear", "standard_hdr_linear_dark"])
def test_the_reference_values(shared, found, reference, display):
    assert found[display] == pytest.approx(reference[1][display], abs=1e-3)


def test_images_of_a_batch_do_not_know_of_each_other(found):
    assert found["together"] == pytest.approx(found["alone"], abs=1e-4)


def test_gradients_are_finite_and_equal_images_best(found):
    assert found["gradient"]
    assert found["equal"] == [10, 10]


def test_settings_say_what_was_in_force(found):
    assert found["settings"]["peak"] == 100
    assert found["settings"]["ppd"] == 30
    assert found["settings"]["cvvdp_version"]


def test_half_precision_is_measured_as_float32(found):
    assert found["mean"] == pytest.approx(sum(found["alone"]) / 2, abs=0.05)


def test_what_to_install_is_told_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycvvdp", None)
    with pytest.raises(InputError, match=r"cannot be imported .*; pip install 'hdrgen\[cvvdp\]'"):
        ColorVideoVDP()


class Photometry:
    """As the package's: of displays by name, some of which take display values."""

    def __init__(self, peak, encoded):
        self.Y_peak, self.encoded = peak, encoded

    @classmethod
    def load(cls, name, paths):
        """Known displays alone, in no folder beside the package's own; an error of another kind for each."""
        assert paths == []
        if name in ("no key", "no file"):
            raise {"no key": KeyError, "no file": RuntimeError}[name](name)
        known = {"standard_hdr_linear": (1500.0, False), "standard_fhd": (200.0, True)}
        if name not in known:
            raise sys.modules["pycvvdp"].vq_exception(name)
        return cls(*known[name])

    def is_input_display_encoded(self):
        return self.encoded

    def get_peak_luminance(self):
        return self.Y_peak


class Geometry:
    """As the package's: a resolution and pixels per degree."""

    def __init__(self, resolution, ppd):
        assert resolution == [3840, 2160]
        self.ppd = ppd

    @classmethod
    def load(cls, name, paths):
        assert (name, paths) == ("standard_hdr_linear", [])
        return cls([3840, 2160], 75.4)

    def get_ppd(self):
        return self.ppd


class Predictor:
    """Keeps what it was made with; what it measures is the largest difference."""

    def __init__(self, **made_with):
        self.made_with = SimpleNamespace(**made_with)

    def predict(self, image, target, dim_order):
        assert dim_order == "CHW"
        assert image.dtype == target.dtype == torch.float32
        return 10 - (image - target).abs().max(), None


@pytest.fixture
def package(monkeypatch):
    """In place of the package, where it is not installed either: its interface, without its model of vision."""
    stand_in = ModuleType("pycvvdp")
    stand_in.vvdp_display_photometry, stand_in.vvdp_display_geometry = Photometry, Geometry
    stand_in.cvvdp, stand_in.vq_exception = Predictor, type("vq_exception", (Exception,), {})
    monkeypatch.setitem(sys.modules, "pycvvdp", stand_in)
    monkeypatch.setattr("importlib.metadata.version", lambda name: {"cvvdp": "0.5.0"}[name])


@pytest.mark.parametrize("display", ["no key", "no file", "none"])
def test_a_display_that_the_package_does_not_have(package, display):
    with pytest.raises(InputError, match=f"^cvvdp has no display '{display}'; standard_hdr_linear takes cd/m2$"):
        ColorVideoVDP(display)


def test_a_display_that_takes_display_values(package):
    with pytest.raises(InputError, match=r"^display 'standard_fhd' of cvvdp takes display values; standard_hdr_linear"):
        ColorVideoVDP("standard_fhd")


@pytest.mark.parametrize(
    ("options", "peak", "ppd"), [({}, 1500, 75.4), ({"peak": 100.0}, 100, 75.4), ({"ppd": 30.0}, 1500, 30)]
)
def test_a_display_keeps_what_no_argument_changes(package, options, peak, ppd):
    metric = ColorVideoVDP(**options)
    assert metric.settings() == {
        "display": "standard_hdr_linear",
        "peak": peak,
        "ppd": ppd,
        "cvvdp_version": "0.5.0",
    }
    assert isinstance(metric.settings()["peak"], float)
    made_with = metric._predictor(torch.device("cpu")).made_with
    assert (made_with.display_name, made_with.device, made_with.quiet) == (metric.display, torch.device("cpu"), True)
    assert made_with.display_photometry.Y_peak == peak
    assert (made_with.display_geometry is None) == ("ppd" not in options)


def test_a_predictor_is_made_once_for_a_device_and_given_one_pair_after_the_other(package):
    metric = ColorVideoVDP()
    target = torch.rand(2, 3, 4, 5)
    image = (target + torch.tensor([0.25, 0.5]).view(2, 1, 1, 1)).requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        measured = metric.measure(image, target.double())
    assert measured["cvvdp"].tolist() == pytest.approx([9.75, 9.5])
    assert measured["cvvdp"].shape == (2,)
    assert metric._predictor(torch.device("cpu")) is metric._predictor(torch.device("cpu"))
    with pytest.raises(ValueError, match="shorter"):
        metric.measure(image, target[:1])


def test_a_package_that_fails_while_it_is_imported_is_told_by_its_first_line(monkeypatch, tmp_path):
    """Of torchvision, where it does not fit torch, and whatever the package warns of on the way."""
    (tmp_path / "pycvvdp.py").write_text(
        "import warnings\nwarnings.warn('no reader of video')\nraise RuntimeError('operator nms\\nis not there')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pycvvdp", raising=False)
    with pytest.raises(
        InputError, match=r"cannot be imported \(operator nms\); pip install .* fits the installed torch"
    ):
        ColorVideoVDP()
