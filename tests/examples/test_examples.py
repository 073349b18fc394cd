"""The photograph that comes with hdrgen."""

import pytest
import torch
from PIL import Image

from benchmarks.pictures import photograph as making
from benchmarks.pictures.readme import before_and_after
from hdrgen.examples import example_photograph


def test_it_is_small_and_looks_like_a_photograph():
    assert example_photograph().stat().st_size <= 1e6
    image = Image.open(example_photograph())
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (making.WIDTH, making.HEIGHT))
    assert not image.info.get("progressive")  # a baseline JPEG is the base of Ultra HDR
    levels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(making.HEIGHT, making.WIDTH, 3)
    assert 0.05 < (levels.amax(-1) >= 248).float().mean() < 0.2  # lights clip, and not everything
    assert 40 < levels.float().mean() < 140


def test_its_terms_lie_beside_it():
    text = (example_photograph().parent / "README.md").read_text(encoding="utf-8")
    assert all(word in text for word in (example_photograph().name, "Poly Haven", "CC0 1.0", making.__name__))


def test_the_command_that_makes_it_is_deterministic_and_sees_the_middle_of_a_panorama():
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(128), indexing="ij")
    panorama = torch.stack([2.0 ** (columns / 32), 2.0 ** (rows / 32), torch.ones(64, 128)])
    view = making.seen(panorama)
    assert view.shape == (3, making.HEIGHT, making.WIDTH)
    left, right = view[0, 360, [0, -1]].log2()
    assert float(right - left) == pytest.approx(110 / 360 * 128 / 32, rel=0.02)  # stops across the field of view
    taken = [
        making.CAMERA.photograph(view[:, ::8, ::8], "x", [0], torch.Generator().manual_seed(making.SEED))["ldr"]
        for _ in range(2)
    ]
    assert torch.equal(*taken)


def test_the_picture_of_the_readme_shows_what_was_restored():
    photograph, radiance = torch.ones(3, 360, 540), torch.full((3, 360, 540), 4.0)  # white, two stops above it
    sheet = before_and_after(photograph, radiance)
    assert sheet[600, 270] == pytest.approx([0.5371] * 3, abs=1e-4)  # IEC 61966-2-1 of a quarter
    assert sheet[600, 810] == pytest.approx([1.0] * 3)
