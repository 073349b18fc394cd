import pickle

import numpy as np
import pytest
import torch

from hdrgen.data import RenderedStacks, SelectedExposures, StackCamera, Views
from hdrgen.data.dataset import derived_generator
from hdrgen.errors import InputError
from hdrgen.io import write_image


@pytest.fixture
def folder(tmp_path):
    generator = np.random.default_rng(0)
    for name in ("alpha", "beta", "gamma", "delta"):
        write_image(tmp_path / f"{name}.hdr", generator.lognormal(size=(32, 64, 3)).astype(np.float32))
    write_image(tmp_path / "photos" / "desk.exr", generator.lognormal(size=(40, 50, 3)).astype(np.float32))
    return tmp_path


def test_scenes_views_and_shapes(folder):
    stacks = RenderedStacks(str(folder), size=16, views=3)
    names = [stacks.scene(index) for index in range(len(stacks))]
    assert len(set(names)) == 15
    assert names[:3] == ["alpha_view0", "alpha_view1", "alpha_view2"]
    sample = stacks[13]
    assert sample["ldr"].shape == (9, 3, 16, 16)
    assert sample["hdr"].shape == (3, 16, 16)
    assert int(sample["ref"]) == 4


def test_views_of_one_scene_differ_and_epochs_too(folder):
    stacks = RenderedStacks(str(folder), size=16, views=2)
    train = SelectedExposures(stacks, seed=1, train=True)
    fixed = SelectedExposures(stacks, seed=1)
    assert not torch.equal(train[0, 0]["hdr"], train[0, 1]["hdr"])
    assert not torch.equal(train[0, 0]["hdr"], train[1, 0]["hdr"])
    assert torch.equal(train[1, 0]["hdr"], SelectedExposures(stacks, seed=1, train=True)[1, 0]["hdr"])
    assert torch.equal(fixed[0, 0]["hdr"], fixed[5, 0]["hdr"])


def test_splits_share_no_scene(folder):
    train = RenderedStacks(str(folder), size=16, views=2, scenes=(0, 0.6))
    test = RenderedStacks(str(folder), size=16, views=2, scenes=(0.6, 1))
    assert {*train.names} | {*test.names} == {"alpha", "beta", "gamma", "delta", "desk"}
    assert not {*train.names} & {*test.names}


def test_memory_for_decoded_images_is_bounded(folder, monkeypatch):
    one_image = 3 * 34 * 66 * 2  # with its margin
    stacks = RenderedStacks(str(folder), size=16, cache_gib=2.5 * one_image / 2**30)
    reads = []
    from hdrgen.data.virtual import rendered

    read = rendered.read_radiance
    monkeypatch.setattr(rendered, "read_radiance", lambda path: (reads.append(path.stem), read(path))[1])
    for index in (0, 0, 1, 0, 2, 1, 0):
        stacks[index]
    assert reads == ["alpha", "beta", "delta", "beta", "alpha"]
    assert sum(image.pixels.nbytes for image in stacks._cache.values()) <= 2.5 * one_image
    assert pickle.loads(pickle.dumps(stacks))._cache == {}


def test_panoramas_are_reduced_to_what_the_narrowest_view_needs(tmp_path):
    write_image(tmp_path / "large.hdr", np.ones((256, 512, 3), np.float32))
    stacks = RenderedStacks(str(tmp_path), size=16, view=Views((60, 100)))
    assert stacks._image(stacks.paths[0]).pixels.shape == (3, 48 + 2, 96 + 2)


def test_the_memory_for_images_changes_no_sample(folder):
    plenty, little = (RenderedStacks(str(folder), size=16, cache_gib=gib) for gib in (1.0, 1e-4))
    assert all(torch.equal(plenty[index]["hdr"], little[index]["hdr"]) for index in range(5))
    kinds = {image.pixels.dtype for stacks in (plenty, little) for image in stacks._cache.values()}
    assert kinds == {torch.float32, torch.float16}


@pytest.mark.parametrize(("share", "dtype"), [(1.0, torch.float32), (0.999, torch.float16)])
def test_images_are_kept_as_float32_where_all_of_them_fit_so(tmp_path, share, dtype):
    for name in "abc":
        write_image(tmp_path / f"{name}.exr", np.full((20, 30, 3), 0.5, np.float32))
    stacks = RenderedStacks(str(tmp_path), size=16, cache_gib=share * 3 * (20 * 30 * 3 * 4) / 2**30)
    assert {stacks._image(path).pixels.dtype for path in stacks.paths} == {dtype}
    assert len(stacks._cache) == 3


