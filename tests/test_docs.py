"""What the documentation says: links lead somewhere, its example trains, its commands parse."""

import importlib
import json
import operator
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from hdrgen import metrics
from hdrgen.cli.main import main
from hdrgen.data import ProceduralScenes
from hdrgen.io import write_image
from tests.commands.brackets import write_bracket

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "experiments/*.md", "notebooks/*.md", "notebooks/*.ipynb", "hdrgen/**/*.md")
    for path in ROOT.glob(pattern)
)
SBATCH = ROOT / "experiments/slurm.sbatch"


def text_of(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return text


def prose_of(page: Path) -> str:
    return re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links_of(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose_of(page))


def blocks(page: Path, language: str = "") -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text_of(page), flags=re.DOTALL | re.MULTILINE)
    return [content for name, content in found if name == language]


def commands(page: Path) -> list[list[str]]:
    """What is typed in its blocks of shell, without what follows `#`."""
    lines = "".join(blocks(page)).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in links_of(page):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert target == ROOT or ROOT in target.parents, f"{link} leads out of the repository"
        assert not anchor or anchor in anchors_of(target), link


NOT_OURS = ("my_", "corrected_gain", "wrong_pixels", "WrongPixels", "power_law", "flat_folder", "config.yaml")
"""What an example tells the reader to make, and the file that a run leaves behind."""
FOLDERS = "hdrgen|docs|tests|benchmarks|experiments|notebooks"


def names_in(text: str) -> set[str]:
    """Dotted names of the package, of its tests and benchmarks."""
    found = re.findall(r"(?<![\w/.-])((?:hdrgen|benchmarks|tests)(?:\.\w+)+)\b(?!/)", text)
    return {name for name in found if not any(word in name for word in NOT_OURS)}


def files_in(text: str) -> set[str]:
    """Paths from the top of the repository, and files in backticks, which may be named from their room on."""
    found = set(re.findall(rf"(?<![\w/.-])((?:{FOLDERS})/[\w./-]*[\w/])(?![\w{{*<])", text))
    found |= set(re.findall(r"`([\w/]+\.(?:py|yaml))`", text))
    return {name for name in found if not any(word in name for word in NOT_OURS)}


