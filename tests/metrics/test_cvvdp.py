import importlib.util
import json
import subprocess
import sys
import textwrap

import pytest

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
