import pytest
import torch

from hdrgen.data import Augmentation
from hdrgen.errors import InputError


def batch(scenes=3, frames=2, size=32):
    hdr = torch.rand(scenes, 3, size, size, generator=torch.Generator().manual_seed(0)) * 100
    factors = torch.tensor([0.001, 0.01, 0.02, 0.04])[:frames, None, None, None]
    return hdr[:, None] * factors, hdr, factors


LE = {"rotate": 179.0, "shift": 0.0625}  # multi_exposure.yaml


@pytest.mark.parametrize("more", [LE, LE | {"scale": (0.8, 1.2)}, {"quarter_turns": True}])
def test_stack_and_radiance_move_together(more):
    ldr, hdr, factors = batch()
    moved_ldr, moved_hdr = Augmentation(None, **more)(ldr, hdr, 0)
    torch.testing.assert_close(moved_ldr, moved_hdr[:, None] * factors)
    assert not torch.allclose(moved_hdr, hdr)
    assert not torch.allclose(moved_hdr[0], moved_hdr[1])


def test_radiance_does_not_overshoot():
    spike = torch.full((4, 3, 32, 32), 1e-6)
    spike[..., 16, 16] = 1e5
    _, moved = Augmentation(None, **LE)(spike[:, None].clamp(0, 1), spike, 1)
    assert moved.min() >= 0.99e-6
    assert moved.max() <= 1e5


def test_borders_are_mirrored():
    ones = torch.ones(2, 1, 3, 32, 32)
    moved, _ = Augmentation(None, **LE)(ones, None, 2)
    torch.testing.assert_close(moved, ones)


def test_geometry_depends_on_the_seed_and_leaves_the_global_generator_alone():
    ldr, hdr, _ = batch()
    augmentation = Augmentation(None, **LE)
    before = torch.random.get_rng_state()
    first, second, other = (augmentation(ldr, hdr, *seed)[0] for seed in ((0, "a"), (0, "a"), (0, "b")))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_flips_alone_only_move_pixels():
    ldr, _, _ = batch(8)
    moved, _ = Augmentation(None)(ldr, None, 3)
    flipped = [[torch.flip(image, dims) for dims in ((), (-1,), (-2,), (-2, -1))] for image in ldr]
    found = [
        next(i for i, f in enumerate(options) if torch.equal(f, image))
        for options, image in zip(flipped, moved, strict=True)
    ]
    assert len(set(found)) > 1


def test_shifts_go_both_ways_as_far_as_they_may_in_either_direction():
    height, width, share = 40, 60, 0.2
    images = places(200, height, width)
    moved, _ = Augmentation(None, shift=share, flip=False)(images, None, 4)
    inside = (moved - images)[:, 0, :2, 10:-10, 15:-15].flatten(2)
    torch.testing.assert_close(inside, inside[..., :1].expand_as(inside), atol=1e-3, rtol=0)
    for moves, side in zip(inside[..., 0].T, (width, height), strict=True):
        assert moves.abs().max() <= share * side + 1e-3
        assert moves.min() < -0.9 * share * side
        assert moves.max() > 0.9 * share * side


def test_nothing_to_do_changes_nothing():
    ldr, hdr, _ = batch()
    moved = Augmentation(None, flip=False)(ldr, hdr, 0)
    assert moved[0] is ldr
    assert moved[1] is hdr


def test_small_rotation_agrees_with_opencv():
    import cv2

    x = torch.linspace(0, 1, 33)
    smooth = (torch.sin(5 * x)[:, None] + x[None] ** 2).expand(1, 1, 3, 33, 33).contiguous()
    augmentation = Augmentation(None, rotate=20, flip=False)
    moved = augmentation(smooth, None, 7)[0][0, 0, 0].numpy()
    angles = torch.arange(-20, 20.01, 0.25)
    errors = []
    for angle in angles.tolist():
        matrix = cv2.getRotationMatrix2D((16, 16), angle, 1)
        turned = cv2.warpAffine(smooth[0, 0, 0].numpy(), matrix, (33, 33), flags=cv2.INTER_LINEAR)
        errors.append(abs(turned - moved)[8:25, 8:25].max())
    assert min(errors) < 0.02
    assert max(errors) > 0.2


