import pytest
from torch.utils.data import default_collate

from hdrgen.data import SelectedExposures, collate
from hdrgen.data.collation import StackLoader
from hdrgen.errors import InputError
from tests.data.stacks import CountingStacks


def test_batches_hold_what_all_samples_have():
    samples = [CountingStacks()[index] for index in range(3)]
    del samples[1]["hdr"]
    batch = collate(samples)
    assert batch["ldr"].shape == (3, 5, 3, 12, 16)
    assert batch["ev"].shape == (3, 5)
    assert batch["ref"].tolist() == [2, 2, 2]
    assert batch["scene"] == ["scene_0", "scene_1", "scene_2"]
    assert "hdr" not in batch


def test_different_sizes_are_named():
    stacks = CountingStacks(2, sizes=[(12, 16), (10, 20)])
    with pytest.raises(InputError, match=r"scene_0: 5 frames of 16 x 12, scene_1: 5 frames of 20 x 10"):
        collate([stacks[0], stacks[1]])


@pytest.mark.parametrize("workers", [0, 1])
def test_bad_input_is_one_line_from_workers_too(workers):
    data = SelectedExposures(CountingStacks(2, bad=(1,)), train=True)
    loader = StackLoader(data, num_workers=workers, collate_fn=collate)
    with pytest.raises(InputError) as caught:
        list(loader)
    assert str(caught.value) == "scene scene_1: /data/scene_1/a.png: truncated file, expected 10 bytes"


class RadianceWithNaN(CountingStacks):
    """Scenes of which none can be read as they are."""

    def load(self, index, frames, *, generator):
        raise InputError("a.exr: expected radiance, found NaN; pass clean=True to replace it", argument="clean")


@pytest.mark.parametrize("workers", [0, 1])
def test_the_argument_of_an_error_comes_through_scenes_and_workers(workers):
    loader = StackLoader(SelectedExposures(RadianceWithNaN(1)), num_workers=workers, collate_fn=collate)
    with pytest.raises(InputError, match=r"scene scene_0: a\.exr: .* pass clean=True to replace it$") as caught:
        list(loader)
    assert caught.value.argument == "clean"


def test_one_sample_is_not_copied():
    sample = CountingStacks()[0]
    batch = collate([sample])
    assert batch["ldr"].data_ptr() == sample["ldr"].data_ptr()
    assert {key: getattr(value, "shape", value) for key, value in batch.items()} == {
        key: getattr(value, "shape", value) for key, value in default_collate([sample]).items()
    }
