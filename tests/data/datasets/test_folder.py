import numpy as np
import pytest
import torch

from hdrgen.camera import SRGB, Gamma
from hdrgen.data import ExposureStackFolder, ProceduralScenes, SelectedExposures, StackCamera, write_stack
from hdrgen.errors import InputError
from hdrgen.io import write_image

SCENES = ProceduralScenes(2, 32, camera=StackCamera(evs=(-3, -1, 0, 1, 3)))


@pytest.fixture
def root(tmp_path):
    for index in range(2):
        write_stack(SCENES[index], tmp_path / "scenes" / SCENES.scene(index))
    return tmp_path / "scenes"


def test_what_is_written_is_read_back(root):
    stacks = ExposureStackFolder(str(root))
    for index in range(2):
        written, read = SCENES[index], stacks[index]
        torch.testing.assert_close(read["ldr"], written["ldr"], atol=1e-6, rtol=0)
        assert torch.equal(read["ev"], written["ev"])
        assert torch.equal(read["ref"], written["ref"])
        assert torch.equal(read["hdr"], written["hdr"])
        assert read["scene"] == written["scene"]
        assert "inverse_response" not in read


def test_part_of_the_scenes(root):
    for chosen in (
        ExposureStackFolder(str(root), scenes=(0.5, 1.0)),
        ExposureStackFolder(str(root), only="*_00001", square=16),
    ):
        assert [chosen.scene(index) for index in range(len(chosen))] == ["procedural_0_00001"]
    assert chosen[0]["ldr"].shape[-2:] == (16, 16)


def test_one_scene_folder_is_a_root(root):
    stacks = ExposureStackFolder(str(root / "procedural_0_00001"))
    assert [stacks.scene(index) for index in range(len(stacks))] == ["procedural_0_00001"]


def test_only_the_frames_that_are_needed_are_read(root, monkeypatch):
    from hdrgen.data.datasets import photographed

    read, names = photographed.read_frame, []
    monkeypatch.setattr(photographed, "read_frame", lambda path: (names.append(path.name), read(path))[1])
    sample = ExposureStackFolder(str(root)).load(0, [1, 4], generator=torch.Generator())
    assert names == ["01.png", "04.png"]
    assert sample["ev"].tolist() == [-1, 3]
    assert int(sample["ref"]) == 0


def test_wanted_exposures_are_the_nearest_ones(root):
    stacks = ExposureStackFolder(str(root), evs=[-2.8, 0, 1.2])
    assert stacks.exposures(0).tolist() == [-3, 0, 1]
    assert stacks.reference(0) == 1
    assert torch.equal(stacks[0]["ldr"], ExposureStackFolder(str(root))[0]["ldr"][[0, 2, 3]])
    with pytest.raises(InputError, match=r"found -3\.00, -1\.00"):
        ExposureStackFolder(str(root), evs=[-2, 0])[0]
    with pytest.raises(InputError, match="expected 0"):
        ExposureStackFolder(str(root), evs=[1])


def test_fewer_frames_are_those_around_the_reference(root):
    assert ExposureStackFolder(str(root), frames=3).exposures(0).tolist() == [-1, 0, 1]


def test_another_reference(root):
    stacks = ExposureStackFolder(str(root), reference=-1)
    assert stacks.exposures(0).tolist() == [-6, -4, -3, -2, 0]
    assert stacks.reference(0) == 4


def test_large_images_are_shrunk_with_their_truth(root):
    sample = ExposureStackFolder(str(root), max_side=20)[0]
    assert sample["ldr"].shape[-2:] == sample["hdr"].shape[-2:] == (20, 20)


def test_a_known_response_is_passed_on(root):
    sample = ExposureStackFolder(str(root), response=Gamma(2.0))[0]
    torch.testing.assert_close(sample["inverse_response"], torch.linspace(0, 1, 1024) ** 2, atol=1e-6, rtol=0)


def test_linear_frames_are_clipped_and_encoded(tmp_path):
    radiance = np.random.default_rng(0).random((8, 8, 3), np.float32) * 2
    for index, ev in enumerate((-1, 0)):
        write_image(tmp_path / f"{index}.tif", radiance * np.float32(2.0**ev))
    (tmp_path / "exposures.csv").write_text("file,time\n0.tif,0.5\n1.tif,1\n")
    sample = ExposureStackFolder(str(tmp_path))[0]
    expected = SRGB()(torch.from_numpy(radiance).permute(2, 0, 1) / 2)
    torch.testing.assert_close(sample["ldr"][0], expected)
    torch.testing.assert_close(sample["inverse_response"], SRGB().inverse(torch.linspace(0, 1, 1024)))


def test_truth_may_lie_one_folder_below_but_not_twice(root):
    scene = root / "procedural_0_00000"
    (scene / "truth").mkdir()
    (scene / "truth.exr").rename(scene / "truth" / "merged.exr")
    assert torch.equal(ExposureStackFolder(str(root))[0]["hdr"], SCENES[0]["hdr"])
    write_image(scene / "truth" / "other.hdr", np.ones((32, 32, 3), np.float32))
    with pytest.raises(InputError, match=r"merged\.exr, other\.hdr"):
        ExposureStackFolder(str(root))[0]


def test_truth_of_another_size_is_refused(root):
    write_image(root / "procedural_0_00000" / "truth.exr", np.ones((16, 32, 3), np.float32))
    with pytest.raises(InputError, match="32 x 32, found 32 x 16"):
        ExposureStackFolder(str(root))[0]


def test_wrong_root_shows_expected_and_found(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "notes.txt").touch()
    with pytest.raises(
        InputError, match=r"<root>/<scene>/\{images.*found one/ \{1 \.txt\}.*pass the folder that holds"
    ):
        ExposureStackFolder(str(tmp_path))
    with pytest.raises(InputError, match="found nothing"):
        ExposureStackFolder(str(tmp_path / "two"))


def test_corrupt_frame_is_named(root):
    frame = root / "procedural_0_00000" / "02.png"
    frame.write_bytes(frame.read_bytes()[:300])
    data = SelectedExposures(ExposureStackFolder(str(root)))
    with pytest.raises(InputError, match=r"scene procedural_0_00000: .*02\.png"):
        data[0]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_real_stacks(shared):
    stacks = ExposureStackFolder(str(shared / "data/stacks"), max_side=64)
    counts = {stacks.scene(index): len(stacks.exposures(index)) for index in range(len(stacks))}
    assert counts["memorial"] == 16
    assert counts["cwz_window"] == 12
    index = list(counts).index("memorial")
    sample = stacks.load(index, [0, stacks.reference(index)], generator=torch.Generator())
    assert max(sample["ldr"].shape[-2:]) == 64
    assert sample["ev"].tolist() == [-7, 0]


@pytest.mark.parametrize("option", [{"frames": 0}, {"max_side": 0}, {"evs": [1.0]}])
def test_nothing_to_keep(root, option):
    with pytest.raises(InputError, match="found"):
        ExposureStackFolder(str(root), **option)
