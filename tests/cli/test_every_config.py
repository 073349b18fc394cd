"""Every packaged configuration through the command line: training with validation, resuming, testing, use, export.

Networks and scenes are tiny, and lie where the configurations look for them; all else is as packaged.
"""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen import configs
from hdrgen.cli.arguments import as_value, named_method
from hdrgen.cli.main import main
from hdrgen.io import write_image
from tests.cli.toy_runs import CPU
from tests.data.datasets.trees import kalantari, ntire, pixels, scene, vds
from tests.methods.examples import EXAMPLES

SIDE = 64
TINY = {example.method.__name__: example.arguments for example in EXAMPLES}
MOVING = {example.method.__name__ for example in EXAMPLES if example.method.input == "bracket"}
"""Methods that take several photographs of a moving scene."""
METHODS = [name for name in configs.names() if named_method(["-c", name])]
AT_256 = ("cevr", "deep_synth", "deep_recursive", "deep_chain")
"""Configurations of papers that train on whole stacks of VDS at 256 pixels."""
OVERLAYS = {"multi_exposure_small": ["quickstart", "quickstart_scenes"]}
SHORT = [
    *CPU,
    "--trainer.max_steps=-1",
    "--trainer.limit_train_batches=2",
    "--trainer.log_every_n_steps=1",
    "--grid.scenes=1",
]


@pytest.fixture(scope="module")
def where_scenes_are(tmp_path_factory):
    """A folder with the data sets that the papers' configurations name, each as its authors lay it out."""
    root = tmp_path_factory.mktemp("configs")
    vds(root / "VDS", count=10, size=SIDE)
    vds(root / "VDS", "test", count=1, size=SIDE)
    kalantari(root / "kalantari", count=3, names=("a", "b", "c"), size=SIDE)
    ntire(root / "ntire2021", count=3)
    stops = [ev / 2 for ev in range(-4, 5)]
    for index in range(3):
        sample = scene(index, stops, SIDE)
        for number, image in enumerate(sample["ldr"]):
            folder = root / "training_data/Train/Bracketed_images" / f"room{index}_0_1_2_gamma+1.4"
            write_image(folder / f"{'abcdefghi'[number]}.png", pixels(image), bits=8)
            write_image(root / f"SICE/Dataset_Part1/{index + 1}/{number + 1}.JPG", pixels(image))
        for folder in ("SICE_truth", "hdr_images"):
            write_image(root / f"{folder}/{index + 1}.exr", pixels(sample["hdr"]))
        write_image(root / f"hdri/{'val' if index else 'train'}/{index}.exr", pixels(sample["hdr"]))
    (root / "SICE/best_index.txt").write_text("1_3_7.png2_3_7.png3_3_7.png")
    write_image(root / "photo.png", np.random.default_rng(0).random((SIDE, SIDE, 3)))
    for number, image in enumerate(scene(0, (-2.0, 0.0, 2.0), SIDE)["ldr"]):
        write_image(root / f"walk/{number}.png", pixels(image))
    (root / "walk/exposures.csv").write_text("file,time\n0.png,1\n1.png,4\n2.png,16\n")
    return root


def is_light(name: str) -> bool:
    """Whether a configuration trains on two cores, and names no data set of others."""
    return name.endswith("_small") or name == "inverse_camera"


def method_of(name: str) -> str:
    """Class name of the method of a configuration."""
    return named_method(["-c", name]).rpartition(".")[2]


def data_of(name: str) -> list[str]:
    """Scenes for a small configuration, and smaller ones for a paper's."""
    moving = method_of(name) in MOVING
    sizes = ["--data.batch_size=2", "--data.num_workers=0", "--data.samples_per_scene=2"]
    if not is_light(name):
        crop = [f"--data.augmentation.crop={56 if name == 'hdr_gan' else 32}"]
        square = [f"--data.{part}.square={SIDE}" for part in ("train", "val") if name in AT_256]
        truth = [f"--data.{part}.truth=SICE_truth" for part in ("train", "val") if name == "adaptive_itm"]
        parts = [
            ("train", "[0,0.6]"),
            ("val", "[0.6,1]"),
        ]  # of three scenes; the packaged shares leave one part without
        whole = moving or name in ("drtmo", "hdrunet", "multi_exposure", "hdrcnn", "single_hdr", "santos2020")
        share = [f"--data.{part}.scenes={share}" for part, share in parts if whole]
        rendered = "class_path: RenderedStacks" in configs.path_of(name).read_text(encoding="utf-8")
        views = [f"--data.{part}.size={SIDE}" for part in ("train", "val") if rendered]
        return [*sizes, *square, *truth, *share, *views, *(crop if name not in AT_256 else [])]
    kind = "MovingScenes" if moving else "ProceduralScenes"
    stacks = ".stacks" if moving else ""
    for part in ("train", "val"):
        sizes += [f"--data.{part}={kind}"] * (name not in OVERLAYS)
        sizes += [f"--data.{part}.stacks=ProceduralScenes"] * bool(stacks)
        sizes += [f"--data.{part}{stacks}.{key}" for key in ("count=4", f"size={SIDE + 16}")]
    return sizes


