"""Arrays kept on disk: found again, made again when their source changes, whole or not there, within a bound."""

import multiprocessing
import os
import time

import numpy as np
import pytest
import torch

from hdrgen.data import DecodedCache, ExposureStackDataModule, ProceduralScenes, RenderedStacks, cached_in, clear_cache
from hdrgen.data.decoded import TAG, Kept, entries_in
from hdrgen.data.packing import packed, unpacked
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import complete_or_nothing, write_image


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.txt"
    path.write_text("first")
    return path


def length(path):
    return lambda: Kept(np.full((2, 2, 3), len(path.read_text()), np.uint8), {"of": path.name})


def nothing():
    raise AssertionError("made again")


def test_an_array_is_made_once_for_all_processes_and_runs(tmp_path, source):
    made = DecodedCache(tmp_path / "kept").get(("length",), [source], length(source))
    found = DecodedCache(tmp_path / "kept").get(("length",), [source], nothing)
    assert np.array_equal(made.pixels, found.pixels)
    assert (found.pixels.max(), found.facts) == (5, {"of": "source.txt"})
    assert not found.pixels.flags.writeable


@pytest.mark.parametrize("change", ["size", "time", "recipe"])
def test_a_change_of_the_source_or_the_recipe_makes_it_anew(tmp_path, source, change):
    cache = DecodedCache(tmp_path / "kept")
    cache.get(("length",), [source], length(source))
    if change == "size":
        source.write_text("another")
    if change == "time":
        os.utime(source, ns=(1, 1))
    calls = []
    cache.get(("length", change == "recipe"), [source], lambda: (calls.append(1), length(source)())[1])
    assert calls


def test_what_was_cut_short_or_is_damaged_is_made_again(tmp_path, source):
    cache = DecodedCache(tmp_path / "kept")
    cache.get(("length",), [source], length(source))
    (entry,) = entries_in(tmp_path / "kept")
    whole = entry.path.read_bytes()
    for damaged in (whole[:-3], whole[:100], b"", b"x" * len(whole)):
        entry.path.write_bytes(damaged)
        again = DecodedCache(tmp_path / "kept").get(("length",), [source], length(source))
        assert again.facts == {"of": "source.txt"}
        assert entry.path.read_bytes() == whole


def test_a_process_that_dies_while_writing_leaves_nothing_that_is_found(tmp_path, source, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    cache = DecodedCache(tmp_path / "kept")
    with monkeypatch.context() as patched:
        patched.setattr("hdrgen.data.decoded.json.dumps", dies)
        with pytest.raises(KeyboardInterrupt):
            cache.get(("length",), [source], length(source))
    assert cached_in(tmp_path / "kept") == (0, 0)
    assert cache.get(("length",), [source], length(source)).pixels.max() == 5


def _fill(folder, source, done):
    cache = DecodedCache(folder)
    done.put([int(cache.get(("length", n), [source], length(source)).pixels.sum()) for n in range(20)])


def test_two_processes_fill_one_folder_at_once(tmp_path, source):
    context = multiprocessing.get_context("fork")
    done = context.Queue()
    workers = [context.Process(target=_fill, args=(tmp_path / "kept", source, done)) for _ in range(2)]
    for worker in workers:
        worker.start()
    assert [done.get(timeout=200) for _ in workers] == [[60] * 20] * 2
    for worker in workers:
        worker.join()
    assert cached_in(tmp_path / "kept")[0] == 20


def test_the_folder_stays_within_its_bound_and_what_is_old_leaves_first(tmp_path, source):
    def array(cache, name, make=lambda: Kept(np.zeros((10, 10, 10), np.uint8), {})):
        return cache.get((name,), [source], make)

    first = DecodedCache(tmp_path / "kept", 2500 / 2**30)
    for name in "ab":
        array(first, name)
    with pytest.warns(InputWarning, match=r"full with .* GiB; pass a larger cache_gib"):
        array(first, "c")  # of one run: the third finds no room
    assert cached_in(tmp_path / "kept")[0] == 2
    for entry in entries_in(tmp_path / "kept"):
        os.utime(entry.path, (time.time() - 60,) * 2)
    second = DecodedCache(tmp_path / "kept", 2500 / 2**30)
    array(second, "a", nothing)
    array(second, "c")
    assert cached_in(tmp_path / "kept")[0] == 2
    array(DecodedCache(tmp_path / "kept"), "a", nothing)
    array(DecodedCache(tmp_path / "kept"), "c", nothing)


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path, source, monkeypatch):
    monkeypatch.setattr("pathlib.Path.mkdir", lambda *_, **__: (_ for _ in ()).throw(PermissionError("read only")))
    cache = DecodedCache(tmp_path / "none" / "kept")
    with pytest.warns(InputWarning, match="cannot be written"):
        assert cache.get(("length",), [source], length(source)).pixels.max() == 5


def test_a_folder_whose_tag_another_process_is_writing_is_a_cache(tmp_path):
    """Of two processes that start at once, the second found "other files" there and ended."""
    with complete_or_nothing(tmp_path / TAG) as unfinished:
        unfinished.touch()
        assert [path.name for path in tmp_path.iterdir()] == [unfinished.name]
        DecodedCache(tmp_path)
    assert (tmp_path / TAG).is_file()


def test_folders_of_other_things_are_neither_used_nor_cleared(tmp_path, source):
    for use in (DecodedCache, clear_cache, cached_in):
        with pytest.raises(InputError, match="expected a"):
            use(tmp_path)
    DecodedCache(tmp_path / "kept").get(("length",), [source], length(source))
    (tmp_path / "kept" / "mine.npy").touch()
    assert clear_cache(tmp_path / "kept")[0] == 1
    assert (tmp_path / "kept" / "mine.npy").exists()


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float16", "float32"])
def test_images_are_packed_without_loss(kind):
    values = torch.rand(3, 17, 19, generator=torch.Generator().manual_seed(0))
    top = {"uint8": 255, "uint16": 65535}.get(kind)
    image = (values * top).round().div(top) if top else (values * 3).to(getattr(torch, kind)).float()
    assert packed(image).dtype == kind
    assert torch.equal(unpacked(packed(image)), image)


def test_invented_and_rendered_scenes_are_the_same_from_disk(tmp_path):
    write_image(tmp_path / "hdri/a.hdr", np.random.default_rng(0).lognormal(size=(32, 64, 3)).astype(np.float32))

    def both():
        return ProceduralScenes(2, 16, cache_gib=0), RenderedStacks(str(tmp_path / "hdri"), size=16)

    plain = [scenes[0]["ldr"] for scenes in both()]
    for _ in range(2):
        train, val = both()
        ExposureStackDataModule(train, val, cache=str(tmp_path / "kept"))
        assert all(torch.equal(scenes[0]["ldr"], ldr) for scenes, ldr in zip((train, val), plain, strict=True))
    assert cached_in(tmp_path / "kept")[0] == 2
