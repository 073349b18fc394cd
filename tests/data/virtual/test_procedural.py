import pytest
import torch

from hdrgen.camera import Gamma
from hdrgen.data import ProceduralScenes, StackCamera
from hdrgen.data.dataset import derived_generator
from hdrgen.data.virtual.procedural import procedural_radiance, with_range
from hdrgen.errors import InputError


def stops(radiance: torch.Tensor) -> float:
    light = (radiance * torch.tensor([0.2126, 0.7152, 0.0722])[:, None, None]).sum(0)
    low, high = torch.quantile(light.flatten(), torch.tensor([0.001, 0.999]))
    return float(torch.log2(high / low))


@pytest.mark.parametrize("size", [48, 96])
def test_at_least_ten_stops_in_every_scene(size):
    scenes = [procedural_radiance(size, derived_generator("range", size, index)) for index in range(40)]
    assert min(map(stops, scenes)) >= 10
    assert all(torch.isfinite(scene).all() and (scene > 0).all() for scene in scenes)


def test_range_is_kept_in_samples():
    scenes = ProceduralScenes(8, 64)
    assert min(stops(scenes[index]["hdr"]) for index in range(8)) >= 10


def test_flat_image_survives_stretching():
    assert torch.isfinite(with_range(torch.full((3, 16, 16), 2.0), 10.5)).all()


def test_stretching_keeps_hue_and_order():
    radiance = torch.rand(3, 32, 32, generator=derived_generator(1)) + 0.1
    stretched = with_range(radiance, 12.0)
    torch.testing.assert_close(stretched / stretched.sum(0), radiance / radiance.sum(0))
    assert stops(stretched) == pytest.approx(12, abs=0.01)


def test_scenes_are_deterministic_and_differ():
    scenes = ProceduralScenes(4, 32)
    assert torch.equal(scenes[1]["ldr"], ProceduralScenes(9, 32)[1]["ldr"])
    assert not torch.equal(scenes[1]["hdr"], scenes[2]["hdr"])
    assert not torch.equal(scenes[1]["hdr"], ProceduralScenes(4, 32, seed=1)[1]["hdr"])


def test_a_scene_keeps_its_content_while_its_camera_changes():
    camera = StackCamera(jitter=0)
    scenes = ProceduralScenes(1, 32, camera=camera)
    first, second = (scenes.load(0, [4], generator=derived_generator(seed)) for seed in range(2))
    torch.testing.assert_close(first["hdr"], second["hdr"])
    assert not torch.equal(first["inverse_response"], second["inverse_response"])


def test_camera_is_injected():
    scenes = ProceduralScenes(1, 32, camera=StackCamera(evs=(-1, 0, 1), curves=[Gamma(2.0)]))
    sample = scenes[0]
    assert sample["ev"].tolist() == [-1, 0, 1]
    torch.testing.assert_close(sample["inverse_response"], torch.linspace(0, 1, 1024) ** 2, atol=1e-6, rtol=0)


def test_nonsense_is_refused():
    with pytest.raises(InputError, match="count=0"):
        ProceduralScenes(0)
