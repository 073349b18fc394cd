import numpy as np
import pytest
import torch

from hdrgen.camera import CurvePrior, Gamma, Sigmoid
from hdrgen.data import ProceduralScenes, StackCamera
from hdrgen.data.virtual.finish import DrawnFinish, Finish
from hdrgen.errors import InputError

PLAIN = {"full_well": None, "read_noise": 0.0, "sharpening": 0.0, "ends": (0.0, 1.0), "quality": None}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def grey(value, size=64):
    return torch.full((1, 3, size, size), value)


def test_without_anything_it_is_the_response_in_8_bits():
    exposure = torch.rand(2, 3, 8, 8, generator=generator())
    made = DrawnFinish(**PLAIN).develop(exposure, Gamma(2.2), generator())
    wanted = np.rint(exposure.numpy().astype(float) ** (1 / 2.2) * 255)
    assert np.abs(made.numpy() * 255 - wanted).max() < 1e-3


def test_noise_has_the_variance_of_photons_and_reading():
    finish = DrawnFinish(**PLAIN | {"full_well": 1000.0, "read_noise": 5.0})
    made = finish.develop(grey(0.25, 256), Gamma(1.0), generator())
    assert float(made.mean()) == pytest.approx(0.25, abs=5e-4)
    assert float(made.std()) == pytest.approx(np.sqrt(250 + 25) / 1000, rel=0.02)


def test_black_and_white_have_their_codes_and_the_inverse_knows_them():
    finish = DrawnFinish(**PLAIN | {"ends": (8 / 255, 250 / 255)})
    exposure = torch.linspace(0, 1.2, 64).expand(1, 3, 1, -1)
    made = finish.develop(exposure, Gamma(2.2), generator())
    assert made.min() == pytest.approx(8 / 255)
    assert made.max() == pytest.approx(250 / 255)
    levels = torch.linspace(0, 1, 1024)
    back = np.interp(made.numpy(), levels.numpy(), finish.inverse(Gamma(2.2), 1024).numpy())
    assert np.abs(back - exposure.clamp(0, 1).numpy()).max() < 0.01


def test_sharpening_overshoots_at_edges_alone():
    step = torch.cat([torch.full((1, 3, 16, 8), 0.3), torch.full((1, 3, 16, 8), 0.6)], -1)
    made = DrawnFinish(**PLAIN | {"sharpening": 0.8}).develop(step, Gamma(1.0), generator())
    assert float(made[..., 8].mean()) > 0.64
    assert float(made[..., 7].mean()) < 0.26
    assert float(made[..., 0].mean()) == pytest.approx(0.3, abs=1 / 255)


def test_jpeg_moves_white_and_a_better_quality_moves_it_less():
    exposure = torch.rand(1, 3, 64, 64, generator=generator()) * 2
    errors = [
        float((DrawnFinish(**PLAIN | {"quality": quality}).develop(exposure, Gamma(), generator())
               - DrawnFinish(**PLAIN).develop(exposure, Gamma(), generator())).abs().mean())
        for quality in (70, 95)
    ]  # fmt: skip
    assert errors[0] > 2 * errors[1] > 0


def test_photographs_are_the_same_for_the_same_seed_whichever_exposures_are_asked_for():
    camera = StackCamera(curves=CurvePrior(), finish=Finish(full_well=None), exposed_for_lights=0.5)
    scenes = ProceduralScenes(2, 32, camera=camera)
    whole, part = scenes.load(0, range(9), generator=generator(3)), scenes.load(0, [1, 4], generator=generator(3))
    assert torch.equal(part["ldr"], whole["ldr"][[1, 4]])
    assert torch.equal(part["hdr"], whole["hdr"])
    assert torch.equal(part["inverse_response"], whole["inverse_response"])


def test_exposed_for_lights_clips_the_drawn_share():
    camera = StackCamera(exposed_for_lights=1.0, clipped=(0.05, 0.05))
    radiance = torch.rand(3, 100, 100, generator=generator()) * 7
    hdr = camera.photograph(radiance, "a", [4], generator())["hdr"]
    assert float((hdr.amax(0) > 1).float().mean()) == pytest.approx(0.05, abs=2e-4)


def test_the_photograph_of_a_scene_shows_its_radiance_through_the_noted_inverse():
    camera = StackCamera(curves=CurvePrior(), finish=Finish(full_well=None, sharpening=0, quality=None))
    sample = ProceduralScenes(1, 64, camera=camera).load(0, [4], generator=generator(5))
    back = np.interp(sample["ldr"][0].numpy(), np.linspace(0, 1, 1024), sample["inverse_response"].numpy())
    truth = sample["hdr"].clamp(0, 1).numpy()
    assert np.abs(back - truth)[truth < 0.8].max() < 0.02


def test_the_draw_covers_what_is_stated():
    drawn = [Finish().draw(generator(seed)) for seed in range(300)]
    assert np.mean([each.ends == (0.0, 1.0) for each in drawn]) == pytest.approx(0.6, abs=0.1)
    assert np.mean([each.quality is None for each in drawn]) == pytest.approx(0.2, abs=0.08)
    assert all(1500 <= each.full_well <= 60000 and each.sharpening <= 0.8 for each in drawn)
    assert {type(each.quality) for each in drawn} == {int, type(None)}


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda: Finish(quality=(0, 98)), r"quality=\[0, 98\]"),
        (lambda: Finish(full_well=(9.0, 1.0)), r"full_well=\[9.0, 1.0\]"),
        (lambda: Finish(black=250), "black=250, white=246"),
        (lambda: Finish(plain_files=float("nan")), "plain_files=nan"),
        (lambda: CurvePrior(srgb=0.7, power=0.6), r"srgb \+ power=1.3"),
        (lambda: CurvePrior(gamma=(0.0, 1.0)), r"gamma=\[0.0, 1.0\]"),
        (lambda: StackCamera(clipped=(0.0, 0.1)), r"0.0 and \[0.0, 0.1\]"),
    ],
)
def test_what_cannot_be_drawn_is_refused_at_once(make, found):
    with pytest.raises(InputError, match=found):
        make()


def test_a_finish_belongs_to_the_camera_that_any_data_set_takes():
    assert StackCamera(finish=Finish()).finish == Finish()
    assert isinstance(StackCamera().draw_response(generator()), Sigmoid)
