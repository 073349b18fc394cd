import pytest
import torch

from hdrgen.data import RandomPair, SelectedExposures, WholeStackByRank
from hdrgen.data.dataset import random_crop
from hdrgen.errors import InputError
from tests.data.stacks import CountingStacks


def test_only_the_frames_that_are_needed_are_loaded():
    stacks = CountingStacks()
    data = SelectedExposures(stacks, RandomPair(), train=True)
    samples = [data[epoch, 3] for epoch in range(20)]
    assert all(len(frames) == 2 for _, frames in stacks.loaded)
    assert len({tuple(frames) for _, frames in stacks.loaded}) > 5
    for sample, (_, frames) in zip(samples, stacks.loaded, strict=True):
        assert sample["ev"].tolist() == [frame - 2 for frame in frames]
        assert int(sample["ref"]) == (frames.index(2) if 2 in frames else 0)
        assert sample["ldr"][0].mean() <= sample["ldr"][1].mean()


def test_a_sample_depends_on_seed_scene_and_epoch_only():
    def hdr(seed, key, **arguments):
        return SelectedExposures(CountingStacks(), RandomPair(), seed=seed, **arguments)[key]["hdr"]

    base = hdr(0, (2, 1), train=True)
    assert torch.equal(base, hdr(0, (2, 1), train=True))
    assert not torch.equal(base, hdr(1, (2, 1), train=True))
    assert not torch.equal(base, hdr(0, (3, 1), train=True))
    assert not torch.equal(base, hdr(0, (2, 2), train=True))
    assert torch.equal(hdr(0, (2, 1)), hdr(0, 1))


def test_selection_does_not_change_what_the_scene_shows():
    pair = SelectedExposures(CountingStacks(), RandomPair(), train=True, crop=8)[4, 1]
    whole = SelectedExposures(CountingStacks(), train=True, crop=8)[4, 1]
    assert torch.equal(pair["hdr"], whole["hdr"])


def test_crop_is_the_same_for_stack_and_radiance():
    sample = SelectedExposures(CountingStacks(), train=True, crop=9)[0, 0]
    assert sample["hdr"].shape == (3, 9, 9)
    exposed = sample["hdr"] * sample["ev"].exp2()[:, None, None, None]
    torch.testing.assert_close(sample["ldr"], exposed.clamp(0, 1))


def test_every_position_of_a_crop_is_drawn_and_lies_within():
    places = torch.arange(12 * 16.0).view(1, 1, 12, 16)
    generator = torch.Generator().manual_seed(0)
    crops = [random_crop({"ldr": places, "hdr": places[0]}, 9, generator) for _ in range(600)]
    assert {(*crop["ldr"].shape, *crop["hdr"].shape) for crop in crops} == {(1, 1, 9, 9, 1, 9, 9)}
    corners = [int(crop["ldr"][0, 0, 0, 0]) for crop in crops]
    assert sorted(set(corners)) == [16 * top + left for top in range(4) for left in range(8)]
    assert corners == [int(crop["hdr"][0, 0, 0]) for crop in crops]


def test_crop_larger_than_the_frame_is_refused():
    sample = CountingStacks()[0]
    with pytest.raises(InputError, match="found 16 x 12"):
        random_crop(sample, 13, torch.Generator())


def test_corrupt_scene_stops_with_its_name():
    with pytest.raises(InputError, match=r"scene scene_2: /data/scene_2/a\.png: truncated"):
        SelectedExposures(CountingStacks(bad=(2,)), train=True)[0, 2]


def test_corrupt_scene_is_replaced_and_counted():
    data = SelectedExposures(CountingStacks(bad=(2, 3)), train=True, on_error="skip")
    assert data[0, 2]["scene"] == "scene_4"
    assert data[0, 3]["scene"] == "scene_4"
    assert data.unreadable.tolist() == [0, 0, 1, 2, 0, 0]
    with pytest.raises(InputError, match="none among 2"):
        SelectedExposures(CountingStacks(2, bad=(0, 1)), train=True, on_error="skip")[0, 0]


def test_indices_end_where_the_scenes_end():
    assert len(list(SelectedExposures(CountingStacks(3)))) == 3


def test_ranks_are_enough_for_those_who_say_so_only(monkeypatch):
    stacks = CountingStacks()
    monkeypatch.setattr(stacks, "exposures", lambda index: torch.tensor([-torch.inf, 0.0, torch.inf]))
    with pytest.raises(InputError, match="found ranks only"):
        SelectedExposures(stacks, RandomPair(), train=True)[0]
    assert WholeStackByRank.ranks_suffice
    SelectedExposures(stacks, WholeStackByRank(), train=True)[0]
    SelectedExposures(stacks)[0]