def test_sample_is_rendered_on_the_absolute_scale(folder):
    stacks = RenderedStacks(str(folder), size=16, camera=StackCamera(jitter=0))
    sample = stacks[4]
    light = (sample["hdr"] * torch.tensor([0.2126, 0.7152, 0.0722])[:, None, None]).sum(0)
    assert float(light.flatten().quantile(0.5)) == pytest.approx(0.18, rel=1e-3)
    clipped = sample["hdr"] >= 1
    assert (sample["ldr"][4][clipped] == 1).all()


def test_corrupt_file_is_named(folder):
    (folder / "broken.hdr").write_bytes(b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 32 +X 64\n\x02\x02")
    stacks = RenderedStacks(str(folder), size=16)
    with pytest.raises(InputError, match="broken"):
        stacks[stacks.names.index("broken")]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: RenderedStacks(str(path / "no")), "expected a folder with .hdr or .exr files, found nothing"),
        (
            lambda path: RenderedStacks(str(path / "notes.txt")),
            "expected a folder with .hdr or .exr files, found a file",
        ),
        (lambda path: RenderedStacks(str(path)), "found notes.txt"),
        (lambda path: RenderedStacks(str(path), views=0), "views=0"),
    ],
)
def test_wrong_roots_are_explained(tmp_path, make, message):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=message):
        make(tmp_path)


def test_wrong_parts_are_explained(folder):
    with pytest.raises(InputError, match="between 0 and 1"):
        RenderedStacks(str(folder), scenes=(0.5, 0.2))
    with pytest.raises(InputError, match="none of 5"):
        RenderedStacks(str(folder), scenes=(0.0, 0.05))


def test_real_panoramas(shared):
    curves = StackCamera(curves=str(shared / "data/crf/201_CRF_data.mat"), curves_fold="test")
    stacks = RenderedStacks(str(shared / "data/hdri/test"), size=64, camera=curves)
    assert len(stacks) == 7
    sample = stacks.load(0, [0, 8], generator=derived_generator(0))
    assert sample["ldr"].shape == (2, 3, 64, 64)
    assert (sample["ldr"][1] >= sample["ldr"][0]).all()
    assert torch.isfinite(sample["hdr"]).all()


def test_real_photographs_in_openexr(shared):
    stacks = RenderedStacks(str(shared / "data/exr"), size=64)
    assert all(stacks[index]["ldr"].shape == (9, 3, 64, 64) for index in range(len(stacks)))


def test_an_empty_folder_and_the_first_eight_names_of_others_are_told(tmp_path):
    with pytest.raises(InputError, match=r"expected .hdr or .exr files, found an empty folder$"):
        RenderedStacks(str(tmp_path))
    for name in "ihgfedcba":
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"expected .hdr or .exr files, found a, b, c, d, e, f, g, h$"):
        RenderedStacks(str(tmp_path))


def test_files_are_found_below_and_in_capital_letters_and_folders_are_none(tmp_path):
    for name in ("b.EXR", "inner/a.Hdr", "inner/deeper/c.exr", "d.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.exr").mkdir()
    assert [path.name for path in RenderedStacks(str(tmp_path)).paths] == ["b.EXR", "a.Hdr", "c.exr"]


@pytest.mark.parametrize(("size", "height"), [(8, 24), (21, 63), (22, 64)])
def test_a_panorama_no_larger_than_needed_is_kept(tmp_path, size, height):
    """Of 60 degrees in so many pixels, half a turn has three times as many."""
    write_image(tmp_path / "a.exr", np.full((64, 128, 3), 0.5, np.float32))
    stacks = RenderedStacks(str(tmp_path), size=size)
    assert stacks._image(stacks.paths[0]).pixels.shape[-2:] == (height + 2, 2 * height + 2)
    assert stacks._image(stacks.paths[0]) is stacks._image(stacks.paths[0])


def test_what_is_far_brighter_than_the_median_is_clipped_at_the_largest_half(tmp_path):
    pixels = np.full((20, 30, 3), 2.0, np.float32)
    pixels[0, 0] = 2e6
    write_image(tmp_path / "a.exr", pixels)
    stacks = RenderedStacks(str(tmp_path), size=8)
    kept = stacks._image(stacks.paths[0]).pixels
    assert float(kept.max()) == 65504
    assert float(kept.median()) == 1
