import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates, rotate

from hdrgen.camera import Gamma
from hdrgen.data import Motion, MovingScenes, ProceduralScenes, SelectedExposures, ThreeExposures
from hdrgen.data.dataset import derived_generator
from hdrgen.data.virtual.motion import Blob, Movement, frame_times, pixels, sampled, turned
from hdrgen.data.virtual.moving_scenes import bracket_camera
from hdrgen.data.virtual.stack_camera import RadianceScenes
from hdrgen.errors import InputError

STILL = Motion(objects=(0, 0), shake=0.0, roll=0.0)


class Noise(RadianceScenes):
    """Radiance without any order, the same each time."""

    def __init__(self, height=40, width=40, count=3):
        self.size, self.count, self.camera = (height, width), count, bracket_camera()

    def __len__(self):
        return self.count

    def scene(self, index):
        return f"noise{index}"

    def radiance(self, index, generator):
        drawn = torch.rand(3, *self.size, generator=derived_generator("noise", index))
        return torch.exp2(6 * drawn - 3)


def blob(**changes):
    zero = torch.zeros(2)
    values = {
        "place": zero,
        "radius": torch.tensor(6.0),
        "ripples": torch.zeros(2, 3),
        "velocity": zero,
        "spin": torch.tensor(0.0),
        "source": zero,
        "gain": torch.tensor(1.0),
    }
    return Blob(**values | changes)


class TestMovingScenes:
    def test_the_truth_is_at_the_reference_exposure(self):
        sample = SelectedExposures(MovingScenes(Noise()))[0]
        shown = Gamma(2.2)(sample["hdr"].clamp(0, 1))
        assert (sample["ldr"][1] - shown).abs().max() < 0.51 / 255
        assert sample["ev"].tolist() == [-2, 0, 2]
        assert int(sample["ref"]) == 1

    def test_without_motion_it_is_the_still_scene(self):
        noise = Noise()
        noise.camera = replace(noise.camera, jitter=0.0)  # it is drawn after the motion
        moving, still = (SelectedExposures(data)[1] for data in (MovingScenes(noise, STILL), noise))
        for key in ("ldr", "hdr", "inverse_response"):
            torch.testing.assert_close(moving[key], still[key], rtol=1e-4, atol=1.01 / 255 if key == "ldr" else 1e-4)

    def test_the_other_exposures_show_something_else(self):
        sample = SelectedExposures(MovingScenes(Noise()))[0]
        static = Gamma(2.2)((sample["hdr"][None] * sample["ev"].exp2().view(3, 1, 1, 1)).clamp(0, 1))
        assert (sample["ldr"][[0, 2]] - static[[0, 2]]).abs().mean() > 0.02

    def test_motion_depends_on_seed_scene_and_epoch_only(self):
        first, again, seeded = (SelectedExposures(MovingScenes(Noise()), seed=s, train=True) for s in (0, 0, 1))
        assert torch.equal(first[(2, 1)]["ldr"], again[(2, 1)]["ldr"])
        assert not torch.equal(first[(2, 1)]["ldr"], first[(3, 1)]["ldr"])
        assert not torch.equal(first[(2, 1)]["ldr"], seeded[(2, 1)]["ldr"])

    def test_frames_are_the_same_whichever_are_asked_for(self):
        data = MovingScenes(Noise())
        whole, part = (data.load(0, frames, generator=derived_generator(5)) for frames in ([0, 1, 2], [0, 2]))
        assert torch.equal(part["ldr"], whole["ldr"][[0, 2]])
        assert torch.equal(part["hdr"], whole["hdr"])

    def test_the_frames_lose_their_margin(self):
        assert SelectedExposures(MovingScenes())[0]["ldr"].shape == (3, 3, 64, 64)
        with pytest.raises(InputError, match=r"more than 68 pixels for this shake, found 200x10"):
            SelectedExposures(MovingScenes(Noise(10, 200), Motion(roll=19)))[0]

    def test_nine_exposures_move_as_far_as_three(self):
        data = MovingScenes(ProceduralScenes(2, size=32))
        sample = SelectedExposures(data, ThreeExposures())[0]
        assert sample["ev"].tolist() == [-2, 0, 2]
        assert frame_times(9, 4)[0::4] == frame_times(3, 1) == [-1, 0, 1]


