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
