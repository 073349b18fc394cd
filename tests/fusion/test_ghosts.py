import numpy as np
import pytest
import torch

from hdrgen.camera import Gamma, calibrate_debevec, form_image
from hdrgen.data import Motion, MovingScenes, ProceduralScenes, bracket_camera
from hdrgen.fusion import ghosts as module
from hdrgen.fusion import merge_photographs
from hdrgen.fusion.ghosts import ghost_masks, least_clipped
from hdrgen.metrics import psnr_mu

EV = [-2.0, 0.0, 2.0]


def coded(stack):
    return [np.ascontiguousarray((frame * 255).round().byte().permute(1, 2, 0).numpy()) for frame in stack]


def still(side=96):
    row = torch.logspace(-2.5, 0.6, side).expand(3, side, side)
    return form_image(row, torch.tensor(EV), Gamma(2.2))


def test_a_still_scene_is_merged_whole():
    frames = coded(still())
    for response in (Gamma(2.2), calibrate_debevec(still(), torch.tensor(EV))):
        masks = ghost_masks(frames, EV, response, 1)
        assert masks[1] is None
        assert [mask.left_out for mask in (masks[0], masks[2])] == [0, 0]


def test_noise_and_a_misplacement_of_half_a_pixel_make_no_ghosts():
    stack = still()
    noisy = stack + 0.01 * torch.randn(stack.shape, generator=torch.Generator().manual_seed(0))
    masks = ghost_masks(coded(noisy.clamp(0, 1)), EV, Gamma(2.2), 1)
    assert max(mask.left_out for mask in (masks[0], masks[2])) < 0.01


def test_what_moved_is_left_out_and_the_rest_kept():
    frames = coded(still())
    frames[2][30:60, 20:50] = 40
    mask = ghost_masks(frames, EV, Gamma(2.2), 1)[2][0:96]
    assert (mask[30:60, 20:50] == 0).all()
    assert (mask[:15] == 1).all()
    assert np.abs(np.diff(mask, axis=0)).max() < 0.6  # soft edges
    merged = merge_photographs(frames, EV, Gamma(2.2), masks=ghost_masks(frames, EV, Gamma(2.2), 1))
    clean = merge_photographs(coded(still()), EV, Gamma(2.2))
    np.testing.assert_allclose(merged[5:90, 5:75], clean[5:90, 5:75], rtol=0.08, atol=0.01)


@pytest.mark.parametrize(("code", "apart"), [(0.1, 0.0905), (0.5, 0.1188), (0.8, 0.1403)])
def test_exposures_contradict_beyond_noise_and_a_tenth_of_a_stop(code, apart):
    """Where x + d - 0.04 > 2^0.1 (x + 0.04), in linear values and either way round."""
    for share, left_out in ((0.97, 0), (1.03, 1)):
        near, far = (np.full((20, 20, 3), x, np.float32) for x in (code, code + share * apart))
        for frames in ((near, far), (far, near)):
            assert ghost_masks(frames, [0.0, 0.0], Gamma(1.0), 0)[1].left_out == left_out


@pytest.mark.parametrize(("every", "left_out"), [(4, 0), (3, 1)])
def test_single_pixels_make_no_ghost_and_three_in_ten_do(every, left_out):
    near, far = (np.full((60, 60, 3), 0.5, np.float32) for _ in range(2))
    far[:, ::every] = 0.9
    mask = ghost_masks([near, far], [0.0, 0.0], Gamma(1.0), 0)[1][0:60]
    assert (mask[20:40, 20:40] == 1 - left_out).all()


def test_a_ghost_is_left_out_with_a_soft_margin():
    """A blurred half plane is above 0.3 up to a pixel beyond it; blurred again, it ends 2.5 and 5 pixels from there."""
    near, far = (np.full((60, 90, 3), 0.5, np.float32) for _ in range(2))
    far[:, :40] = 0.9
    row = ghost_masks([near, far], [0.0, 0.0], Gamma(1.0), 0)[1][0:60][30]
    last = 39 + 1  # the column whose density is still above 0.3
    assert np.flatnonzero(row > 0)[0] == last + 3
    assert np.flatnonzero(row == 1)[0] == last + 6


@pytest.mark.parametrize(("code", "left_out"), [(0.025, 1), (0.035, 0), (0.965, 0), (0.975, 1)])
def test_only_the_ends_of_the_range_are_filled_in(code, left_out):
    """By the neighbour, which the third exposure contradicts; neither contradicts the reference itself."""
    ev, radiance = ([3, 4], [0.01, 0.03]) if code < 0.5 else ([-0.1, -0.2], [0.885, 1.06])
    others = zip(ev, (r * 2**e for r, e in zip(radiance, ev, strict=True)), strict=True)
    ordered = sorted([(0.0, code), *others])
    frames = [np.full((20, 20, 3), display, np.float32) for _, display in ordered]
    stops = [e for e, _ in ordered]
    masks = ghost_masks(frames, stops, Gamma(1.0), stops.index(0))
    found = {e: mask.left_out for e, mask in zip(stops, masks, strict=True) if mask}
    assert found == {ev[0]: 0, ev[1]: left_out}