class TestBlob:
    def test_its_outline_is_a_circle_with_ripples(self):
        """Harmonics 2, 3 and 4: to the right all add up; downwards the second takes away, and the fourth adds."""
        ripples = torch.tensor([[0.2, 0.1, 0.05], [0.0, 0.0, 0.0]])
        shape = blob(radius=torch.tensor(10.0), ripples=ripples)
        for x, y, outline in ((1, 0, 13.5), (-1, 0, 11.5), (0, 1, 8.5), (0, -1, 8.5)):
            for distance, cover in ((-1.0, 1.0), (-0.25, 0.75), (0.0, 0.5), (0.25, 0.25), (1.0, 0.0)):
                at = torch.tensor([x, y], dtype=torch.float32) * (outline + distance)
                assert shape.cover(at.view(2, 1, 1)).item() == pytest.approx(cover, abs=1e-4)
        turned_by = blob(radius=torch.tensor(10.0), ripples=torch.tensor([[0.2, 0, 0], [math.pi, 0, 0]]))
        assert turned_by.cover(torch.tensor([8.0, 0.0]).view(2, 1, 1)).item() == pytest.approx(0.5, abs=1e-4)
        assert shape.reach() == pytest.approx(10 * 1.35 + 1)


class TestMovement:
    def test_camera_against_scipy(self):
        image = torch.rand(2, 31, 41, generator=derived_generator(0))
        points = turned(pixels(21, 31), torch.tensor(0.1)) + torch.tensor([1.25, -2.5])[:, None, None]
        x, y = (points[axis].numpy() + half for axis, half in ((0, 20), (1, 15)))
        expected = np.stack([map_coordinates(channel.numpy(), [y, x], order=1) for channel in image])
        np.testing.assert_allclose(sampled(image, points).numpy(), expected, atol=1e-4)

    def test_roll_turns_the_picture(self):
        """A camera turned one way sees the scene turned the other way."""
        yy, xx = np.mgrid[-20:21, -20:21]
        smooth = torch.tensor(np.exp(-((xx - 6) ** 2 + (yy / 2) ** 2) / 60), dtype=torch.float32)[None]
        seen = Movement([], torch.zeros(1, 2), torch.tensor([0.3])).frame(smooth, 0, 0.0, 8)[0]
        expected = rotate(smooth[0].numpy(), math.degrees(0.3), reshape=False, order=1)[8:-8, 8:-8]
        assert np.abs(seen.numpy() - expected).max() < 0.02

    def test_a_thing_is_where_its_velocity_takes_it_and_hides_what_is_behind(self):
        still = 1 + torch.rand(3, 41, 41, generator=derived_generator(1))
        moved = blob(place=torch.tensor([-5.0, 2.0]), velocity=torch.tensor([8.0, -4.0]), gain=torch.tensor(100.0))
        movement = Movement([moved], torch.zeros(2, 2), torch.zeros(2))
        for index, time, centre in ((0, 0.0, (15, 22)), (1, 1.0, (23, 18))):
            bright = movement.frame(still, index, time, 0)[0] > 50
            rows, columns = torch.nonzero(bright, as_tuple=True)
            assert columns.float().mean().item() == pytest.approx(centre[0], abs=0.2)
            assert rows.float().mean().item() == pytest.approx(centre[1], abs=0.2)
            assert bright.sum().item() == pytest.approx(math.pi * 6**2, rel=0.1)

    def test_the_reference_is_not_blurred(self):
        """Inside a thing, pixels of the mirrored picture times its gain; outside, those of the picture."""
        still = torch.rand(3, 41, 41, generator=derived_generator(2)) + 0.1
        movement = Movement([blob(source=torch.tensor([4.0, -3.0]))], torch.zeros(1, 2), torch.zeros(1))
        seen = movement.frame(still, 0, 0.0, 3)
        torch.testing.assert_close(seen[:, 17, 17], still.flip(-1)[:, 20 - 3, 20 + 4])
        torch.testing.assert_close(seen[:, 2, 2], still[:, 5, 5])

    def test_the_last_thing_is_in_front(self):
        still = torch.ones(3, 21, 21)
        things = [blob(gain=torch.tensor(5.0)), blob(gain=torch.tensor(9.0))]
        assert Movement(things, torch.zeros(1, 2), torch.zeros(1)).frame(still, 0, 0.0, 0)[0, 10, 10].item() == 9

    @settings(max_examples=25)
    @given(st.floats(0, 0.1), st.floats(0, 5), st.integers(30, 80), st.integers(30, 80), st.integers(0, 99))
    def test_the_camera_never_looks_past_the_border(self, shake, roll, height, width, seed):
        motion = Motion(shake=shake, roll=roll)
        margin = motion.margin(height, width)
        if min(height, width) <= 2 * margin:
            return
        movement = motion.draw(height, width, 3, 1, derived_generator(seed))
        for shift, turn in zip(movement.shifts, movement.rolls, strict=True):
            x, y = turned(pixels(height - 2 * margin, width - 2 * margin), turn) + shift[:, None, None]
            assert x.abs().max() <= (width - 1) / 2 + 0.5
            assert y.abs().max() <= (height - 1) / 2 + 0.5

    @pytest.mark.parametrize(("draw", "radius", "way", "sign"), [(1.0, 0.2, 0.25, 1), (-1.0, 0.06, 0.0, -1)])
    def test_draws_reach_both_ends_of_what_is_declared(self, draw, radius, way, sign):
        """Of a picture of 80 x 50 pixels, whose shorter side is the unit of lengths."""
        thing = Motion()._blob(torch.tensor([80.0, 50.0]), torch.full((15,), draw))
        assert thing.place.tolist() == thing.source.tolist() == [32 * sign, 20 * sign]
        assert float(thing.radius) == pytest.approx(50 * radius)
        assert float(torch.hypot(*thing.velocity)) == pytest.approx(50 * way)
        assert float(thing.spin) == pytest.approx(sign * math.radians(15))
        assert float(thing.gain) == pytest.approx(2.0**sign)
        torch.testing.assert_close(thing.ripples, sign * torch.tensor([[0.2] * 3, [math.pi] * 3]))

    def test_the_camera_shakes_as_far_as_is_declared(self):
        motions = [Motion().draw(50, 80, 3, 1, derived_generator(seed)) for seed in range(200)]
        shifts, rolls = (torch.stack([getattr(m, name)[[0, 2]] for m in motions]) for name in ("shifts", "rolls"))
        assert float(shifts.abs().max()) == pytest.approx(50 * 0.015, rel=0.02)
        assert float(rolls.abs().max()) == pytest.approx(math.radians(0.5), rel=0.02)
        assert {len(m.blobs) for m in motions} == {1, 2, 3}

    def test_the_reference_stands_still(self):
        movement = Motion().draw(50, 60, 5, 2, derived_generator(0))
        assert movement.shifts[2].tolist() == [0, 0]
        assert movement.rolls[2] == 0
        assert 1 <= len(movement.blobs) <= 3


@pytest.mark.parametrize(
    "wrong", [{"objects": (3, 1)}, {"radius": (0.0, 0.1)}, {"radius": (0.2, 0.1)}, {"shake": 0.3}, {"roll": -1.0}]
)
def test_motion_that_makes_no_sense(wrong):
    with pytest.raises(InputError, match=f"expected .*{next(iter(wrong))}"):
        Motion(**wrong)
