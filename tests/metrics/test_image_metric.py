import numpy as np
import pytest
import torch
import torch.multiprocessing as multiprocessing

from hdrgen.metrics.image_metric import ImageMetric


class Difference(ImageMetric):
    domain = "display"
    higher_is_better = False
    bounds = (0.0, 1.0)
    reference = "none"
    outputs = ("mean_difference", "largest_difference")

    def __init__(self, scale: float = 1.0, name: str | None = None) -> None:
        super().__init__()
        self.scale, self.name = scale, name

    def measure(self, image, target):
        error = self.scale * (image - target).abs().flatten(1)
        return {"mean_difference": error.mean(1), "largest_difference": error.amax(1)}


def batches(sizes=(3, 1, 4), seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [tuple(torch.rand(2, size, 3, 5, 6 + size, generator=generator)) for size in sizes]


def by_numpy(pairs):
    values = [np.abs(i.numpy() - t.numpy()) for image, target in pairs for i, t in zip(image, target, strict=True)]
    means, peaks = (np.array([reduce(value) for value in values], dtype=np.float64) for reduce in (np.mean, np.max))
    return {
        "mean_difference": means.mean(),
        "largest_difference": peaks.mean(),
        "mean_difference_std": means.std(),
        "largest_difference_std": peaks.std(),
    }


def test_mean_and_deviation_are_numpy_s_over_images_of_any_batch():
    metric = Difference()
    for image, target in batches():
        metric.update(image, target)
    assert {name: value.item() for name, value in metric.compute().items()} == pytest.approx(
        by_numpy(batches()), abs=1e-6
    )


def test_forward_gives_the_batch_and_counts_it():
    metric, pairs = Difference(), batches()
    for pair in pairs:
        assert metric(*pair)["mean_difference"].item() == pytest.approx(by_numpy([pair])["mean_difference"], abs=1e-6)
    assert metric.compute()["largest_difference"].item() == pytest.approx(
        by_numpy(pairs)["largest_difference"], abs=1e-6
    )


def test_reset_forgets():
    metric = Difference()
    metric.update(*batches()[0])
    metric.reset()
    metric.update(*batches()[1])
    assert metric.compute()["mean_difference_std"] == 0


@pytest.mark.parametrize("cast", [lambda m: m.to(torch.bfloat16), lambda m: m.half(), lambda m: m.float()])
def test_sums_stay_float64_inside_a_half_precision_network(cast):
    network = cast(torch.nn.ModuleDict({"metric": Difference(), "layer": torch.nn.Linear(1, 1)}))
    metric = network["metric"]
    metric.update(*batches()[0])
    assert metric.total.dtype == metric.images.dtype == torch.float64
    metric.reset()
    assert metric.total.dtype == torch.float64


def test_half_precision_images_are_measured_in_float32_outside_autocast():
    metric = Difference(scale=1e6)  # overflows float16
    image, target = (x.half() for x in batches()[0])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        metric.update(image, target)
    assert metric.compute()["mean_difference"].item() == pytest.approx(
        1e6 * (image.float() - target.float()).abs().mean().item(), rel=1e-5
    )


def test_settings_are_the_arguments():
    assert Difference(2.0).settings() == {"scale": 2.0, "name": None}


def measured_by_one_of_two(rank, folder):
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    metric = Difference()
    for pair in batches()[rank::2]:
        metric.update(*pair)
    torch.save(metric.compute(), folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.ddp
def test_two_processes_agree_with_one(tmp_path):
    multiprocessing.start_processes(measured_by_one_of_two, (tmp_path,), 2, start_method="fork")
    for rank in range(2):
        found = {name: value.item() for name, value in torch.load(tmp_path / f"{rank}.pt").items()}
        assert found == pytest.approx(by_numpy(batches()), abs=1e-6)
