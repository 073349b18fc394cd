"""`hdrgen.load_program`: an exported program in tiles does what the method does in the same tiles."""

import numpy as np
import onnx
import pytest
import torch

import hdrgen
from hdrgen.errors import InputError
from tests.exports import exported

TILE = 192
SIZE = (262, 421)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Methods and the folders they are exported to."""
    return {name: exported(name, tmp_path_factory) for name in ("MultiExposureGeneration", "HDRGAN", "CEVR")}


@pytest.fixture(scope="module")
def image():
    rows, columns = (torch.linspace(0, 9, side) for side in SIZE)
    shades = torch.stack([(rows[:, None] * k + columns).sin() for k in (1, 2, 3)])
    noise = torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(0))
    return (0.5 + 0.3 * shades + 0.2 * noise).clamp(0, 1)[None]


def test_exposures_in_tiles_equal_the_methods(made, image):
    method, folder, _ = made["MultiExposureGeneration"]
    program = hdrgen.load_program(folder, tile=TILE)
    assert program.card["tiles"]["exact"]
    method.tile = TILE
    with torch.no_grad():
        wanted = method.generate(image, torch.tensor(made["MultiExposureGeneration"].stops)).numpy()
    found = program.run(image=image.numpy())["exposures"]
    assert found.shape == (1, 2, 3, *SIZE)
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    whole = hdrgen.load_program(folder / "model.onnx", tile="none").run(image=image)["exposures"]
    assert 0 < np.abs(whole - found).max() < 0.1  # the tiles were tiles


def test_photographs_merged_in_tiles_equal_the_methods(made, image):
    method, folder, _ = made["HDRGAN"]
    stack = torch.stack([image / 2, image, (1.5 * image).clamp(0, 1)], dim=1)
    ev = torch.tensor([[-2.0, 0.0, 1.5]])
    method.tile = TILE
    with torch.no_grad():
        wanted = method.reconstruct({"ldr": stack, "ev": ev, "ref": torch.ones(1, dtype=torch.long)})
    found = hdrgen.load_program(folder, tile=TILE).run(exposures=stack, ev=ev.tolist())["hdr"]
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-4, atol=1e-4)


def test_a_method_that_sees_the_whole_photograph_is_not_cut(made, image):
    method, folder, _ = made["CEVR"]
    program = hdrgen.load_program(folder, tile=TILE)
    with pytest.raises(InputError, match=r"CEVR must see the whole photograph, .* found 421 x 262; pass tile='none'"):
        program.run(image=image)
    small = image[..., :100, :TILE]
    with torch.no_grad():
        wanted = method.generate(small, torch.tensor(made["CEVR"].stops)).numpy()
    np.testing.assert_allclose(program.run(image=small)["exposures"], wanted, atol=1e-4)
    assert hdrgen.load_program(folder, tile="none").run(image=image)["exposures"].shape[-2:] == SIZE


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({}, "expected the inputs exposures, ev, found none"),
        ({"exposures": np.zeros((1, 3, 3, 24, 24)), "evs": np.zeros((1, 3))}, "found exposures, evs"),
        (
            {"exposures": np.zeros((3, 24, 24, 3), np.uint8), "ev": np.zeros((1, 3))},
            r"exposures: .*found uint8 \(3, 24",
        ),
        ({"exposures": np.zeros((1, 3, 3, 24, 24)), "ev": np.zeros(3)}, r"ev: expected floats of shape \(1, 3\)"),
        ({"exposures": np.zeros((1, 3, 3, 2, 24)), "ev": np.zeros((1, 3))}, "at least 6 pixels each way, found 24 x 2"),
        ({"exposures": [[1.0], [1.0, 2.0]], "ev": [[0.0] * 3]}, "exposures: expected floats, found"),
        ({"exposures": torch.zeros(1, 3, 3, 24, 24, dtype=torch.uint8), "ev": [[0.0] * 3]}, "found uint8"),
        ({"exposures": np.full((1, 3, 3, 24, 24), np.nan), "ev": np.zeros((1, 3))}, "exposures: .* found NaN"),
    ],
)
def test_other_inputs(inputs, told, made):
    with pytest.raises(InputError, match=told):
        hdrgen.load_program(made["HDRGAN"].folder).run(**inputs)


def test_what_is_no_program(made, tmp_path):
    (tmp_path / "text.onnx").write_text("no program")
    (tmp_path / "model.pt2").write_text("no program")
    for path, told in (
        (tmp_path / "none.onnx", "found nothing"),
        (tmp_path, "model.onnx: expected an ONNX program"),
        (tmp_path / "text.onnx", "text.onnx: expected an ONNX program, found"),
        (tmp_path / "model.pt2", "unpickles parts of such files"),
    ):
        with pytest.raises(InputError, match=told):
            hdrgen.load_program(path)
    program = onnx.load(next(made["HDRGAN"].folder.glob("*.onnx")))
    for card in ("{", "[]", '{"tiles": null}', "[" * 100_000):
        for entry in program.metadata_props:
            entry.value = card
        onnx.save(program, tmp_path / "other.onnx")
        with pytest.raises(InputError, match="expected a program with its card, found none"):
            hdrgen.load_program(tmp_path / "other.onnx")
    with pytest.raises(InputError, match="found Abacus"):
        hdrgen.load_program(made["HDRGAN"].folder, providers=["Abacus"])
