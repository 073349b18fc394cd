"""Training on packed stacks."""

import errno
import hashlib
import pickle
import shutil
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hdrgen.data import DecodedCache, PackedStacks, Packing, pack
from hdrgen.data.shards.fetching import ShardCache
from hdrgen.data.shards.members import sample_in
from hdrgen.data.shards.storage import Storage
from hdrgen.errors import InputError
from tests.data.shards.packed_sets import DATA, Views, packed, trained


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed") / "p"
    packed(folder)
    return folder


@pytest.fixture(scope="module")
def far():
    """The same at an address, which fsspec keeps in this process."""
    packed("memory://packed/p")
    return "memory://packed/p"


def test_an_epoch_takes_every_sample_once(root):
    scenes, _ = trained(root)
    for epoch in (0, 1):
        assert Counter(scene for batch in scenes for scene in batch[1:] if batch[0] == epoch) == Counter(
            f"scene_{index}" for index in range(14)
        )


@pytest.mark.parametrize("workers", [0, 2])
def test_a_training_goes_on_in_the_middle_of_an_epoch_as_if_it_had_never_stopped(root, tmp_path, workers):
    straight = trained(root, tmp_path, every=3)
    for step in (3, 9):
        later = trained(root, ckpt_path=tmp_path / f"step={step}.ckpt", workers=workers)
        assert later[0] == straight[0][step:]
        assert later[1] == straight[1]


def test_splits_part_no_scene(root):
    train, val = (PackedStacks(str(root), scenes=part) for part in ((0, 0.7), (0.7, 1)))
    groups = [{data.group(index) for index in range(len(data))} for data in (train, val)]
    assert (len(train), len(val)) == (10, 4)
    assert not groups[0] & groups[1]


def test_from_an_address_the_same_comes_as_from_a_folder(root, far, tmp_path):
    near = trained(root)
    assert trained(far, cache=str(tmp_path / "cache")) == near
    assert len(list((tmp_path / "cache").glob("*.tar"))) == 5


def test_a_cache_that_is_smaller_than_the_data_is_enough(far, tmp_path):
    data = PackedStacks(far, buffer=1)
    largest = max(shard["bytes"] for shard in data.manifest.shards)
    data.keep_decoded(DecodedCache(tmp_path / "cache", 3.5 * largest / 2**30))
    held = []
    for index in data.order(0, 0, 0, 1):
        assert data[index]["scene"] == data.scene(index)
        held.append(sum(path.stat().st_size for path in (tmp_path / "cache").glob("*.tar")))
    assert 0 < max(held) <= 3.5 * largest


def test_a_cache_with_no_room_for_what_is_mixed_is_refused(far, tmp_path):
    with pytest.raises(InputError, match=r"room for 9 shards at once, found 0.0001 GiB; pass cache_gib=0.00"):
        PackedStacks(far).keep_decoded(DecodedCache(tmp_path / "cache", 0.0001))


def test_an_address_without_a_cache_is_refused_in_a_line(far):
    with pytest.raises(InputError, match=r"a folder for shards on their way, found none; pass cache=FOLDER"):
        PackedStacks(far)[0]


def test_a_shard_that_arrives_damaged_is_refused(far, tmp_path):
    data = PackedStacks(far)
    with pytest.raises(InputError, match=r"000001.tar: not as it was packed"):
        ShardCache(tmp_path / "c", 1).fetched(data.storage, data.manifest.shards[1] | {"sha256": "0"})
    assert not list((tmp_path / "c").glob("*.tar"))


def test_a_disk_that_is_full_is_not_taken_for_a_network_that_fails(far, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    data = PackedStacks(far)
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.get_file", full)
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\); check folder and free space"):
        ShardCache(tmp_path / "c", 1).fetched(data.storage, data.manifest.shards[1])
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["CACHEDIR.TAG"]


