"""The examples of docs/adding.md as they are printed, with less to do."""

import ast
import importlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen import metrics, tonemap
from hdrgen.cli.main import VERBS, Verb, main
from hdrgen.data import ProceduralScenes
from hdrgen.io import write_image
from tests.pages import ROOT, blocks, commands, text_of

ADDING = ROOT / "docs/adding.md"
LESS = {
    "fit": ["--data.train.size=32", "--data.train.count=4", "--data.batch_size=2", "--trainer.max_steps=2"],
    "test": ["--data.test.size=32", "--data.test.count=1", "--evaluation=quick"],
    "predict": [],
}
QUIET = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]


def section_of(page: Path, title: str) -> str:
    return text_of(page).partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Saves the module of a section where the page says, and gives its class and the commands below it."""

    def save(title: str) -> tuple[type, list[list[str]]]:
        section = tmp_path / "section.md"
        section.write_text(section_of(ADDING, title))
        (code,) = blocks(section, "python")
        assert len(code.splitlines()) < 100
        (name,) = re.findall(r"`(my_\w+)\.py`", section.read_text())
        (tmp_path / f"{name}.py").write_text(code)
        words = commands(section)
        assert ["export", "PYTHONPATH=."] in words
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(tmp_path)
        (cls,) = re.findall(r"^class (\w+)", code, flags=re.MULTILINE)
        return getattr(importlib.import_module(name), cls), [line[1:] for line in words if line[0] == "hdrgen"]

    return save


def exported(monkeypatch, room, cls: type) -> None:
    """As if the room imported a class and named it in `__all__`."""
    monkeypatch.setattr(room, cls.__name__, cls, raising=False)
    monkeypatch.setattr(room, "__all__", [*room.__all__, cls.__name__])


def test_the_method_trains_and_makes_hdr_images(example, tmp_path, capsys):
    _, lines = example("A method")
    write_image(tmp_path / "photo.jpg", np.full((48, 40, 3), 128, np.uint8))
    for words in lines:
        assert main([*words, *(QUIET + LESS[words[0]] if "--print_config" not in words else [])]) == 0
    assert json.loads(Path("results_method/metrics.json").read_text())
    assert Path("corrected/photo/photo.exr").is_file()
    assert "torch.optim.AdamW" in capsys.readouterr().out


def test_the_method_without_exposures_trains_and_makes_hdr_images(example, tmp_path):
    _, lines = example("A method without exposures")
    write_image(tmp_path / "photo.jpg", np.full((48, 40, 3), 128, np.uint8))
    for words in lines:
        less = ["--data.val.size=32", "--data.val.count=1"] if words[0] == "fit" else []
        assert main([*words, *QUIET, *LESS[words[0]], *less]) == 0
    assert "psnr_mu" in json.loads(Path("results_expansion/metrics.json").read_text())["means"]
    assert Path("by_expansion/photo/photo.exr").is_file()


def test_the_metric_scores_a_method_and_files(example, tmp_path, monkeypatch, capsys):
    metric, ((*test,),) = example("A metric")
    assert main([*test, *QUIET, "--data.test.size=32", "--data.test.count=1"]) == 0
    written = json.loads(Path("results_metric/metrics.json").read_text())
    assert 0 < written["means"]["wrong"]["mean"] < 1
    assert written["protocol"]["stack_metrics"]["wrong"]["threshold"] == 0.1
    exported(monkeypatch, metrics, metric)
    capsys.readouterr()
    assert main(["metrics"]) == 0
    assert "wrong_pixels" in capsys.readouterr().out
    images = [np.full((8, 8, 3), 100, np.uint8), np.full((8, 8, 3), 100, np.uint8)]
    images[1][:2] = 110
    for name, pixels in zip("ab", images, strict=True):
        write_image(tmp_path / f"{name}.png", pixels)
    assert main(["compare", "a.png", "b.png", "--metrics", "wrong_pixels", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["wrong_pixels"] == 0.25


def test_the_tone_mapper_maps_what_a_protocol_judges(example):
    operator, ((*test,),) = example("A tone mapper")
    display = operator()(torch.rand(2, 3, 8, 8) * 100)
    assert 0 <= display.min() < display.max() <= 1
    assert main([*test, *QUIET, "--data.test.size=32", "--data.test.count=1"]) == 0
    assert "power_psnr" in json.loads(Path("results_operator/metrics.json").read_text())["means"]


def test_the_tone_mapper_is_found_where_the_room_exports_it(example, tmp_path, monkeypatch):
    operator, _ = example("A tone mapper")
    exported(monkeypatch, tonemap, operator)
    write_image(tmp_path / "photo.exr", np.linspace(0.01, 30, 192, dtype=np.float32).reshape(8, 8, 3))
    assert main(["tonemap", "photo.exr", "--operator", "power_law", "--white", "8", "-o", "photo.png"]) == 0
    image = hdrgen.tone_map(hdrgen.read("photo.exr"), "power_law", white=8)
    np.testing.assert_allclose(hdrgen.read("photo.png").as_float(), np.asarray(image), atol=0.5 / 255 + 1e-6)


def test_the_data_set_is_tested_and_trained_on(example, tmp_path):
    data, (test, fit) = example("A data set")
    for number, scene in enumerate(ProceduralScenes(2, size=64)):
        for ev, frame in zip(scene["ev"].tolist(), scene["ldr"], strict=True):
            write_image(tmp_path / f"photographs/scene{number}_{ev:g}.png", frame.permute(1, 2, 0).numpy())
    scenes = data("photographs")
    assert (len(scenes), scenes.scene(1), scenes.reference(0)) == (2, "scene1", 4)
    pair = scenes.load(0, [4, 8], generator=torch.Generator())
    assert (pair["ev"].tolist(), int(pair["ref"]), pair["ldr"].shape) == ([0, 2], 0, (2, 3, 64, 64))
    assert main([*test, *QUIET]) == 0
    assert "psnr" in json.loads(Path("results_data/metrics.json").read_text())["means"]
    assert main([*fit, *QUIET, "--data.batch_size=2", "--trainer.max_steps=1", "--model.encoder_channels=[4,8]"]) == 0


def test_the_verb_answers_on_the_command_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "page.md").write_text(section_of(ADDING, "A verb"))
    (code,) = blocks(tmp_path / "page.md", "python")
    (line,) = blocks(tmp_path / "page.md")
    (tmp_path / "my_verb.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for verb, entry in ast.literal_eval("{" + line.replace("Verb(", "(").replace("hdrgen.commands.", "") + "}").items():
        monkeypatch.setitem(VERBS, verb, Verb(*entry))
    write_image(tmp_path / "a.exr", np.full((4, 4, 3), 1, np.float32) * np.exp2([[[-4.0]], [[0.0]], [[0.0]], [[4.0]]]))
    assert main(["stops", "a.exr", "--percentile", "0"]) == 0
    assert capsys.readouterr().out == "a.exr: 8.0 stops\n"
    assert main(["stops", "--help"]) == 0
    assert main(["stops", "a.exr", "--percentil", "0"]) == main(["stops", "b.exr"]) == 2
    assert "did you mean --percentile?" in capsys.readouterr().err
