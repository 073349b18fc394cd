"""What the documentation says: links lead somewhere, its commands parse."""

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning
import torch
import yaml

from hdrgen.cli import results_folder, value_of
from hdrgen.cli.main import main
from hdrgen.io import write_image
from hdrgen.weights import default_weights, read_checkpoint
from tests.commands.brackets import write_bracket
from tests.pages import PAGES, ROOT, anchors_of, blocks, commands, links_of, text_of

SBATCH = ROOT / "experiments/slurm.sbatch"


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


def test_every_page_is_in_the_index():
    index = ROOT / "docs/README.md"
    linked = {(index.parent / link).resolve() for link in links_of(index)}
    wanted = {*ROOT.glob("docs/*.md"), *ROOT.glob("notebooks/*.ipynb")} - {index}
    assert wanted <= linked


def test_every_page_is_in_the_navigation_of_the_site():
    """Those of the methods, the notebooks and the reference join by themselves; `make docs` finds dead links."""
    listed = (ROOT / "docs/site/mkdocs.yml").read_text(encoding="utf-8").partition("nav:\n")[2]
    for page in (*ROOT.glob("docs/*.md"), *ROOT.glob("experiments/*.md")):
        assert page.relative_to(ROOT).as_posix() in listed, page


def test_a_bracket_is_merged_as_the_guide_says(tmp_path, monkeypatch):
    """The commands of "Several exposures" as they are printed, one after the other."""
    text = text_of(ROOT / "docs/getting_started.md").partition("## Several exposures")[2].partition("\n## ")[0]
    block, *_ = re.findall(r"^```\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    write_bracket(tmp_path / "bracket")
    monkeypatch.chdir(tmp_path)
    for line in block.splitlines():
        assert main(shlex.split(line, comments=True)[1:]) == 0, line
    made = {"room.exr", "room_preview.jpg", "bracket_crf.json", "bracket_crf.svg", "again.exr", "room_drago2003.jpg"}
    assert made <= {path.name for path in tmp_path.iterdir()}
    assert len(list((tmp_path / "exposures").iterdir())) == 5


WRITING = ("expand", "predict", "merge", "tonemap", "expose", "view", "export", "crf", "report", "scenes", "test")


def hdrgen_commands(page: Path) -> list[list[str]]:
    """Verb and arguments of the commands of a page, in its order."""
    lines = "".join(blocks(page)).replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines if re.match(r"(\S*/)?hdrgen ", line)]
    return [each[1:] for each in words if len(each) > 1]


def results_of(verb: str, *arguments: str) -> set[tuple[str, str]]:
    """What a command writes: a file or folder, and of a folder of photographs, which of them."""
    output = value_of(arguments, "-o", "--output")
    if verb not in ("expand", "predict") or (output and Path(output).suffix):
        return {(output, "")} if output else set()
    folder = output or results_folder(
        "expanded" if verb == "expand" else "predictions", value_of(arguments, "--weights")
    )
    return {(folder, word) for word in arguments if word.endswith("photo.jpg")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_command_of_a_page_stands_in_the_way_of_another(page):
    """Results are not replaced unasked: who types the commands of a page in order would be refused."""
    seen: dict[tuple[str, str], list[str]] = {}
    for words in hdrgen_commands(page):
        if words[0] in WRITING and not {"--overwrite", "--skip-existing"} & {*words}:
            for result in results_of(*words):
                assert result not in seen, (seen[result], words)
                seen[result] = words


def test_photographs_are_expanded_as_the_guides_say(tmp_path, monkeypatch, capsys):
    """The commands of "One photograph", and those of the page on weights, as they are printed, one after the other."""
    monkeypatch.chdir(tmp_path)
    tiny = np.random.default_rng(0).random((16, 24, 3), np.float32)
    for name in ("photo", "holiday/a", "scans/b"):
        Path(name).parent.mkdir(exist_ok=True)
        write_image(f"{name}.jpg", tiny)
    write_bracket(tmp_path / "bracket")
    Path("RUN/checkpoints").mkdir(parents=True)
    own = {"pytorch-lightning_version": pytorch_lightning.__version__, "epoch": 0, "global_step": 0}
    torch.save({**read_checkpoint(default_weights()), **own}, "RUN/checkpoints/last.ckpt")
    photographs = text_of(ROOT / "docs/getting_started.md").partition("## One photograph")[2].partition("\n## ")[0]
    weights = [
        words for words in hdrgen_commands(ROOT / "docs/weights.md") if words[0] in ("weights", "expand", "predict")
    ]
    first, *_ = re.findall(r"^```\n(.*?)^```$", photographs, flags=re.DOTALL | re.MULTILINE)
    commands = [shlex.split(line, comments=True)[1:] for line in first.splitlines()]
    for words in commands:
        found = [path for word in words for path in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]
        assert main(found) == 0, (words, capsys.readouterr().err)
    for words in weights:
        assert main(words) == 0, (words, capsys.readouterr().err)
    made = {"photo.uhdr.jpg", "expanded", "trained", "predicted", "expanded_lhdr", "predictions_cevr"}
    assert made <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("words", commands(ROOT / "docs/multi_gpu.md"), ids=" ".join)
def test_commands_for_several_gpus_parse(words, capsys):
    if words[0] in ("hdrgen", "torchrun"):
        words = words[words.index("hdrgen") :]
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
