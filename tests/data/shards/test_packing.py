"""Writing shards: the same whatever the way, kept after an interruption, and checked."""

import json
import tarfile
from collections import defaultdict

import pytest
import torch

from hdrgen.data import PackedStacks, ProceduralScenes, SelectedExposures, check_packed
from hdrgen.errors import InputError
from tests.data.shards.packed_sets import Views, packed


def shards_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("shard-*"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Fourteen samples in five shards."""
    folder = tmp_path_factory.mktemp("packed") / "whole"
    assert packed(folder) == (5, 5, 14)
    return folder


def test_a_sample_is_what_training_would_have_got(tmp_path):
    scenes = ProceduralScenes(3, 16)
    packed(tmp_path / "p", scenes, radiance="float", seed=5)
    again, fresh = PackedStacks(str(tmp_path / "p")), SelectedExposures(scenes, seed=5)
    for index in range(3):
        one, other = again[index], fresh[index]
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in ("ldr", "ev", "ref", "hdr", "inverse_response"))
        assert again.scene(index) == one["scene"] == other["scene"]
        assert torch.equal(again.exposures(index), scenes.exposures(index))
        assert again.reference(index) == scenes.reference(index)


def test_an_interrupted_packing_goes_on_with_the_shard_that_was_begun(whole, tmp_path):
    class Stop(Exception):
        pass

    def stop(line):
        if line.startswith("shard-000001"):
            raise Stop

    with pytest.raises(Stop):
        packed(tmp_path / "p", progress=stop)
    (tmp_path / "p/shard-000002.tar").write_bytes(b"half")  # of a copy that was interrupted; it has no list
    with pytest.raises(InputError, match=r"found 2 of 5 shards; go on with the command"):
        PackedStacks(str(tmp_path / "p"))
    lines = []
    packed(tmp_path / "p", progress=lines.append)
    assert [line[:12] for line in lines] == ["shard-000002", "shard-000003", "shard-000004"]
    assert shards_of(tmp_path / "p") == shards_of(whole)


def test_a_scene_that_cannot_be_read_leaves_no_half_shard(whole, tmp_path):
    with pytest.raises(InputError, match=r"scene_4: /data/scene_4/a.png: truncated"):
        packed(tmp_path / "p", Views(bad=(4,)))
    assert {path.name for path in (tmp_path / "p").iterdir()} == {"plan.json", "shard-000000.tar", "shard-000000.json"}
    packed(tmp_path / "p")
    assert shards_of(tmp_path / "p") == shards_of(whole)


@pytest.mark.parametrize("jobs", [0, 2])
def test_several_machines_and_processes_write_the_same_shards(whole, tmp_path, jobs):
    first = packed(tmp_path / "p", share=(1, 2), jobs=jobs)
    assert (first.shards, first.complete) == (3, False)
    assert packed(tmp_path / "p", share=(2, 2)).complete
    assert shards_of(tmp_path / "p") == shards_of(whole)
    assert check_packed(str(tmp_path / "p")).plan.samples == 14


def test_another_data_set_is_refused_where_one_is(whole):
    before = shards_of(whole)
    for how, named in ({"seed": 1}, "seed"), ({"radiance": "float"}, "radiance"), ({"dataset": Views(4)}, "samples"):
        with pytest.raises(InputError, match=rf"another in plan.json \({named}\)"):
            packed(whole, **how)
    assert shards_of(whole) == before


def test_each_pass_draws_a_scene_anew(tmp_path):
    packed(tmp_path / "p", Views(4), passes=2)
    stacks = PackedStacks(str(tmp_path / "p"))
    assert [stacks.scene(index) for index in (0, 4)] == ["scene_0_pass0", "scene_0_pass1"]
    assert [stacks.group(index) for index in (0, 1, 2, 4)] == ["place_0", "place_0", "place_1", "place_0"]
    assert not torch.equal(stacks[0]["ldr"], stacks[4]["ldr"])


def test_the_check_names_every_shard_that_is_not_as_it_was_packed(whole, tmp_path):
    packed(tmp_path / "p")
    damaged, missing = (tmp_path / f"p/shard-00000{number}.tar" for number in (1, 3))
    content = bytearray(damaged.read_bytes())
    content[700] ^= 1
    damaged.write_bytes(content)
    missing.unlink()
    with pytest.raises(InputError, match=r"000001.tar is damaged .*000003.tar is missing; remove these"):
        check_packed(str(tmp_path / "p"))
    damaged.unlink()
    packed(tmp_path / "p")
    check_packed(str(tmp_path / "p"))
    assert shards_of(tmp_path / "p") == shards_of(whole)


def test_the_manifest_says_what_it_is_and_where_it_came_from(tmp_path):
    packed(tmp_path / "p", ProceduralScenes(2, 16), terms="CC0 1.0", command="hdrgen pack ...")
    manifest = json.loads((tmp_path / "p/manifest.json").read_text())
    assert (manifest["samples"], manifest["scenes"], manifest["terms"]) == (2, 2, "CC0 1.0")
    assert manifest["command"] == "hdrgen pack ..."
    assert manifest["camera"].startswith("StackCamera(evs=(-2.0")
    assert manifest["software"]["packages"]["torch"]


def test_webdataset_finds_the_samples_of_a_shard(whole):
    """By its rule: a file's key is its name up to the first dot; the library itself where it is installed."""
    groups = defaultdict(list)
    with tarfile.open(whole / "shard-000000.tar") as archive:
        for name in archive.getnames():
            groups[name.partition(".")[0]].append(name.partition(".")[2])
    assert list(groups) == ["000000000", "000000001", "000000002"]
    assert all("json" in files and "hdr.npy" in files for files in groups.values())


def test_webdataset_reads_the_shards(whole):
    webdataset = pytest.importorskip("webdataset", reason="an oracle; of the extra `test`")
    samples = list(webdataset.WebDataset(str(whole / "shard-000004.tar"), shardshuffle=False).decode())
    stacks = PackedStacks(str(whole))
    assert [one["json"]["scene"] for one in samples] == ["scene_12", "scene_13"]
    assert samples[0]["2.npy"].shape == tuple(stacks[12]["ldr"][2].permute(1, 2, 0).shape)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"passes": 0}, "passes of at least 1"),
        ({"jobs": -1}, "jobs of at least 0"),
        ({"shard_mib": 0}, "more than 0 MiB"),
        ({"share": (3, 2)}, "found 3/2"),
        ({"share": (0, 2)}, "found 0/2"),
    ],
)
def test_numbers_that_cannot_be_are_refused(tmp_path, how, message):
    with pytest.raises(InputError, match=message):
        packed(tmp_path / "p", **how)
    assert not (tmp_path / "p").exists()
