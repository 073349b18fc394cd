"""A run of the version before modules were moved (commit f6fc237) goes on, is used, and its configuration loads.

`before_moves/` holds its `config.yaml` as it was written, and its `last.ckpt`.
"""

import gzip
import importlib
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

import hdrgen
from hdrgen.camera import Sigmoid
from hdrgen.cli.main import main
from hdrgen.methods import MultiExposureGeneration, load_method

BEFORE = Path(__file__).with_name("before_moves")
CONFIG = str(BEFORE / "config.yaml")
CPU = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]
MEANS = (0.5859, 0.6427)
"""Of the exposures EV -1 and +1 of a ramp, as that version generated them."""
TYPED = (
    "hdrgen.camera.Gamma",
    "hdrgen.camera.Sigmoid",
    "hdrgen.data.Augmentation",
    "hdrgen.data.MovingScenes",
    "hdrgen.data.ProceduralScenes",
    "hdrgen.methods.multi_exposure.module.MultiExposureGeneration",
    "hdrgen.methods.adaptive_itm.module.AdaptiveITM",
    "hdrgen.methods.base.HDRModule",
    "hdrgen.methods.base.source_of",
    "hdrgen.methods.cevr.module.CEVR",
    "hdrgen.methods.deep_synth.module.DeepSynthHDRI",
    "hdrgen.methods.hdrcnn.FillingNetwork",
    "hdrgen.methods.hdr_gan.module.HDRGAN",
    "hdrgen.methods.hdr_gan.schedule.TwoDrops",
    "hdrgen.methods.loading.load_method",
    "hdrgen.methods.merging.merge_stack",
    "hdrgen.metrics.HDRVDP2",
    "hdrgen.metrics.PSNRMu",
    "hdrgen.metrics.align_median",
    "hdrgen.nn.read_checkpoint",
    "hdrgen.optim.GradientCentralizedAdam",
    "hdrgen.tonemap.drago2003",
    "hdrgen.tonemap.reinhard2002",
)
"""Import paths that stand in configurations, checkpoints and users' code."""


@pytest.fixture(autouse=True)
def last(tmp_path, monkeypatch) -> Path:
    """The checkpoint in the folder of a run."""
    monkeypatch.chdir(tmp_path)
    path = Path("runs/MultiExposureGeneration/version_0/checkpoints/last.ckpt")
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.decompress((BEFORE / "last.ckpt.gz").read_bytes()))
    return path


def test_the_configuration_trains_with_its_monitor():
    assert main(["fit", "--config", CONFIG, *CPU, "--trainer.max_epochs=1", "-o", "again"]) == 0
    run = Path("again/MultiExposureGeneration/version_0")
    assert list((run / "checkpoints").glob("epoch=000-psnr=*.ckpt"))
    was, now = (yaml.safe_load(Path(file).read_text()) for file in (CONFIG, run / "config.yaml"))
    # Settings that there are since
    was["model"]["init_args"] |= {"perceptual_channels": "sum", "encode_apart": True}
    was["data"]["samples_per_scene"] = 1
    geometry = {"probability": 1.0, "quarter_turns": False, "upside_down": True, "anywhere": False}
    was["data"]["augmentation"]["init_args"] |= geometry
    was["validation"]["radiance_metrics"]["psnr_mu"]["init_args"]["beyond_peak"] = "score"
    for protocol in ("evaluation", "validation"):
        was[protocol] |= {"crf_correction": False, "clipped_apart": []}
    was["data"] |= {"cache": None, "cache_gib": 50.0, "own_radiance": False, "white": None}
    was["writer"] |= {"about": None, "most_stops": None, "name": None}
    for scenes in (was["data"]["train"]["init_args"]["stacks"], was["data"]["val"]):
        scenes["init_args"]["cache_gib"] = 0.5
        if camera := scenes["init_args"]["camera"]:
            camera |= {"exposed_for_lights": 0.0, "clipped": [1e-4, 0.2], "finish": None}
            camera |= {"astray": 0.0, "astray_by": 3.0, "clipped_values": None, "variation": None}
    for part in ("model", "data", "checkpoint", "evaluation", "validation", "writer"):
        assert now[part] == was[part]


def test_a_training_goes_on(last):
    assert main(["fit", "--config", CONFIG, *CPU, "--trainer.max_epochs=3", "--ckpt_path=last"]) == 0
    resumed = torch.load("runs/MultiExposureGeneration/version_1/checkpoints/last.ckpt", weights_only=True)
    assert (resumed["epoch"], resumed["global_step"]) == (2, 3)


def test_it_is_tested(last):
    data = ["--data.test=ProceduralScenes", "--data.test.count=1", "--data.test.size=64"]
    assert main(["test", f"--ckpt_path={last}", *data, *CPU, "-o", "alone"]) == 0
    again = ["--config", CONFIG, "--evaluation=quick"]
    assert main(["test", f"--ckpt_path={last}", *again, *data, *CPU, "-o", "configured"]) == 0
    for folder in ("alone", "configured"):
        assert Path(folder, "metrics.csv").is_file()


def test_it_predicts_what_it_did(last):
    photo = hdrgen.write("photo.png", np.random.default_rng(0).random((24, 32, 3), np.float32))
    assert main(["predict", f"--ckpt_path={last}", f"--data.predict={photo}", *CPU, "-o", "out"]) == 0
    assert len(list(Path("out/photo").iterdir())) == 8
    method = load_method(last)
    assert (type(method), type(method.response)) == (MultiExposureGeneration, Sigmoid)
    image = torch.linspace(0, 1, 3 * 8 * 8).view(1, 3, 8, 8)
    with torch.no_grad():
        means = method.generate(image, torch.tensor([-1.0, 1.0])).mean((0, 2, 3, 4))
    np.testing.assert_allclose(means, MEANS, atol=1e-4)


@pytest.mark.parametrize("path", TYPED)
def test_paths_resolve(path):
    module, _, name = path.rpartition(".")
    assert hasattr(importlib.import_module(module), name)


def test_a_path_that_moved_is_told(capsys):
    """Nothing that hdrgen wrote holds one, only what was typed by hand."""
    assert main(["fit", "--model=HDRGAN", "--data.train=hdrgen.data.moving.MovingScenes", *CPU]) == 2
    assert "did you mean hdrgen.data.MovingScenes?" in capsys.readouterr().err