def test_what_was_fetched_is_not_fetched_again(far, tmp_path, monkeypatch):
    data = PackedStacks(far)
    cache = ShardCache(tmp_path / "c", 1)
    path = cache.fetched(data.storage, data.manifest.shards[1])
    monkeypatch.setattr(Storage, "fetch", None)
    assert ShardCache(tmp_path / "c", 1).fetched(data.storage, data.manifest.shards[1]) == path
    with path.open("rb") as stream:
        assert sample_in(stream.read(data.index.size[3]), [0])["scene"] == "scene_3"


def test_open_files_stay_behind_when_the_data_is_sent_to_another_process(root):
    data = PackedStacks(str(root))
    before = data[3]["ldr"]
    assert pickle.loads(pickle.dumps(data))[3]["ldr"].equal(before)


@pytest.mark.parametrize("content", [None, b"{}", b"[", b'{"plan": {}, "shards": [], "index": ""}'])
def test_a_folder_of_something_else_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=r"expected (packed stacks|a file that hdrgen pack wrote)"):
        PackedStacks(str(tmp_path))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("shard-000001.tar", "../shard-000001.tar"),
        ('"format": 1', '"format": 2'),
        ('"per_shard": 3', '"per_shard": 0'),
        ('"bytes": ', '"bytes": "many", "x": '),
    ],
)
def test_a_manifest_that_names_other_files_or_sizes_is_refused(root, tmp_path, before, after):
    copy = Path(shutil.copytree(root, tmp_path / "p"))
    text = (copy / "manifest.json").read_text()
    assert before in text
    (copy / "manifest.json").write_text(text.replace(before, after))
    with pytest.raises(InputError, match=r"manifest\.json: expected a file that hdrgen pack wrote"):
        PackedStacks(str(copy))


def test_an_index_of_other_arrays_is_refused(root, tmp_path):
    copy = Path(shutil.copytree(root, tmp_path / "p"))
    was = hashlib.sha256((copy / "index.npz").read_bytes()).hexdigest()
    np.savez(copy / "index.npz", shard=np.zeros(3))
    now = hashlib.sha256((copy / "index.npz").read_bytes()).hexdigest()
    (copy / "manifest.json").write_text((copy / "manifest.json").read_text().replace(was, now))
    with pytest.raises(InputError, match=r"index\.npz: expected a file that hdrgen pack wrote"):
        PackedStacks(str(copy))


@pytest.mark.parametrize("address", ["reference://x", "ftp://host/x", "simplecache::s3://bucket/x"])
def test_addresses_that_do_more_than_hold_files_are_refused(address):
    with pytest.raises(InputError, match="expected a folder or an address that begins with s3://"):
        PackedStacks(address)


def test_shards_are_mixed_by_at_least_one():
    with pytest.raises(InputError, match="at least 1 shard to mix, found 0"):
        PackedStacks("nowhere", buffer=0)


def test_packed_stacks_can_be_packed_again(root, tmp_path):
    pack(PackedStacks(str(root)), str(tmp_path / "q"), DATA, Packing(shard_mib=1))
    again, first = PackedStacks(str(tmp_path / "q")), PackedStacks(str(root))
    assert len(again.manifest.shards) == 1
    assert all(again[index]["ldr"].equal(first[index]["ldr"]) for index in range(len(Views())))
    assert {again.group(index) for index in range(14)} == {f"place_{index}" for index in range(7)}


def test_of_few_samples_of_each_shard_no_more_shards_are_fetched_ahead(far, tmp_path, monkeypatch):
    """A third of the scenes: a window of samples from all shards would be three windows of these."""
    asked = []
    data = PackedStacks(far, buffer=1)
    data.rows = data.rows[::3]  # one of each shard
    data.shards = ShardCache(tmp_path / "c", 1)
    data._fetcher = SimpleNamespace(wanted=SimpleNamespace(put=asked.append))
    order = iter(data.order(0, 0, 0, 1))
    next(order)
    assert len(asked) == 2
