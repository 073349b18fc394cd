"""A method of the third kind, one photograph to radiance without exposures, everywhere; and what fit monitors."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

import hdrgen
from hdrgen.cli.main import main
from hdrgen.commands.methods import describe
from hdrgen.errors import InputError
from hdrgen.methods import CEVR, HDRGAN, HDRModule, LinearGain, PlainMerge
from tests.toys import ToyExpansion, ToyMethod

CPU = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]
SCENES = ["--data.train=ToyScenes", "--data.val=ToyScenes", "--data.test=ToyScenes", "--data.batch_size=2"]
FIT = ["fit", *SCENES, *CPU, "--trainer.max_epochs=2"]
CLASS = "tests.toys.ToyExpansion"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Folder of a finished training of the method with validation."""
    folder = tmp_path_factory.mktemp("expansion")
    assert main([*FIT, "--model=ToyExpansion", "-o", str(folder)]) == 0
    return folder / "ToyExpansion/version_0"


@pytest.fixture
def checkpoint(run) -> str:
    return str(run / "checkpoints/last.ckpt")


@pytest.fixture(autouse=True)
def photo(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(hdrgen.write("photo.png", np.random.default_rng(0).random((20, 30, 3), np.float32)))


def error_of(arguments: list[str], capsys) -> str:
    capsys.readouterr()
    assert main(arguments) == 2
    return capsys.readouterr().err


class TestExpansion:
    def test_fit_keeps_the_best_by_the_score_of_radiance(self, run):
        (best,) = (run / "checkpoints").glob("epoch=*.ckpt")
        assert best.name.startswith("epoch=001-psnr_mu=")
        saved = yaml.safe_load((run / "config.yaml").read_text())["checkpoint"]
        assert (saved["monitor"], saved["mode"]) == ("val/psnr_mu", "max")

    def test_resume(self, run, checkpoint):
        assert main([*FIT[:-1], "--trainer.max_epochs=3", f"--ckpt_path={checkpoint}", f"--model={CLASS}"]) == 0
        resumed = torch.load("runs/ToyExpansion/version_0/checkpoints/last.ckpt", weights_only=True)
        assert resumed["epoch"] == 2
        assert list(Path("runs/ToyExpansion/version_0/checkpoints").glob("epoch=002-psnr_mu=*.ckpt"))

    @pytest.mark.parametrize("verb", ["test", "validate"])
    def test_scores(self, verb, checkpoint):
        assert main([verb, f"--ckpt_path={checkpoint}", *SCENES, *CPU, "-o", "out"]) == 0
        rows = list(csv.DictReader(Path("out/metrics.csv").read_text().splitlines()))
        assert {row["ev"] for row in rows} == {""}
        assert "psnr_mu" in {row["metric"] for row in rows}

    def test_predict(self, checkpoint, photo):
        assert main(["predict", f"--ckpt_path={checkpoint}", f"--data.predict={photo}", *CPU, "-o", "out"]) == 0
        assert {path.name for path in Path("out/photo").iterdir()} == {"photo.exr", "photo.hdr", "photo_preview.jpg"}

    def test_expand(self, checkpoint, photo, capsys):
        expand = ["expand", photo, "--ckpt_path", checkpoint, "--model", CLASS, "--device", "cpu", "-o", "out"]
        assert "makes radiance without exposures; leave --ev out" in error_of([*expand, "--ev=-1,1"], capsys)
        assert main(expand) == 0
        made = hdrgen.read("out/photo/photo.exr").as_float()
        model = hdrgen.load(checkpoint, device="cpu", method=ToyExpansion)
        np.testing.assert_allclose(made, model.reconstruct(hdrgen.read(photo)).as_float(), rtol=2e-3, atol=1e-6)

    def test_from_python(self, checkpoint, photo):
        model = hdrgen.load(checkpoint, device="cpu", method=ToyExpansion)
        pixels = hdrgen.read(photo).as_float()
        gain = model.method.gain.detach().numpy().reshape(3)
        np.testing.assert_allclose(model.reconstruct(pixels), gain * pixels**2.2, rtol=1e-4)
        assert model.stack_ev == ()
        with pytest.raises(InputError, match="it does not generate exposures"):
            model.generate(pixels, 1.0)
        with pytest.raises(InputError, match="takes one photograph, found 2"):
            model.reconstruct([pixels, pixels], ev=[0, 1])

    @torch.no_grad()
    def test_any_size_is_padded_and_cut_into_tiles(self):
        model = ToyExpansion()
        model.multiple, model.overlap, model.tile = 16, 16, 32
        image = torch.rand(1, 3, 50, 70)
        sizes = []
        model.expand = lambda part: sizes.append(part.shape[-2:]) or ToyExpansion.expand(model, part)
        made = model.reconstruct({"ldr": image[:, None], "ref": torch.zeros(1, dtype=torch.long)})
        torch.testing.assert_close(made, model.gain * image**2.2)
        assert len(sizes) > 1
        assert all(side % 16 == 0 for size in sizes for side in size)

    def test_methods(self):
        entry = describe(ToyExpansion)
        assert (entry["kind"], entry["input"], entry["exposures"]) == ("single image", "one photograph", "none")

    def test_export(self, checkpoint, photo, capsys):
        pytest.importorskip("onnxruntime")
        export = ["export", "--ckpt_path", checkpoint, "--model", CLASS, "-o", "out"]
        assert "ToyExpansion generates no exposures" in error_of([*export, "--ev=-1,1"], capsys)
        assert main(export) == 0
        card = json.loads(Path("out/card.json").read_text())
        assert [port["name"] for port in (*card["inputs"], *card["outputs"])] == ["image", "hdr"]
        assert card["stack_ev"] is None
        pixels = hdrgen.read(photo).as_float()
        image = pixels.transpose(2, 0, 1)[None].copy()
        (made,) = hdrgen.load_program("out").run(image=image).values()
        wanted = hdrgen.load("out", device="cpu", method=ToyExpansion).reconstruct(pixels)
        np.testing.assert_allclose(made[0].transpose(1, 2, 0), wanted, rtol=1e-4, atol=1e-6)


class TestMonitor:
    def test_training_without_exposures_ends_with_a_best_checkpoint(self):
        """With the monitor in the defaults, this died at the first validation."""
        tiny = ["--model.channels=[4,4]", "--model.adversarial_weight=0"]
        options = ("=MovingScenes", ".stacks=ProceduralScenes", ".stacks.count=2", ".stacks.size=32")
        data = [f"--data.{part}{option}" for part in ("train", "val") for option in options]
        assert main(["fit", "--model=HDRGAN", *tiny, *data, *CPU, "--trainer.max_epochs=1"]) == 0
        checkpoints = Path("runs/HDRGAN/version_0/checkpoints")
        assert list(checkpoints.glob("epoch=000-psnr_mu=*.ckpt"))
        assert (checkpoints / "last.ckpt").is_file()

    @pytest.mark.parametrize(
        ("options", "name"),
        [
            ([], "epoch=001-psnr="),
            (["--checkpoint.monitor=val/l1", "--checkpoint.mode=min"], "epoch=001-l1="),
            (["--checkpoint.monitor=val/ssim", "--checkpoint.filename=mine-{epoch}"], "mine-1"),
            (["--checkpoint.monitor=null"], "epoch=001"),
        ],
    )
    def test_what_the_user_names_wins(self, options, name):
        assert main([*FIT, "--model=ToyMethod", *options]) == 0
        (best,) = (file for file in Path("runs").rglob("*.ckpt") if file.name != "last.ckpt")
        assert best.name.startswith(name)

    def test_a_score_that_is_not_there(self, capsys):
        told = error_of([*FIT, "--model=ToyExpansion", "--checkpoint.monitor=val/psnr"], capsys)
        assert "--checkpoint.monitor: no val/psnr among what this run logs (train/loss" in told
        assert "val/psnr_mu" in told

    def test_defaults_and_a_class_of_ones_own(self):
        class Own(ToyMethod):
            monitor = "val/l1"
            monitor_mode = "min"

        assert [method.monitored() for method in (CEVR, HDRGAN, ToyExpansion, Own)] == [
            *["val/psnr", "val/psnr_mu"],
            *["val/psnr_mu", "val/l1"],
        ]


class TestFacts:
    def test_of_the_package(self):
        facts = {cls: (cls.input, cls.generates, cls.baseline) for cls in (CEVR, HDRGAN, LinearGain, PlainMerge)}
        assert facts == {
            CEVR: ("photograph", True, False),
            HDRGAN: ("bracket", False, False),
            LinearGain: ("photograph", True, True),
            PlainMerge: ("bracket", False, True),
        }

    def test_a_method_for_an_older_hdrgen_is_told_what_to_rename(self):
        with pytest.raises(InputError, match=r"Old\.offers is not called any more; rename it to can_generate"):
            type("Old", (HDRModule,), {"offers": lambda self, ev: ev > 0})
        with pytest.raises(InputError, match='Old sets photographs; say input = "bracket"'):
            type("Old", (HDRModule,), {"photographs": list})
