import numpy as np
import pytest
import torch

from hdrgen.camera import Gamma, form_image
from hdrgen.fusion import ghost_masks, merge_photographs, still_frames
from hdrgen.fusion.patch_match import OFFSETS, PatchField, search, vote

EV = [-2.0, 0.0, 2.0]
RESPONSE = Gamma(2.2)
PLACES = ((20, 12), (20, 40), (52, 66))
"""Where a square is in each photograph."""
SIDE = 16


def texture(height, width, seed=0):
    """Smooth, nowhere twice the same, (3, H, W) in [0, 1]."""
    coarse = torch.rand(1, 3, height // 4, width // 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic")[0].clamp(0, 1)


def scene():
    """Radiance (3, 80, 96): a bright window on the right, beyond white, in a dim room."""
    radiance = 0.05 + 0.3 * texture(80, 96)
    radiance[:, 8:32, 68:92] = 1.5 + 1.5 * texture(80, 96, 1)[:, 8:32, 68:92]
    return radiance


def photographs(moves=True, background=None):
    """Frames as 8-bit codes, and the radiance at the moment of the reference."""
    background = scene() if background is None else background
    square = 0.6 * texture(80, 96, 2)[:, :SIDE, :SIDE] + torch.tensor([0.4, 0.0, 0.0]).view(3, 1, 1)
    frames, moments = [], []
    for ev, (row, column) in zip(EV, PLACES if moves else [PLACES[1]] * 3, strict=True):
        radiance = background.clone()
        radiance[:, row : row + SIDE, column : column + SIDE] = square
        codes = form_image(radiance, torch.tensor([ev]), RESPONSE)[0]
        frames.append((codes * 255).round().byte().permute(1, 2, 0).contiguous().numpy())
        moments.append(radiance.permute(1, 2, 0).numpy())
    return frames, moments[1]


def deghosted(frames, **options):
    masks = ghost_masks(frames, EV, RESPONSE, 1)
    return merge_photographs(still_frames(frames, EV, RESPONSE, 1, masks, **options), EV, RESPONSE)


@pytest.fixture(scope="module")
def moving():
    frames, truth = photographs()
    return frames, truth, deghosted(frames)


def stops_off(found, truth, part):
    return np.abs(np.log2(found[part] / truth[part].clip(1e-3)))


def test_what_stands_still_is_the_plain_merge():
    frames, _ = photographs(moves=False)
    assert np.array_equal(deghosted(frames), merge_photographs(frames, EV, RESPONSE))


def test_what_moved_is_there_once(moving):
    frames, truth, found = moving
    plain = merge_photographs(frames, EV, RESPONSE)
    for row, column in PLACES:
        part = np.s_[row : row + SIDE, column : column + SIDE]
        assert np.median(stops_off(found, truth, part)) < 0.05
        assert np.quantile(stops_off(found, truth, part), 0.99) < 0.5
    shown = [stops_off(image, truth, np.s_[20:36, 12:28]).mean() for image in (plain, found)]
    assert shown[1] < 0.1 * shown[0]


def test_what_the_reference_clips_is_filled_in_from_the_frame_that_shows_it(moving):
    frames, truth, found = moving
    window = np.s_[10:30, 70:90]
    assert (frames[1][window] == 255).all()
    assert stops_off(found, truth, window).max() < 0.1


def test_what_was_hidden_and_is_clipped_is_made_of_patches_around():
    """The square stands before the window in the shortest exposure, which alone shows it."""
    background = scene()
    background[:, :, 36:] = torch.linspace(1.5, 3, 80)[:, None]
    background[:, 16:40, 36:60] = 0.2  # the reference shows its square there, before a wall
    frames, truth = photographs(background=background)
    frames[0][50:66, 66:82] = frames[0][20:36, 12:28]
    found = deghosted(frames)
    hidden = np.s_[50:66, 66:82]
    assert stops_off(merge_photographs(frames, EV, RESPONSE), truth, hidden).mean() > 1
    assert stops_off(found, truth, hidden).mean() < 0.25


def test_the_same_each_time(moving):
    frames, _, found = moving
    assert np.array_equal(deghosted(frames), found)


def test_rows_come_in_any_strips_and_frames_keep_their_type(moving):
    codes, _, found = moving
    frames = [(frame / np.float32(255)).astype(np.float32) for frame in codes]
    still = still_frames(frames, EV, RESPONSE, 1, ghost_masks(frames, EV, RESPONSE, 1))
    whole = still[2][0:80]
    assert still[1] is frames[1]
    assert whole.dtype == still[2].dtype == np.float32
    assert np.array_equal(np.concatenate([still[2][0:7], still[2][7:80]]), whole)
    np.testing.assert_allclose(merge_photographs(still, EV, RESPONSE), found, rtol=0.2, atol=0.005)


def test_a_large_photograph_takes_over_what_was_found_at_a_smaller_size(moving, monkeypatch):
    monkeypatch.setattr("hdrgen.fusion.patches.WORKING", 2500)
    frames, truth, _ = moving
    found = deghosted(frames)
    assert np.median(stops_off(found, truth, np.s_[:, :])) < 0.02
    assert np.quantile(stops_off(found, truth, np.s_[:, :]), 0.97) < 0.3


class TestPatches:
    def test_a_shift_is_found(self):
        source = texture(48, 56)
        target = source.roll((5, -9), (1, 2))
        field = PatchField.identity(48, 56)
        search(target, source, field, torch.arange(48 * 56), (32, 16, 8, 4, 2, 1), 4, torch.Generator().manual_seed(0))
        here = PatchField.identity(48, 56)
        away = torch.stack([field.rows - here.rows, field.columns - here.columns])[:, 8:-3, 3:-12]
        assert (away == torch.tensor([-5, 9]).view(2, 1, 1)).all(0).float().mean() > 0.97

    def test_nearest_patches_are_nearly_those_of_a_full_search(self):
        source, target = texture(24, 24), texture(24, 24, 5)
        field = PatchField.identity(24, 24)
        search(target, source, field, torch.arange(24 * 24), (16, 8, 4, 2, 1), 8, torch.Generator().manual_seed(0))
        padded = [np.pad(image.numpy(), ((0, 0), (3, 3), (3, 3)), "edge") for image in (target, source)]
        wanted, known = (
            np.stack([image[:, y : y + 7, x : x + 7].ravel() for y in range(24) for x in range(24)]) for image in padded
        )
        distances = ((wanted[:, None] - known[None]) ** 2).sum(2)
        found = distances[np.arange(576), (field.rows * 24 + field.columns).flatten().numpy()]
        assert found.mean() < 1.1 * distances.min(1).mean()

    def test_patches_at_their_own_places_give_the_image(self):
        source, here, every = texture(16, 20), PatchField.identity(16, 20), torch.arange(320)
        found = vote(source, here, here, every, torch.rand(320), every)
        torch.testing.assert_close(found, source.flatten(1))

    def test_votes_are_those_of_a_sum_over_patches(self):
        generator = torch.Generator().manual_seed(3)
        source, pixels, places = texture(12, 12), torch.tensor([0, 40, 77]), torch.tensor([5, 66, 143])
        coherent, complete = (PatchField(*torch.randint(12, (2, 12, 12), generator=generator)) for _ in range(2))
        weights = torch.tensor([0.5, 2.0, 1.0])
        found = vote(source, coherent, complete, places, weights, pixels)
        said = {int(pixel): [] for pixel in pixels}
        inside = lambda *at: all(0 <= each < 12 for each in at)  # noqa: E731
        for y, x in OFFSETS:
            for row, column in np.ndindex(12, 12):
                to = int(coherent.rows[row, column]), int(coherent.columns[row, column])
                at = (row + y) * 12 + column + x
                if at in said and inside(row + y, column + x, to[0] + y, to[1] + x):
                    said[at].append((1.0, source[:, to[0] + y, to[1] + x]))
            for place, weight in zip(places.tolist(), weights.tolist(), strict=True):
                row, column = divmod(place, 12)
                to = int(complete.rows[row, column]), int(complete.columns[row, column])
                at = (to[0] + y) * 12 + to[1] + x
                if at in said and inside(row + y, column + x, to[0] + y, to[1] + x):
                    said[at].append((weight, source[:, row + y, column + x]))
        for index, votes in enumerate(said.values()):
            wanted = sum(weight * colour for weight, colour in votes) / sum(weight for weight, _ in votes)
            torch.testing.assert_close(found[:, index], wanted)