@pytest.mark.parametrize(("shown", "lost"), [(0.11, 0.09), (0.96, 0.98)])
def test_a_reference_shows_neither_noise_nor_white(shown, lost):
    frames = [np.full((4, 4, 3), x, np.float32) for x in (lost, shown)]
    assert least_clipped(frames) == 1
    assert least_clipped([(frame * 65535).astype(np.uint16) for frame in frames]) == 1


def test_what_the_reference_clips_comes_from_one_moment():
    """White in the reference: a dark thing in front of it contradicts it, another brightness does not."""
    reference = np.full((60, 60, 3), 255, np.uint8)
    bright = np.full((60, 60, 3), 200, np.uint8)
    dark = bright // 2
    dark[20:40, 20:40] = 5
    masks = ghost_masks([dark, bright, reference], [-4.0, -2.0, 0.0], Gamma(2.2), 2)
    assert masks[1].left_out == 0
    assert (masks[0][0:60][22:38, 22:38] == 0).all()
    assert masks[0][0:60][2, 2] == 1


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_large_photographs_are_judged_by_squares(monkeypatch, kind):
    monkeypatch.setattr(module, "LARGEST", 2000)
    frames = coded(still(97))
    frames[0][40:70, 40:70] = 250
    scale = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[kind]
    deep = [(frame.astype(np.float64) * scale).astype(kind) for frame in frames]
    masks = ghost_masks(deep, EV, Gamma(2.2), 1)
    assert masks[0][0:97].shape == (97, 97)
    assert (masks[0][0:97][45:65, 45:65] == 0).all()
    np.testing.assert_array_equal(np.concatenate([masks[0][a : a + 10] for a in range(0, 97, 10)]), masks[0][0:97])


def test_strips_of_a_tall_photograph_leave_no_trace(monkeypatch):
    frames = coded(still())
    frames[2][30:60, 20:50] = 40
    whole = ghost_masks(frames, EV, Gamma(2.2), 1)[2][0:96]
    monkeypatch.setattr(module, "ROWS", 7)
    np.testing.assert_array_equal(ghost_masks(frames, EV, Gamma(2.2), 1)[2][0:96], whole)


@pytest.mark.parametrize(("limit", "factor"), [(9216, 1), (9215, 2), (2304, 2), (2303, 3)])
def test_squares_are_as_small_as_the_limit_allows(monkeypatch, limit, factor):
    """Of a photograph of 192 x 48 pixels."""
    monkeypatch.setattr(module, "LARGEST", limit)
    frames = [np.full((192, 48, 3), 100, np.uint8)] * 2
    assert ghost_masks(frames, [0.0, 0.0], Gamma(2.2), 0)[1].factor == factor


def test_the_reference_is_the_least_clipped_frame():
    assert least_clipped(coded(still())) == 0
    assert least_clipped([np.full((4, 4, 3), code, np.uint8) for code in (2, 255, 128)]) == 2


def test_moving_scenes_come_out_nearer_to_the_truth_than_by_a_plain_merge():
    scenes = MovingScenes(ProceduralScenes(4, size=200, camera=bracket_camera()), Motion(shake=0, roll=0))
    plain, deghosted = [], []
    for index in range(4):
        sample = scenes.load(index, [0, 1, 2], generator=torch.Generator().manual_seed(index))
        frames, ev = coded(sample["ldr"]), sample["ev"].tolist()
        masks = ghost_masks(frames, ev, Gamma(2.2), int(sample["ref"]))
        for scores, chosen in ((plain, None), (deghosted, masks)):
            merged = torch.from_numpy(merge_photographs(frames, ev, Gamma(2.2), masks=chosen)).permute(2, 0, 1)
            scores.append(float(psnr_mu(merged[None], sample["hdr"][None])))
    assert all(ours > theirs - 0.05 for ours, theirs in zip(deghosted, plain, strict=True))
    assert np.mean(deghosted) > np.mean(plain) + 2


def test_the_bounds_of_each_code_are_its_tolerance_and_open_at_the_ends():
    """The last code of a bound that is told lies within, the next beyond: 0.03 and 0.97 of 65535."""
    least, most = module._ends(Gamma(1.0), 1.0)
    middle = 32768 / 65535
    assert least.shape == most.shape == (3, 65536)
    np.testing.assert_allclose(least[:, 32768], np.log2(middle - 0.04) - 1, atol=1e-4)
    np.testing.assert_allclose(most[:, 32768], np.log2(middle + 0.04) - 1, atol=1e-4)
    assert (np.isneginf(least[0, :1966]).all(), np.isfinite(least[0, 1968:]).all()) == (True, True)
    assert (np.isfinite(most[0, :63567]).all(), np.isposinf(most[0, 63570:]).all()) == (True, True)
