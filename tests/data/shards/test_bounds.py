"""What is refused before anything is packed, and before anything is read that an index cannot mean."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hdrgen.data import PackedStacks
from hdrgen.data.shards.manifest import shard_in
from hdrgen.data.shards.storage import Storage
from hdrgen.errors import InputError
from tests.data.shards.packed_sets import Views, packed


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Fourteen samples in five shards."""
    folder = tmp_path_factory.mktemp("packed") / "p"
    packed(folder)
    return folder


@pytest.fixture
def copy(root, tmp_path):
    return Path(shutil.copytree(root, tmp_path / "p"))


def named(*names):
    class Named(Views):
        def scene(self, index):
            return names[index]

    return Named(len(names))


@pytest.mark.parametrize("machine", [1, 2])
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("sky", "sea", "sky", "sky"), "a name for each sample, found sky for 3; rename scenes"),
        (("sky", "sea\udcff"), r"names in UTF-8, found 'sea\\udcff'; rename the scene's files"),
    ],
)
def test_names_that_no_index_can_hold_are_found_before_anything_is_written(tmp_path, names, message, machine):
    with pytest.raises(InputError, match=message):
        packed(tmp_path / "p", named(*names), share=(machine, 2))
    assert not (tmp_path / "p").exists()


BIG = 2**63 - 1
WRONG = {
    "beyond the file": {"offset": {2: 10**9}},
    "negative": {"offset": {0: -512}},
    "before the sample that comes earlier": {"offset": {1: 512}},
    "of no bytes": {"size": {4: 0}},
    "of less than no bytes": {"size": {4: -1}},
    "of more than there are": {"size": {13: 10**9}},
    "whose sum is beyond 64 bits": {"size": {0: BIG}, "offset": {1: BIG, 2: -2}},
    "of a shard that is not there": {"shard": {13: 5}},
    "of shards in another order": {"shard": {0: 1, 3: 0}},
    "of a group that is not there": {"group": {3: 7}},
    "whose reference is none of its exposures": {"ref": {3: 99}},
    "with a negative reference": {"ref": {3: -1}},
    "without exposures": {"first": {1: 0}},
    "with exposures that are not there": {"first": {14: 10**6}},
    "whose name is no text": {"scene": {2: b"\xff"}},
}


def rewritten(folder, **arrays):
    """An index whose hash is that of the manifest."""
    path, manifest = folder / "index.npz", folder / "manifest.json"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with np.load(path) as index:
        np.savez(path, **{**index, **arrays})
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(manifest.read_text().replace(before, after))


@pytest.mark.parametrize("wrong", WRONG)
def test_an_index_is_refused_that_has_a_sample(copy, wrong):
    with np.load(copy / "index.npz") as index:
        arrays = {name: np.array(index[name]) for name in WRONG[wrong]}
    for name, values in WRONG[wrong].items():
        for row, value in values.items():
            arrays[name][row] = value
    rewritten(copy, **arrays)
    with pytest.raises(
        InputError, match=r"index\.npz: expected a file that hdrgen pack wrote, found another \("
    ) as told:
        PackedStacks(str(copy))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "arrays",
    [
        {"offset": np.zeros(13, np.int64)},
        {"offset": np.zeros(14)},
        {"offset": np.zeros((14, 1), np.int64)},
        {"scene": np.zeros(14, np.int64)},
        {"first": np.zeros(0, np.int64)},
        {"ev": np.zeros(3, np.float32)},
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(copy, arrays):
    rewritten(copy, **arrays)
    with pytest.raises(InputError, match=r"index\.npz: expected a file that hdrgen pack wrote, found another \("):
        PackedStacks(str(copy))


@pytest.mark.parametrize("samples", [-3, 2, 10**12, 10**30])
def test_a_manifest_that_counts_otherwise_is_refused_before_so_much_is_made(copy, samples):
    path = copy / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["shards"][1]["samples"] = samples
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"index\.npz: .*other samples than the "):
        PackedStacks(str(copy))


ROWS = {"offset": 4, "size": 5, "ref": 3, "ev": 2}


@pytest.mark.parametrize(
    ("part", "value"),
    [("offset", 512), ("offset", -1), ("size", 2**70), ("size", 0), ("size", float("inf")), ("ref", 9), ("ev", [])],
)
def test_a_list_that_points_elsewhere_is_refused_when_the_index_is_made_of_it(copy, part, value):
    path = copy / "shard-000001.json"
    values = json.loads(path.read_text())
    values["rows"][0][ROWS[part]] = value
    path.write_text(json.dumps(values))
    with pytest.raises(InputError, match=r"shard-000001\.json: expected a file that hdrgen pack wrote"):
        shard_in(Storage(copy), "shard-000001.tar")
    with pytest.raises(InputError, match=r"shard-000001\.json"):
        packed(copy)


def test_a_shard_that_was_cut_short_is_named(copy):
    path = copy / "shard-000002.tar"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-2000])
    data = PackedStacks(str(copy))
    assert data[5]["scene"] == "scene_5"
    with pytest.raises(InputError, match=rf"shard-000002\.tar: {size - 2000} bytes of {size}; look with hdrgen pack"):
        data[6]


def test_shards_that_changed_places_are_named(copy):
    first, second = copy / "shard-000000.tar", copy / "shard-000003.tar"
    assert first.stat().st_size == second.stat().st_size
    content = first.read_bytes()
    second.replace(first)
    second.write_bytes(content)
    with pytest.raises(InputError, match=r"shard-000003\.tar: expected scene_10, found scene_1, as of another shard"):
        PackedStacks(str(copy))[10]
