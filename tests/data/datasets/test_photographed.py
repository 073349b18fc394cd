"""What holds for every data set of photographs, on tiny trees in the published layouts."""

import inspect
import pickle
from functools import partial

import pytest
import torch
from torch.utils.data import DataLoader

from hdrgen.data import (
    NTIRE2021,
    RAISE,
    VDS,
    DecodedCache,
    Fairchild,
    HDREye,
    Kalantari,
    RandomPair,
    SelectedExposures,
    Sen,
    Tursun,
    collate,
    reading,
)
from hdrgen.data.datasets.photographed import PhotographedStacks, StackOptions
from hdrgen.data.reading import shrunk, squared
from hdrgen.errors import InputError
from hdrgen.io import write_image
from tests.data.datasets import trees

WRITERS = {
    "vds": trees.vds,
    "hdreye": trees.hdreye,
    "kalantari": trees.kalantari,
    "deephdr": trees.deephdr,
    "sen": lambda root: [trees.bracket(root / "Scenes" / name, index) for index, name in enumerate(("a", "b"))],
    "tursun": lambda root: [trees.bracket(root / name, index, suffix=".tiff") for index, name in enumerate(("a", "b"))],
    "ntire": trees.ntire,
    "fairchild": partial(trees.fairchild, count=2),
    "raise": trees.raise_,
}
READERS = {
    "vds": VDS,
    "hdreye": HDREye,
    "kalantari": Kalantari,
    "deephdr": partial(Kalantari, static=True),
    "sen": Sen,
    "tursun": Tursun,
    "ntire": NTIRE2021,
    "fairchild": partial(Fairchild, camera_rgb=True),
    "raise": RAISE,
}


@pytest.fixture(scope="session", params=list(READERS))
def data(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(request.param)
    WRITERS[request.param](root)
    return READERS[request.param](str(root))


@pytest.mark.parametrize("name", [name for name in READERS if name != "deephdr"])
def test_arguments_that_data_sets_have_in_common_reach_the_choice(name, tmp_path):
    WRITERS[name](tmp_path)
    given = {"reference": 1, "frames": 2, "max_side": 8, "square": 6, "evs": [-1.0, 0.0]}
    known = inspect.signature(getattr(READERS[name], "func", READERS[name])).parameters
    for argument in given.keys() & known.keys() - ({"evs"} if name == "raise" else set()):
        others = {"square": None} if argument == "max_side" and "square" in known else {}
        others |= {"max_side": None} if argument == "square" and "max_side" in known else {}
        made = READERS[name](str(tmp_path), **{argument: given[argument]}, **others)
        assert getattr(made.options, argument) == given[argument]


@pytest.fixture
def read(monkeypatch):
    """The names of the files that are decoded, as they are."""
    names, read_image = [], reading.read_image
    monkeypatch.setattr(reading, "read_image", lambda path, **kw: (names.append(path.name), read_image(path, **kw))[1])
    return names


def test_samples_are_what_every_method_expects(data):
    assert len(data) == 2
    assert len({data.scene(index) for index in range(len(data))}) == 2
    for index in range(len(data)):
        sample = data[index]
        ldr, ev, ref = sample["ldr"], sample["ev"], int(sample["ref"])
        assert ldr.dtype == ev.dtype == torch.float32
        assert torch.equal(ev, data.exposures(index))
        assert len(ldr) == len(ev) >= 3
        assert ev[ref] == 0
        assert ref == data.reference(index)
        assert (ev.diff() > 0).all()
        assert 0 <= float(ldr.min()) < float(ldr.max()) <= 1
        assert (ldr.mean((1, 2, 3)).diff() > 0).all()
        assert "hdr" not in sample or sample["hdr"].shape == ldr.shape[1:]


def test_only_the_frames_that_are_needed_are_read(data, read):
    count = len(data.exposures(0))
    assert read == []
    sample = data.load(0, [0, count - 1], generator=torch.Generator())
    frames = set(read) - {"target_hdr.hdr", "C01_HDR.hdr", "HDRImg.hdr", "ref_hdr.hdr", "gt.png", "Scene0.exr"}
    assert len(frames) == (1 if isinstance(data, RAISE) else 2)
    assert len(read) == len(set(read))
    assert torch.equal(sample["ldr"], data[0]["ldr"][[0, count - 1]])
    assert sample["ev"].tolist() == data.exposures(0)[[0, count - 1]].tolist()


def test_samples_are_the_same_in_every_process(data):
    """Nothing but index, seed and epoch decides: a copy in another process gives the same samples."""
    pairs = SelectedExposures(data, RandomPair(), seed=3, train=True)
    here = [pairs[5, index] for index in range(len(data))]
    copy = pickle.loads(pickle.dumps(pairs))
    loaded = DataLoader(copy, batch_size=1, sampler=[(5, 0), (5, 1)], num_workers=2, collate_fn=collate)
    for expected, batch in zip(here, loaded, strict=True):
        assert batch["scene"] == [expected["scene"]]
        assert torch.equal(batch["ldr"][0], expected["ldr"])
        assert torch.equal(batch["ev"][0], expected["ev"])


def test_samples_from_the_cache_are_the_same_and_need_no_file_read(data, read, tmp_path):
    """Whole and by squares; the oracle is the way without a cache: decode everything, then cut."""

    def samples():
        for crop in (None, 12):
            for index, sample in enumerate(SelectedExposures(data, seed=2, train=True, crop=crop)):
                yield f"{crop} {index}", sample

    plain = dict(samples())
    assert data.decoded is None
    try:
        data.keep_decoded(DecodedCache(tmp_path / "kept"))
        dict(samples())
        read.clear()
        data.keep_decoded(DecodedCache(tmp_path / "kept"))
        again = dict(samples())
    finally:
        data.keep_decoded(None)
    assert read == []
    for name, sample in plain.items():
        assert sample.keys() == again[name].keys()
        tensors = [key for key, value in sample.items() if isinstance(value, torch.Tensor)]
        assert all(torch.equal(sample[key], again[name][key]) for key in tensors)


def test_a_photograph_that_changed_is_read_again(tmp_path):
    trees.vds(tmp_path / "vds")
    stacks = VDS(str(tmp_path / "vds"))
    stacks.keep_decoded(DecodedCache(tmp_path / "kept"))
    before = stacks[0]["ldr"]
    path = stacks._stack(0).paths[2]
    write_image(path.with_suffix(".tmp.png"), 1 - before[2].permute(1, 2, 0).numpy())
    path.with_suffix(".tmp.png").replace(path)
    after = stacks[0]["ldr"]
    assert [torch.equal(*pair) for pair in zip(before, after, strict=True)] == [frame != 2 for frame in range(7)]


def test_batches_keep_what_all_scenes_have(data):
    batch = collate([data[0], data[1]])
    assert batch["ldr"].shape[0] == 2
    assert ("hdr" in batch) == ("hdr" in data[0])


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        (StackOptions(), [-3, -2, -1, 0, 1, 2, 3]),
        (StackOptions(evs=[-1, 0, 2.2]), [-1, 0, 2]),
        (StackOptions(frames=3), [-1, 0, 1]),
        (StackOptions(reference=-1, frames=2), [-1, 0]),
    ],
)
def test_chosen_frames(tmp_path, choice, kept):
    folder = trees.vds(tmp_path, count=1) / "train_set" / "t9"
    data = PhotographedStacks([folder], choice)
    assert data.exposures(0).tolist() == kept
    assert data[0]["ldr"].shape[0] == len(kept)