def places(count, height, width):
    """Images whose pixels say where they are: x, y, x."""
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    return torch.stack([x, y, x]).expand(count, 1, 3, height, width).contiguous()


def test_the_share_that_is_rotated_and_the_others_stay_as_they_are():
    """The authors of Le et al. rotate half of the samples: the others keep their sharpest gradients."""
    images = torch.rand(1000, 1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for share in (0.0, 0.5, 1.0):
        moved, _ = Augmentation(None, **LE, flip=False, probability=share)(images, None, 5)
        same = (moved == images).flatten(1).all(1).float().mean().item()
        assert same == pytest.approx(1 - share, abs=0.04)


def test_quarter_turns_and_flips_lay_a_square_in_all_eight_ways_and_keep_its_pixels():
    images = places(800, 5, 5)
    moved, _ = Augmentation(None, quarter_turns=True)(images, None, 6)
    square = images[0]
    ways = [turned.rot90(k, (-2, -1)) for turned in (square, square.flip(-1)) for k in range(4)]
    counts = [sum(torch.equal(way, image) for image in moved) for way in ways]
    assert sum(counts) == 800
    assert min(counts) > 60


def test_frames_that_are_not_square_cannot_be_turned_by_quarters():
    with pytest.raises(InputError, match=r"expected square frames to turn by quarters, found 7 x 5; cut squares"):
        Augmentation(None, quarter_turns=True)(places(1, 5, 7), None, 0)


def test_left_and_right_alone():
    moved, _ = Augmentation(None, upside_down=False)(places(50, 4, 6), None, 7)
    assert torch.equal(moved[:, :, 1], places(50, 4, 6)[:, :, 1])
    assert len({image[0, 0, 0, 0].item() for image in moved}) == 2


@pytest.mark.parametrize("anywhere", [False, True])
def test_a_zoom_shows_the_middle_or_any_part_and_nothing_beyond(anywhere):
    height, width = 21, 41
    moved, _ = Augmentation(None, scale=(2.0, 2.0), flip=False, anywhere=anywhere)(places(400, height, width), None, 8)
    x, y = moved[:, 0, 0], moved[:, 0, 1]
    assert (x[..., 1:] - x[..., :-1] - 0.5).abs().max() < 1e-4
    assert x.min() >= -1e-4
    assert x.max() <= width - 1 + 1e-4
    centres = torch.stack([x.mean((1, 2)), y.mean((1, 2))])
    low, high = centres.amin(1), centres.amax(1)
    assert low.tolist() == pytest.approx([10, 5] if anywhere else [20, 10], abs=0.5)
    assert high.tolist() == pytest.approx([30, 15] if anywhere else [20, 10], abs=0.5)


def test_arguments_of_earlier_configurations_still_mean_the_same():
    """What `config.yaml` of an earlier run holds: all samples are rotated, shifted and scaled."""
    old = Augmentation(crop=None, rotate=179.0, shift=0.0625, scale=(0.9, 1.1), flip=True)
    images = torch.rand(20, 1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    moved, _ = old(images, None, 9)
    assert not any(torch.equal(one, other) for one, other in zip(moved, images, strict=True))


@pytest.mark.parametrize(
    ("arguments", "found"), [({"scale": (1.1, 0.9)}, r"found \(1\.1, 0\.9\)"), ({"probability": 1.1}, r"found 1\.1")]
)
def test_impossible_arguments_are_refused(arguments, found):
    with pytest.raises(InputError, match=found):
        Augmentation(**arguments)


def test_impossible_crop_is_refused():
    with pytest.raises(InputError, match="found 0"):
        Augmentation(crop=0)
