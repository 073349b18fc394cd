"""Overlays of `experiments/` at work: a step and a validation on tiny scenes, with overlays of every kind.

tests/test_experiments.py reads all of them. `slurm.yaml` is run by tests/cli/faults/test_slurm.py.
"""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from hdrgen import configs
from hdrgen.cli.arguments import as_value, named_method
from hdrgen.cli.main import main
from hdrgen.io import write_image
from tests.cli.test_every_config import TINY, method_of
from tests.cli.toy_runs import CPU, QUICK, error_of
from tests.test_experiments import assert_within

SHORT = [
    *(*CPU, "--data.batch_size=1", "--data.num_workers=0", "--grid.scenes=1"),
    *("--trainer.limit_train_batches=1", "--trainer.limit_val_batches=1", "--trainer.max_steps=-1"),
    *("--trainer.max_epochs=1", "--trainer.check_val_every_n_epoch=1", "--trainer.log_every_n_steps=1"),
]
PARTS = ("train", "val")
PANORAMAS = [f"--data.{part}.{one}" for part in PARTS for one in ("root=HDRI", "size=32", "views=1")]
INVENTED = [f"--data.{part}{one}" for part in PARTS for one in ("=ProceduralScenes", ".size=64", ".count=1")]
MOVING = [f"--data.{part}.stacks.{one}" for part in PARTS for one in ("size=100", "count=1")]
HEADS = "--model.channels=[8,8,8]"  # a scale more, for a head more to choose from
CURVES = f"camera.curves=[{', '.join(['hdrgen.camera.Gamma'] * 5)}]"  # one in five is held out
ON_TOP = {
    "multi_exposure_small": (
        ["multi_exposure/rendered", "multi_exposure/table4_neither"],
        [*PANORAMAS, *(f"--data.{part}.{CURVES}" for part in PARTS)],
    ),
    "cevr_small": (
        ["comparison", "cevr/table5_no_cycle"],
        [*PANORAMAS[:3], f"--data.train.{CURVES}", *INVENTED[3:]],
    ),
    "adaptive_itm_small": (["adaptive_itm/table2_baseline", "adaptive_itm/table3_l1"], INVENTED),
    "deep_synth_small": (["weights/data", "weights/deep_synth", "deep_synth/both_schedules"], PANORAMAS),
    "hdr_gan_small": (["hdr_gan/procedural_motion", "hdr_gan/table3_judged2_output1"], [*MOVING, HEADS]),
}
"""By configuration: overlays (data, schedules, losses, parts of networks, stages), and what makes their scenes tiny."""
NETWORKS = {"dequantisation", "linearisation", "hallucination", "refinement"}
"""Of SingleHDR."""


@pytest.fixture
def panoramas(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).random((32, 64, 3)) ** 4 * 20 + 0.01
    write_image("HDRI/venice.exr", pixels.astype(np.float32))


@pytest.mark.parametrize("name", ON_TOP)
def test_a_training_with_overlays_takes_a_step_and_validates(name, panoramas):
    overlays, scenes = ON_TOP[name]
    assert main([*tiny_fit(name), *(f"--config={each}" for each in overlays), *SHORT, *scenes]) == 0
    assert_trained(Path("runs") / method_of(name) / "version_0", overlays)


def tiny_fit(name: str) -> list[str]:
    """The beginning of a training by a configuration, with its network at the size of the tests."""
    tiny = TINY[method_of(name)]
    values = {key: value if isinstance(value, str) else as_value(value) for key, value in tiny.items()}
    return ["fit", f"--config={name}", *(f"--model.{key}={value}" for key, value in values.items())]


def assert_trained(run: Path, overlays: list[str]) -> None:
    """There are finite losses, and numbers of the validation, and what the overlays say of the model."""
    losses = [float(value) for row in rows(run) for key, value in row.items() if key.startswith("train/") and value]
    assert losses
    assert all(map(math.isfinite, losses))
    assert any(key.startswith("val/") and value for row in rows(run) for key, value in row.items())
    settings = yaml.safe_load((run / "config.yaml").read_text())
    for overlay in overlays:
        wanted = yaml.safe_load(configs.experiment_path(overlay).read_text()).get("model")
        assert_within(wanted or {}, settings["model"])


def test_the_four_trainings_of_single_hdr_follow_each_other(tmp_path, monkeypatch):
    """Each by its overlay, from the last checkpoint of the one before; it changes its own network, the last one all."""
    monkeypatch.chdir(tmp_path)
    before: dict[str, torch.Tensor] = {}
    for number, stage in enumerate(("dequantisation", "linearisation", "hallucination", "joint")):
        overlay, run = f"single_hdr/{number + 1}_{stage}", Path(f"runs/SingleHDR/version_{number}")
        previous = f"runs/SingleHDR/version_{number - 1}/checkpoints/last.ckpt"
        start = [f"--model.initial_weights={previous}"] if number else []
        assert main([*tiny_fit("single_hdr_small"), f"--config={overlay}", *SHORT, *INVENTED, *start]) == 0
        assert_trained(run, [overlay])
        state = torch.load(run / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
        changed = {name.partition(".")[0] for name in before if not torch.equal(before[name], state[name])}
        assert not before or changed == ({stage} if stage != "joint" else NETWORKS)
        before = state


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open() as log:
        return list(csv.DictReader(log))


def test_a_row_of_a_figure_without_a_network_is_tested(panoramas):
    words = ["--config=experiments/cevr/figure2_3.yaml", "--evaluation=quick", "--evaluation.truth=dataset", *CPU]
    scenes = ["--data.test=RenderedStacks", "--data.test.root=HDRI", "--data.test.size=32", "--data.test.views=1"]
    assert main(["test", *words, *scenes, "-o", "results"]) == 0
    assert Path("results/metrics.json").is_file()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["cevr/table5_cycle"], "experiments/cevr/table5_cycle is an overlay: it names no method, and changes that"),
        (["cevr/table5_cycle"], "; pass --config cevr --config experiments/cevr/table5_cycle"),
        (["cevr/table5_cycle", "cevr_small"], "pass --config cevr --config experiments/cevr/table5_cycle"),
        (
            [str(configs.experiment_path("weights/hdr_gan"))],
            "pass --config hdr_gan --config experiments/weights/hdr_gan",
        ),
        (["weights/data", "slurm"], "pass --config METHOD --config experiments/slurm; `hdrgen configs` lists"),
        (["quickstart_scenes"], "quickstart_scenes.yaml is an overlay"),
        (["own.yaml"], "pass --config METHOD --config own.yaml; "),
    ],
)
def test_an_overlay_alone_is_told_where_it_belongs(typed, told, own_folder, capsys):
    Path("own.yaml").write_text("model:\n  init_args:\n    channels: 3\n")
    assert told in error_of(["fit", *(f"--config={name}" for name in typed)], capsys)


@pytest.mark.parametrize("name", configs.experiment_names())
def test_every_experiment_without_a_method_is_told_to_be_an_overlay(name, own_folder, capsys):
    path = configs.experiment_path(name)
    if named_method(["--config", str(path)]) is None:
        assert f"experiments/{name} is an overlay" in error_of(["test", f"--config={path}"], capsys)


def test_an_overlay_of_scenes_may_come_before_the_method(own_folder):
    none = [f"--data.{part}=null" for part in PARTS]
    typed = ["test", *QUICK, "--config", "weights/data", "--model=ToyMethod", *none, "--data.test=ToyScenes"]
    assert main(typed) == 0