def test_sizes(tmp_path):
    folder = tmp_path / "scene"
    for name in ("a_-1EV.png", "a_0EV.png"):
        write_image(folder / name, trees.pixels(torch.rand(3, 20, 40)), bits=8)
    shapes = [StackOptions(), StackOptions(max_side=10), StackOptions(square=16)]
    assert [PhotographedStacks([folder], choice)[0]["ldr"].shape[-2:] for choice in shapes] == [
        (20, 40),
        (5, 10),
        (16, 16),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"evs": [1.0]}, "expected 0, the reference"),
        ({"frames": 0}, "frames of at least 1"),
        ({"square": 0}, "square of at least 1"),
        ({"max_side": 64, "square": 64}, "one size"),
    ],
)
def test_nothing_to_keep(options, message):
    with pytest.raises(InputError, match=message):
        StackOptions(**options)


def test_frames_of_different_sizes_are_named(tmp_path):
    data = VDS(str(trees.vds(tmp_path, count=1)))
    write_image(tmp_path / "train_set/t9/t9_1EV_true.jpg.png", trees.pixels(torch.rand(3, 8, 16)), bits=8)
    with pytest.raises(InputError, match=r"t9_1EV_true\.jpg\.png: 16 x 8"):
        data[0]


def test_folders_of_one_name_are_told_apart(tmp_path):
    for place in ("PAPER", "EXTRA"):
        trees.kalantari(tmp_path, f"Test-set/{place}", 1, ("001",))
    data = Kalantari(str(tmp_path), "test")
    assert [data.scene(index) for index in range(2)] == ["EXTRA_001", "PAPER_001"]


@pytest.mark.parametrize("reduce", [shrunk, squared])
def test_reduced_pictures_are_antialiased(reduce):
    """Stripes of three bright pixels and a dark one become their mean."""
    stripes = torch.tensor([1.0, 1.0, 1.0, 0.0]).repeat(16).expand(1, 3, 64, 64)
    inner = reduce(stripes, 8)[..., 1:-1, 1:-1]
    torch.testing.assert_close(inner, torch.full_like(inner, 0.75), atol=0.02, rtol=0)
