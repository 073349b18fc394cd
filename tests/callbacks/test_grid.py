"""Contact sheets."""

import numpy as np
import pytest
import torch

from hdrgen.callbacks.grid import GAP, LABEL_HEIGHT, contact_sheet, panels


def panel(level: float, height: int = 20, width: int = 30) -> tuple[str, torch.Tensor]:
    return f"{level}", torch.full((3, height, width), level)


def test_panels_stand_beside_each_other():
    sheet = contact_sheet([[panel(0.25), panel(0.5)], [panel(0.75)]], height=20)
    assert sheet.shape == (2 * (20 + LABEL_HEIGHT + GAP), 2 * (30 + GAP), 3)
    assert sheet.dtype == np.float32
    row = LABEL_HEIGHT + 10
    assert sheet[row, 15] == pytest.approx(0.25)
    assert sheet[row, 30 + GAP + 15] == pytest.approx(0.5)
    assert sheet[row + 20 + LABEL_HEIGHT + GAP, 15] == pytest.approx(0.75)
    assert sheet[-row, -1] == pytest.approx(1.0)


def test_captions_are_drawn():
    sheet = contact_sheet([[("EV +1.0", torch.ones(3, 20, 60))]], height=20)
    assert sheet[:LABEL_HEIGHT].min() < 0.5


@pytest.mark.parametrize(("height", "width"), [(400, 600), (10, 15)])
def test_images_are_scaled_to_one_height(height, width):
    sheet = contact_sheet([[panel(0.5, height, width)]], height=40)
    assert sheet.shape == (40 + LABEL_HEIGHT + GAP, 60 + GAP, 3)


def batch(with_truth: bool):
    ldr = torch.arange(3.0)[None, :, None, None, None].expand(1, 3, 3, 8, 8) / 2
    made = {"ldr": ldr, "ev": torch.tensor([[-1.0, 0.0, 1.0]]), "ref": torch.tensor([1]), "scene": ["a"]}
    return {**made, "hdr": torch.ones(1, 3, 8, 8)} if with_truth else made


def shown(outputs, given):
    """As `HDRModule.evaluate` hands them over."""
    truth = {"true_hdr": given["hdr"]} if "hdr" in given else {}
    return {**outputs, "batch": given, **truth}


@pytest.mark.parametrize("with_truth", [True, False])
def test_truth_stands_below_what_was_made(with_truth):
    given = batch(with_truth)
    outputs = {"scene": ["a"], "stack": torch.rand(1, 2, 3, 8, 8), "ev": torch.tensor([[-1.0, 1.0]])}
    outputs["truth"] = given["ldr"][:, ::2]
    outputs["hdr"] = torch.ones(1, 3, 8, 8)
    made, true = panels(shown(outputs, given), 0)
    assert [caption for caption, _ in made] == ["input", "EV -1.0", "EV +1.0", "HDR, tone-mapped"]
    captions = ["truth", "true EV -1.0", "true EV +1.0", "true HDR"]
    assert [caption for caption, _ in true] == captions[: 4 if with_truth else 3]
    assert torch.equal(made[0][1], given["ldr"][0, 1])
    assert torch.equal(true[2][1], given["ldr"][0, 2])


def test_exposures_of_unknown_value_are_called_by_their_direction():
    outputs = {"scene": ["a"], "ev": torch.tensor([[-torch.inf, torch.inf]]), "hdr": torch.ones(1, 3, 8, 8)}
    outputs["stack"] = outputs["truth"] = torch.rand(1, 2, 3, 8, 8)
    made, true = panels(shown(outputs, batch(False)), 0)
    assert [caption for caption, _ in made + true][1:3] == ["down", "up"]
    assert true[1][0] == "true down"


def test_methods_without_exposures_have_no_such_panels():
    made, true = panels(shown({"scene": ["a"], "hdr": torch.ones(1, 3, 8, 8)}, batch(True)), 0)
    assert [caption for caption, _ in made] == ["input", "HDR, tone-mapped"]
    assert [caption for caption, _ in true] == ["truth", "true HDR"]