def scores(run: Path) -> list[str]:
    """The epochs of which a run has logged a validation score."""
    with (run / "metrics.csv").open() as log:
        return [row["epoch"] for row in csv.DictReader(log) if row.get("val/psnr") or row.get("val/psnr_mu")]


def use(model) -> np.ndarray:
    """Radiance of the photographs in the current folder."""
    if model.name in MOVING:
        return model.reconstruct([f"walk/{number}.png" for number in range(3)], [-2.0, 0.0, 2.0]).pixels
    return model.reconstruct("photo.png").pixels


@pytest.mark.parametrize("name", METHODS)
def test_a_configuration_trains_with_validation_resumes_tests_and_is_used(
    name, where_scenes_are, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(where_scenes_are)
    method, runs = method_of(name), tmp_path / "runs"
    assert method in TINY, f"{name}: say in tests/methods/examples.py how small {method} can be"
    words = {key: value if isinstance(value, str) else as_value(value) for key, value in TINY[method].items()}
    tiny = [f"--model.{key}={word}" for key, word in words.items()]
    overlays = [f"--config={each}" for each in (name, *OVERLAYS.get(name, []))]
    fit = ["fit", *overlays, *tiny, *data_of(name), *SHORT, "-o", str(runs)]
    once = ["--trainer.check_val_every_n_epoch=1", "--trainer.max_epochs=2"]
    assert main([*fit, *once]) == 0
    run = runs / method / "version_0"
    assert scores(run) == ["0", "1"]
    assert len(list((run / "checkpoints").glob("epoch=*.ckpt"))) == 1
    own = not is_light(name)  # whether it goes on by its saved configuration, and so in its own folder
    goes_on = ["fit", f"--config={run}/config.yaml"] if own else [*fit, *once[:1]]
    assert main([*goes_on, "--trainer.max_epochs=3", "--ckpt_path=last"]) == 0
    resumed = run if own else run.with_name("version_1")
    assert scores(resumed) == (["0", "1", "2"] if own else ["2"])
    assert "Lightning" not in capsys.readouterr().err, "a user reads of Lightning's own parts"
    last = resumed / "checkpoints/last.ckpt"
    assert torch.load(last, weights_only=True)["epoch"] == 2

    scenes = [word.replace(".val", ".test") for word in data_of(name) if ".val" in word]
    bare = [] if is_light(name) else [f"--config={name}", *tiny, "--data.test=null"]
    if not is_light(name):
        scenes = ["--data.test=ProceduralScenes", "--data.test.count=1", f"--data.test.size={SIDE}"]
    scenes = ["--data.test=ProceduralScenes", *scenes] if name in OVERLAYS else scenes
    best = ["--ckpt_path=best", f"--trainer.default_root_dir={runs}"]
    test = ["test", *bare, *best, *scenes, *CPU, "--evaluation=quick", "-o", str(tmp_path / "test")]
    assert main(test) == 0
    assert json.loads((tmp_path / "test/metrics.json").read_text())["means"]

    if name.endswith("_small"):  # its checkpoint is used in Python, that of the paper's configuration by commands
        assert use(hdrgen.load(last, device="cpu")).shape == (SIDE, SIDE, 3)
        return
    used = "walk" if method in MOVING else "photo.png"
    predict = ["predict", f"--ckpt_path={last}", f"--data.predict={used}", *CPU, "-o", str(tmp_path / "out")]
    assert main(predict) == 0
    assert list((tmp_path / "out").rglob("*.exr"))
    assert main(["export", f"--ckpt_path={last}", "--formats=safetensors", "-o", str(tmp_path / "exported")]) == 0
    assert (tmp_path / "exported/card.json").is_file()
