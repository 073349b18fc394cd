"""`hdrgen.load` and what it returns: the method's own results, for files, arrays and tensors."""

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.errors import InputError
from hdrgen.io import DISPLAY_P3, Camera, Exposure, write_image
from hdrgen.methods import PlainMerge, UnchangedInput
from tests.checkpoint_files import example_of, perturbed, write_checkpoint, write_malicious
from tests.toys import ToyMethod

EV = [-1.0, 1.5]


@pytest.fixture(scope="module")
def method():
    return perturbed(example_of("CEVR").model(identity_start=True))


@pytest.fixture(scope="module")
def file(method, tmp_path_factory):
    return write_checkpoint(method, tmp_path_factory.mktemp("run") / "last.ckpt")


@pytest.fixture(scope="module")
def model(file):
    return hdrgen.load(file, device="cpu")


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(0).integers(0, 256, (24, 30, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def tensor(codes):
    return torch.from_numpy(codes).permute(2, 0, 1) / 255


def test_loads_what_was_saved(model, method):
    assert repr(model) == "Model(CEVR, cpu)"
    assert not model.method.training
    assert model.stack_ev == method.stack_ev
    for name, value in method.state_dict().items():
        assert torch.equal(model.method.state_dict()[name], value)


def test_all_kinds_of_photographs_give_the_same(model, method, codes, tensor, tmp_path):
    with torch.no_grad():
        wanted = method.generate(tensor[None], torch.tensor(EV))
    assert wanted.std() > 0.05
    assert torch.equal(model.generate(tensor[None], EV), wanted)
    assert torch.equal(model.generate(tensor, EV), wanted[0])
    assert torch.equal(model.generate(tensor, torch.tensor(EV)), wanted[0])
    path = write_image(tmp_path / "a.png", codes)
    arrays = (codes, codes.astype(np.uint16) * 257, codes / np.float32(255), str(path), path, hdrgen.read(path))
    for array in arrays:
        made = model.generate(array, np.array(EV))
        assert made.dtype == np.float32
        np.testing.assert_allclose(made, wanted[0].movedim(1, -1).numpy(), atol=1e-6)
    for one in (1.5, np.float32(1.5), torch.tensor(1.5)):
        assert np.array_equal(model.generate(codes, one), model.generate(codes, EV)[1])


def test_reconstructs_as_the_method_does(model, method, codes, tensor):
    batch = {"ldr": tensor[None, None], "ev": torch.zeros(1, 1), "ref": torch.zeros(1, dtype=torch.long), "scene": [""]}
    with torch.no_grad():
        wanted = method.reconstruct(batch)
    assert torch.equal(model.reconstruct(batch), wanted)
    assert torch.equal(model.reconstruct(tensor[None]), wanted)
    np.testing.assert_allclose(model.reconstruct(codes), wanted[0].permute(1, 2, 0).numpy(), rtol=1e-3)


def test_radiance_of_a_file_says_what_the_file_says(model, codes, tmp_path):
    said = {"camera": Camera("Maker", "Model"), "exposure": Exposure(time=0.01, iso=200)}
    path = write_image(tmp_path / "a.jpg", codes, chromaticities=DISPLAY_P3.chromaticities, **said)
    for picture in (path, str(path), hdrgen.read(path)):
        radiance = model.reconstruct(picture)
        assert radiance.linear
        np.testing.assert_array_equal(radiance.pixels, model.reconstruct(hdrgen.read(path).pixels))
        image = hdrgen.read(hdrgen.write(tmp_path / "a.exr", radiance))
        assert image.camera == said["camera"]
        assert image.exposure == said["exposure"]
        assert image.chromaticities == pytest.approx(DISPLAY_P3.chromaticities, abs=1e-3)


@pytest.mark.parametrize("ev", [[0.0, -4.4], [2.2, -2.2]])  # of two as near to 0, the darker
def test_radiance_of_several_files_says_what_the_reference_says(ev, codes, tmp_path):
    merging = hdrgen.Model(PlainMerge())
    times = [0.25, 0.25 / 2**4.4]
    files = [write_image(tmp_path / f"{time:.3f}.png", codes, exposure=Exposure(time=time)) for time in times]
    wanted = times[0] if 0 in ev else times[1]
    assert merging.reconstruct(files, ev=ev).exposure.time == pytest.approx(wanted, rel=1e-3)


def test_linear_images_are_encoded_first(model, codes):
    raw = hdrgen.Image((codes.astype(np.uint16) * 257), linear=True, exposure=hdrgen.Exposure())
    from hdrgen.camera import SRGB

    shown = SRGB()(torch.from_numpy(raw.as_float())).numpy()
    np.testing.assert_allclose(model.generate(raw, EV), model.generate(shown, EV), atol=1e-5)


def test_display_values_that_rounding_put_beyond_one_are_taken(model, codes):
    """As resizing leaves them."""
    values = codes / np.float32(255)
    values[:2], values[2:4] = 1, 0
    rounded = values.copy()
    rounded[:2], rounded[2:4] = 1.0000001, -1e-7
    for made in (model.reconstruct, lambda picture: model.generate(picture, EV)):
        np.testing.assert_array_equal(made(rounded), made(values))
    with pytest.raises(InputError, match=r"found 0 to 1\.01"):
        model.reconstruct(np.where(values == 1, np.float32(1.01), values))


def test_tiles_change_little(file, codes):
    tiled, whole = (
        hdrgen.load(file, device="cpu", tile=tile).generate(np.tile(codes, (8, 8, 1)), EV) for tile in (160, "none")
    )
    assert np.abs(tiled - whole).max() < 1 / 255


def test_several_photographs_in_any_order(codes):
    model = hdrgen.Model(PlainMerge())
    dark, bright = codes // 4, codes
    radiance = model.reconstruct([bright, dark], ev=[0, -4.4])
    swapped = model.reconstruct([dark, bright], ev=[-4.4, 0])
    assert radiance.shape == codes.shape
    np.testing.assert_array_equal(radiance, swapped)
    stack = torch.stack([torch.from_numpy(image).permute(2, 0, 1) / 255 for image in (bright, dark)])
    np.testing.assert_allclose(model.reconstruct(stack, ev=[0, -4.4]).permute(1, 2, 0).numpy(), radiance, rtol=1e-5)


def test_methods_of_ones_own_are_named(tmp_path):
    file = write_checkpoint(ToyMethod(channels=8), tmp_path / "toy.ckpt")
    assert hdrgen.load(file, method=ToyMethod).method.channels == 8
    assert hdrgen.load(file, method="tests.toys.ToyMethod").name == "ToyMethod"


def test_nothing_in_a_checkpoint_runs(tmp_path):
    evil = write_malicious(tmp_path / "evil.ckpt", tmp_path / "owned")
    with pytest.raises(InputError, match=r"evil\.ckpt refused: it asks to run"):
        hdrgen.load(evil)
    torch.save({"state_dict": {}, "hyper_parameters": {"_class_path": "antigravity.Method"}}, tmp_path / "named.ckpt")
    with pytest.raises(InputError, match="antigravity"):
        hdrgen.load(tmp_path / "named.ckpt")
    assert not (tmp_path / "owned").exists()


def test_what_is_no_checkpoint(tmp_path):
    with pytest.raises(InputError, match="found nothing"):
        hdrgen.load(tmp_path / "none.ckpt")
    wrong = {"state_dict": {"x": torch.zeros(1)}, "hyper_parameters": {"_class_path": "hdrgen.methods.LinearGain"}}
    torch.save(wrong, tmp_path / "wrong.ckpt")
    with pytest.raises(InputError, match=r"expected weights of a LinearGain, found others .*Unexpected key"):
        hdrgen.load(tmp_path / "wrong.ckpt")
    wrong["hyper_parameters"]["colour"] = 3
    torch.save(wrong, tmp_path / "wrong.ckpt")
    with pytest.raises(InputError, match="colour"):
        hdrgen.load(tmp_path / "wrong.ckpt")


@pytest.mark.parametrize(
    ("image", "ev", "told"),
    [
        (np.zeros((4, 4), np.uint8), 1, r"shape \(H, W, 3\), found \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), 1, "shape"),
        (np.zeros((0, 4, 3), np.uint8), 1, "shape"),
        (np.zeros((4, 4, 3), np.int64), 1, "found int64"),
        (np.full((4, 4, 3), 7.0), 1, "from 0 to 1, found 7 to 7; divide 8-bit codes by 255"),
        (np.full((4, 4, 3), np.nan), 1, "from 0 to 1, found 48 NaN"),
        (np.zeros((3, 4, 4)), 1, r"found \(3, 4, 4\); image\.transpose\(1, 2, 0\)"),
        (torch.zeros(4, 4), 1, r"found \(4, 4\)"),
        (torch.zeros(4, 4, 3), 1, r"found \(4, 4, 3\); image\.movedim\(-1, -3\)"),
        (torch.zeros(3, 0, 4), 1, r"found \(3, 0, 4\)"),
        (torch.zeros(3, 4, 4, dtype=torch.uint8), 1, r"found torch\.uint8 \(3, 4, 4\); divide 8-bit codes by 255"),
        (torch.full((3, 4, 4), torch.nan), 1, "found 48 NaN"),
        (None, 1, "expected a file, .* found None"),
        ([[0.5]], 1, "found list of 1; numpy.asarray"),
        (np.zeros((8, 8, 3)), "one", "expected EVs as numbers, found 'one'"),
        (np.zeros((8, 8, 3)), [], "expected one EV"),
        (np.zeros((8, 8, 3)), float("nan"), "expected one EV"),
        (np.zeros((8, 8, 3)), float("inf"), r"CEVR cannot make EV \+inf"),
        ("none.png", 1, "none.png"),
    ],
)
def test_bad_input(model, image, ev, told):
    with pytest.raises(InputError, match=told):
        model.generate(image, ev)


def test_exposures_that_are_not_offered():
    model = hdrgen.Model(example_of("DeepSynthHDRI").model())
    with pytest.raises(InputError, match=r"DeepSynthHDRI cannot make EV \+0\.5; it makes EV -1, \+0, \+1"):
        model.generate(np.zeros((8, 8, 3), np.uint8), [1, 0.5])


def test_one_photograph_or_several(codes):
    single = hdrgen.Model(UnchangedInput())
    with pytest.raises(InputError, match=r"UnchangedInput takes one photograph, found 2 in a list; hdrgen.merge"):
        single.reconstruct([codes, codes], ev=[0, 1])
    with pytest.raises(InputError, match="takes one photograph and no EV, found ev=1"):
        single.reconstruct(codes, ev=1)
    with pytest.raises(InputError, match="a batch with ldr, ev and ref, found none of ev, ref"):
        single.reconstruct({"ldr": torch.zeros(1, 1, 3, 8, 8)})
    merging = hdrgen.Model(PlainMerge())
    assert merging.stack_ev == ()
    with pytest.raises(InputError, match="does not generate exposures"):
        merging.generate(codes, 1)
    with pytest.raises(InputError, match="PlainMerge merges several exposures of a scene; pass a list"):
        merging.reconstruct(codes)
    with pytest.raises(InputError, match="expected 2 EVs"):
        merging.reconstruct([codes, codes], ev=[0, 1, 2])
    with pytest.raises(InputError, match="of one size, found 30 x 24, 29 x 24"):
        merging.reconstruct([codes, codes[:, 1:]], ev=[0, 1])


@pytest.mark.parametrize("images", [[], np.zeros((8, 8, 3)), None, "photo.png"])
def test_methods_that_merge_ask_for_several(images):
    with pytest.raises(InputError, match="PlainMerge merges several exposures"):
        hdrgen.Model(PlainMerge()).reconstruct(images, ev=[0, 1])


def test_exposures_in_one_array(codes):
    merging, pair = hdrgen.Model(PlainMerge()), [codes // 4, codes]
    wanted = merging.reconstruct(pair, ev=[-4.4, 0])
    np.testing.assert_array_equal(merging.reconstruct(np.stack(pair), ev=[-4.4, 0]), wanted)


@pytest.mark.parametrize("tile", ["many", 0, -5, 2.5, None])
def test_tiles_are_checked(tile):
    with pytest.raises(InputError, match=r"tile: expected auto, none or a number of pixels, found"):
        hdrgen.Model(UnchangedInput(), tile)


def test_what_is_no_method():
    with pytest.raises(InputError, match=r"expected a method of hdrgen\.methods, found str; hdrgen\.load opens files"):
        hdrgen.Model("last.ckpt")
    with pytest.raises(InputError, match=r"model\.onnx: expected weights, found a program; hdrgen\.load_program"):
        hdrgen.load("model.onnx")


def test_devices(model):
    with pytest.raises(InputError, match="expected a device such as cpu, cuda"):
        model.to("abacus")