def is_defined(name: str) -> bool:
    """Whether a dotted name is that of a module, or of something in one."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        try:
            return operator.attrgetter(".".join(parts[count:]))(found) is not None if parts[count:] else True
        except AttributeError:
            return False
    return False


def is_there(name: str, page: Path) -> bool:
    places = (ROOT / name, ROOT / "hdrgen" / name, page.parent / name)
    anywhere = [f"{folder}/**/{name}" for folder in ("hdrgen", "experiments", "tests")] if "/" not in name else []
    return any(place.exists() for place in places) or any(any(ROOT.glob(pattern)) for pattern in anywhere)


def whole_text_of(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page):
    """Modules and files that moved are named by where they are now; the examples to copy from are there."""
    text = whole_text_of(page)
    assert [name for name in sorted(names_in(text)) if not is_defined(name)] == []
    assert [name for name in sorted(files_in(text)) if not is_there(name, page)] == []


def test_what_docstrings_name_is_there():
    """In backticks: other dotted names, such as those of options, only look like modules."""
    wrong = {}
    for path in sorted(ROOT.glob("hdrgen/**/*.py")):
        quoted = re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8"))
        missing = [name for text in quoted for name in names_in(text) if not is_defined(name)]
        if missing:
            wrong[str(path.relative_to(ROOT))] = missing
    assert wrong == {}


def test_every_page_is_in_the_index():
    index = ROOT / "docs/README.md"
    linked = {(index.parent / link).resolve() for link in links_of(index)}
    wanted = {*ROOT.glob("docs/*.md"), *ROOT.glob("notebooks/*.ipynb")} - {index}
    assert wanted <= linked


# -- docs/adding.md: its examples as they are printed, with less to do ---------------------------------------------

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
    assert json.loads(Path("results/metrics.json").read_text())
    assert Path("predictions/photo/photo.exr").is_file()
    assert "torch.optim.AdamW" in capsys.readouterr().out


def test_the_metric_scores_a_method_and_files(example, tmp_path, monkeypatch, capsys):
    metric, ((*test,),) = example("A metric")
    assert main([*test, *QUIET, "--data.test.size=32", "--data.test.count=1"]) == 0
    written = json.loads(Path("results/metrics.json").read_text())
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
    assert "power_psnr" in json.loads(Path("results/metrics.json").read_text())["means"]


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
    assert "psnr" in json.loads(Path("results/metrics.json").read_text())["means"]
    assert main([*fit, *QUIET, "--data.batch_size=2", "--trainer.max_steps=1", "--model.encoder_channels=[4,8]"]) == 0


def test_a_bracket_is_merged_as_the_guide_says(tmp_path, monkeypatch):
    """The commands of "Several exposures" as they are printed, one after the other."""
    text = text_of(ROOT / "docs/getting_started.md").partition("## Several exposures")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^```\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    write_bracket(tmp_path / "bracket")
    monkeypatch.chdir(tmp_path)
    for line in block.splitlines():
        assert main(shlex.split(line, comments=True)[1:]) == 0, line
    made = {"room.exr", "room_preview.jpg", "bracket_crf.json", "bracket_crf.svg", "again.exr", "room_drago2003.jpg"}
    assert made <= {path.name for path in tmp_path.iterdir()}
    assert len(list((tmp_path / "exposures").iterdir())) == 5


@pytest.mark.parametrize("words", commands(ROOT / "docs/multi_gpu.md"), ids=" ".join)
def test_commands_for_several_gpus_parse(words, capsys):
    if words[0] == "hdrgen":
        assert main([*words[1:], "--print_config"]) == 0
        assert yaml.safe_load(capsys.readouterr().out)["trainer"]["strategy"] == "ddp"
    else:
        assert words[0] == "sbatch"
        arguments = words[words.index("experiments/slurm.sbatch") + 1 :]
        assert main(["fit", "--config", str(ROOT / "experiments/slurm.yaml"), *arguments, "--print_config"]) == 0


# -- SLURM, with a stand-in for it ---------------------------------------------------------------------------------


@pytest.fixture
def slurm(tmp_path, monkeypatch) -> Path:
    """A folder that looks like the repository, with `srun` and `scontrol` that write down what they are given."""
    (tmp_path / "experiments").symlink_to(SBATCH.parent)
    srun = (
        'printf "%s\\n" "$@" > srun.txt; echo "$SRUN_CPUS_PER_TASK" > cpus.txt; exec sleep "${SECONDS_OF_TRAINING:-0}"'
    )
    scontrol = 'echo "$@" > scontrol.txt'
    for name, script in (("srun", srun), ("scontrol", scontrol)):
        (tmp_path / name).write_text(f"#!/bin/bash\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name, value in {"JOB_ID": 1234, "NNODES": 2, "NTASKS_PER_NODE": 4, "CPUS_PER_TASK": 5}.items():
        monkeypatch.setenv(f"SLURM_{name}", str(value))
    monkeypatch.setenv("HDRGEN", "hdrgen")
    return tmp_path


def test_slurm_script_starts_the_training(slurm, monkeypatch, capsys):
    subprocess.run(["bash", SBATCH, "--config", "cevr", "-o", "out"], cwd=slurm, check=True, timeout=30)
    srun, hdrgen, *arguments = (slurm / "srun.txt").read_text().splitlines()
    assert (srun, hdrgen) == ("--kill-on-bad-exit=1", "hdrgen")
    assert (slurm / "cpus.txt").read_text() == "5\n"
    assert not (slurm / "scontrol.txt").exists()
    monkeypatch.chdir(slurm)
    assert main([*arguments, "--print_config"]) == 0
    settings = yaml.safe_load(capsys.readouterr().out)
    trainer = settings["trainer"]
    assert (trainer["num_nodes"], int(trainer["devices"]), trainer["strategy"]) == (2, 4, "ddp")
    assert settings["output"] == "out"
    assert settings["model"]["class_path"].endswith("CEVR")


def test_slurm_script_queues_itself_again_and_waits(slurm, monkeypatch):
    monkeypatch.setenv("SECONDS_OF_TRAINING", "1.5")
    with subprocess.Popen(["bash", SBATCH], cwd=slurm, stdout=subprocess.PIPE, text=True) as job:
        while not (slurm / "cpus.txt").exists():
            assert job.poll() is None
        job.send_signal(signal.SIGUSR1)  # as --signal=B:USR1 does
        told, _ = job.communicate(timeout=30)
    assert job.returncode == 0
    assert told == "time is up: job 1234 is queued again\n"
    assert (slurm / "scontrol.txt").read_text() == "requeue 1234\n"


def test_slurm_script_fails_with_the_training(slurm):
    (slurm / "srun").write_text("#!/bin/bash\nexit 2\n")
    assert subprocess.run(["bash", SBATCH], cwd=slurm, timeout=30).returncode == 2


def test_slurm_script_asks_for_what_the_guide_says():
    asked = dict(re.findall(r"^#SBATCH --([\w-]+)(?:=(.*))?$", SBATCH.read_text(), flags=re.MULTILINE))
    assert asked["signal"] == "B:USR1@120"
    assert "requeue" in asked
    assert asked["ntasks-per-node"] == asked["gpus-per-node"]
    assert (
        int(asked["cpus-per-task"])
        == 1 + yaml.safe_load((SBATCH.parent / "slurm.yaml").read_text())["data"]["num_workers"]
    )
