"""Overlays of `experiments/` at work: a step and a validation on tiny scenes, with overlays of every kind.

tests/test_experiments.py reads all of them. `slurm.yaml` is run by tests/cli/faults/test_slurm.py.
"""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import yaml

from hdrgen import configs
from hdrgen.cli.arguments import as_value
from hdrgen.cli.main import main
from hdrgen.io import write_image
from tests.cli.test_every_config import TINY, method_of
from tests.cli.toy_runs import CPU
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
    "single_hdr_small": (["single_hdr/4_joint"], INVENTED),
}
"""By configuration: overlays (data, schedules, losses, parts of networks, stages), and what makes their scenes tiny."""


@pytest.fixture
def panoramas(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).random((32, 64, 3)) ** 4 * 20 + 0.01
    write_image("HDRI/venice.exr", pixels.astype(np.float32))


@pytest.mark.parametrize("name", ON_TOP)
def test_a_training_with_overlays_takes_a_step_and_validates(name, panoramas):
    overlays, scenes = ON_TOP[name]
    method = method_of(name)
    tiny = {key: value if isinstance(value, str) else as_value(value) for key, value in TINY[method].items()}
    words = [f"--config={name}", *(f"--model.{key}={value}" for key, value in tiny.items())]
    assert main(["fit", *words, *(f"--config={each}" for each in overlays), *SHORT, *scenes]) == 0
    run = Path("runs") / method / "version_0"
    losses = [float(value) for row in rows(run) for key, value in row.items() if key.startswith("train/") and value]
    assert losses
    assert all(map(math.isfinite, losses))
    assert any(key.startswith("val/") and value for row in rows(run) for key, value in row.items())
    settings = yaml.safe_load((run / "config.yaml").read_text())
    for overlay in overlays:
        wanted = yaml.safe_load(configs.experiment_path(overlay).read_text()).get("model")
        assert_within(wanted or {}, settings["model"])


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open() as log:
        return list(csv.DictReader(log))


def test_a_row_of_a_figure_without_a_network_is_tested(panoramas):
    words = ["--config=experiments/cevr/figure2_3.yaml", "--evaluation=quick", "--evaluation.truth=dataset", *CPU]
    scenes = ["--data.test=RenderedStacks", "--data.test.root=HDRI", "--data.test.size=32", "--data.test.views=1"]
    assert main(["test", *words, *scenes, "-o", "results"]) == 0
    assert Path("results/metrics.json").is_file()
