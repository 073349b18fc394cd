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
        return torch.from_numpy(np.load(path)).movedim(-1, 0)

    folder, *names = sys.argv[1:]
    if folder == "none":
        target = torch.rand(2, 3, 64, 80, generator=torch.Generator().manual_seed(0)) * 300
        image = target * (1 + 0.2 * torch.rand(target.shape, generator=torch.Generator().manual_seed(1)))
    else:
        *images, reference = (read(f"{folder}/{name}.npy") for name in [*names, "bridge256__ref"])
        image, target = torch.stack(images), torch.stack([reference] * len(images))

    found = {}
    for display in ("standard_hdr_linear", "standard_hdr_linear_dark"):
        found[display] = ColorVideoVDP(display).measure(image, target)["cvvdp"].tolist()
    metric = ColorVideoVDP(peak=100.0, ppd=30.0)
    leaf = image.bfloat16().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        metric.update(leaf, target)
    score = metric.measure(image.requires_grad_(), target)["cvvdp"]
    score.sum().backward()
    found["alone"] = [metric.measure(image[i : i + 1], target[i : i + 1])["cvvdp"].item() for i in range(len(image))]
    found |= {"together": score.tolist(), "gradient": bool(image.grad.isfinite().all()), "settings": metric.settings()}
    found["equal"] = metric.measure(target, target)["cvvdp"].tolist()
    print(json.dumps(found))
    """


def measured(folder, *arguments):
    """In another process, which has stand-ins for what cannot be imported beside a CPU-only torch."""
    if importlib.util.find_spec("pycvvdp") is None:
        pytest.skip("the package cvvdp is not installed")
    for name, text in STAND_INS.items():
        if importlib.util.find_spec(name.split("/")[0].removesuffix(".py")) is None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(textwrap.dedent(text))
    script = textwrap.dedent(SCRIPT).replace("STAND_INS", repr(str(folder)))
    run = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_the_reference_values(shared, tmp_path):
    rows = json.loads((shared / "reference/cvvdp/references.json").read_text())["results"]
    rows = [row for row in rows if row["id"].startswith("bridge256")][::9]
    found = measured(tmp_path, str(shared / "reference/hdrvdp2/pairs"), *(row["id"] for row in rows))
    for display in ("standard_hdr_linear", "standard_hdr_linear_dark"):
        assert found[display] == pytest.approx([row[display] for row in rows], abs=1e-3)


def test_batches_gradients_settings_and_equal_images(tmp_path):
    found = measured(tmp_path, "none")
    assert found["together"] == pytest.approx(found["alone"], abs=1e-4)
    assert found["gradient"]
    assert found["equal"] == [10, 10]
    assert found["settings"]["peak"] == 100
    assert found["settings"]["ppd"] == 30
    assert found["settings"]["cvvdp_version"]


def test_what_to_install_is_told_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycvvdp", None)
    with pytest.raises(InputError, match=r"cannot be imported .*; pip install 'hdrgen\[cvvdp\]'"):
        ColorVideoVDP()
