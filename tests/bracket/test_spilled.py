"""Frames that memory should not hold lie in a file, and nobody sees a difference."""

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from hdrgen.bracket import Bracket, BracketPixels, decoding, fuse_bracket, merge_bracket, spilled
from hdrgen.io import Exposure, Frame, write_image

EV = (-2.0, 0.0, 2.0)


@pytest.fixture
def bracket(tmp_path):
    scene = np.random.default_rng(0).random((70, 90, 3)) / 4
    frames = [
        Frame(write_image(tmp_path / f"{ev}.png", (scene * 2**ev).clip(0, 1) ** (1 / 2.2)), Exposure(ev=ev))
        for ev in EV
    ]
    return Bracket("room", frames, "ev")


def read(bracket, monkeypatch, least):
    monkeypatch.setattr(spilled, "SPILLED", least)
    pixels = BracketPixels.read(bracket, 500)
    assert len(spilled.mappings_of(pixels.pixels)) == (0 if least else len(EV))
    return pixels


@pytest.mark.parametrize("deghost", [False, True])
@pytest.mark.parametrize("align", [False, True])
def test_a_merge_of_frames_in_files_is_that_of_frames_in_memory(bracket, monkeypatch, align, deghost):
    made = []
    for least in (2**30, 0):
        pixels = read(bracket, monkeypatch, least)
        if align:
            pixels.align(shifts_only=False)
        made.append(merge_bracket(pixels, "debevec", "gamma:2.2", deghost=deghost))
    np.testing.assert_array_equal(made[0].radiance, made[1].radiance)
    assert made[0].summary == made[1].summary


def test_fusion_of_frames_in_files_is_that_of_frames_in_memory(bracket, monkeypatch):
    in_memory, in_files = (fuse_bracket(read(bracket, monkeypatch, least)) for least in (2**30, 0))
    np.testing.assert_array_equal(in_memory, in_files)


def test_the_memory_that_is_asked_for_does_not_grow_with_frames_in_files(bracket, monkeypatch):
    asked = []
    monkeypatch.setattr(decoding, "check_memory", lambda path, width, height, each, limit: asked.append(each))
    monkeypatch.setattr(decoding, "available_cores", lambda: 1)
    for least in (2**30, 0):
        read(bracket, monkeypatch, least)
    assert asked == [3 * len(EV) + decoding.MERGE_BYTES, 3 + decoding.MERGE_BYTES]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells what a process holds")
def test_what_was_read_of_a_file_does_not_stay_in_the_process():
    frame = spilled.spilled(np.ones((2048, 2048, 3), np.uint8))
    (mapping,) = spilled.mappings_of([frame[3:7, ::2]])
    before = held()
    assert frame.sum() == frame.size
    assert held() - before > 0.8 * frame.nbytes
    spilled.forget([mapping])
    assert held() - before < 0.2 * frame.nbytes
    assert frame[-1, -1, -1] == 1


def held() -> int:
    """Bytes of files in this process's memory."""
    status = Path("/proc/self/status").read_text()
    return sum(1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith(("RssFile", "RssShmem")))


def test_room_that_frames_take_themselves_keeps_no_later_frame_in_memory(bracket, monkeypatch):
    room = iter([2**40])
    monkeypatch.setattr(spilled, "_free_disk", lambda: next(room, 0))
    read(bracket, monkeypatch, 0)


@pytest.mark.skipif(not hasattr(os, "statvfs"), reason="Windows does not tell")
@pytest.mark.parametrize(("system", "memory"), [("tmpfs", True), ("ext4", False)])
def test_files_that_lie_in_memory_save_none(system, memory, tmp_path, monkeypatch):
    mounts = [SimpleNamespace(mountpoint=str(at), fstype=kind) for at, kind in (("/", "ext4"), (tmp_path, system))]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: mounts)
    monkeypatch.setattr(spilled.tempfile, "gettempdir", lambda: str(tmp_path))
    assert (spilled._free_disk() == 0) == memory


def test_a_disk_without_room_leaves_frames_in_memory(monkeypatch):
    frame = np.ones((4, 4, 3), np.uint8)
    monkeypatch.setattr(spilled, "SPILLED", 0)
    monkeypatch.setattr(spilled, "_free_disk", lambda: 10**6)
    assert not spilled.is_spilled(frame, 9)

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spilled.tempfile, "TemporaryFile", full)
    assert spilled.spilled(frame) is frame
