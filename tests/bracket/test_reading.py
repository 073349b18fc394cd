"""Frames of a bracket are read by several threads, and come as if by one."""

import threading
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from hdrgen.bracket import Bracket, BracketPixels
from hdrgen.bracket import decoding as module
from hdrgen.bracket.pixels import display_frame
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import Exposure, Frame, write_image

EV = (-2.0, -1.0, 0.0, 1.0, 2.0)


@pytest.fixture
def bracket(tmp_path):
    ramp = np.linspace(0.02, 1, 20 * 24 * 3).reshape(20, 24, 3) / 4
    frames = []
    for index, ev in enumerate(EV):
        path = write_image(tmp_path / f"{index}.png", (ramp * 2**ev).clip(0, 1) ** (1 / 2.2))
        frames.append(Frame(path, Exposure(ev=ev)))
    return Bracket("room", frames, "ev")


def test_frames_come_in_order_whoever_reads_them_first(bracket, monkeypatch):
    monkeypatch.setattr(module, "available_cores", lambda: 3)
    one_by_one = [module.read_image(frame.path).pixels for frame in bracket.frames]
    threads, last_is_read = set(), threading.Event()

    def late(path, **options):
        threads.add(threading.current_thread())
        if Path(path).stem == "3":
            last_is_read.set()
        elif Path(path).stem == "1":
            assert last_is_read.wait(10), "frame 3 is to be read while frame 1 still is"
        return original(path, **options)

    original = module.read_image
    monkeypatch.setattr(module, "read_image", late)
    read = BracketPixels.read(bracket, 500)
    assert len(threads) > 1
    for ours, theirs in zip(read.pixels, one_by_one, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_first_bad_frame_is_told_and_no_others_are_begun(bracket, monkeypatch):
    monkeypatch.setattr(module, "available_cores", lambda: 1)
    begun, original = [], module.read_image

    def noted(path, **options):
        begun.append(Path(path).stem)
        if begun[-1] == "2":
            time.sleep(0.5)  # meanwhile the others are called off
        return original(path, **options)

    monkeypatch.setattr(module, "read_image", noted)
    bracket.frames[1].path.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"1\.png"):
        BracketPixels.read(bracket, 500)
    assert "4" not in begun


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_display_values_are_codes_by_the_largest_one(dtype):
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    frame = (np.random.default_rng(0).random((150, 7, 3)) * top).astype(dtype)
    expected = frame.astype(np.float32) / np.float32(top)
    given = np.full((3, 150, 7), np.nan, np.float32)
    for found in (display_frame(frame), display_frame(frame, given)):
        assert np.array_equal(found, expected.transpose(2, 0, 1))
    np.testing.assert_array_equal(given, expected.transpose(2, 0, 1))


def test_every_warning_of_a_file_is_told_in_order_and_of_its_own_file(bracket, monkeypatch):
    """Other threads keep the descriptor of stderr quiet, so that none may be printed before all are done."""
    monkeypatch.setattr(module, "available_cores", lambda: 2)
    for frame in bracket.frames[1:4]:
        PIL.Image.open(frame.path).convert("RGBA").save(frame.path)  # whose alpha is dropped with a warning
    with pytest.warns(InputWarning) as told:
        decoded = module.decoded_frames(bracket, None, 500)
    assert [Path(str(one.message).split(": ")[0]).name for one in told] == ["1.png", "2.png", "3.png"]
    assert len(decoded) == len(EV)
    with pytest.warns(InputWarning, match=r"2\.png"):
        module.read_image(bracket.frames[2].path)  # and by itself, at once
