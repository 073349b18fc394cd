"""What the documentation says: links lead somewhere, pages are listed, and SLURM's script does what its page says.

`tests/guides` types the commands.
"""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

from hdrgen.cli.main import main
from hdrgen.weights import packaged_files
from tests.pages import PAGES, ROOT, anchors_of, links_of

GALLERY = ROOT / "docs/gallery.md"
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


MEASURED = re.compile(r"Measured\b[^:]*\sin\s+brackets:\s")


def test_measured_numbers_on_the_pages_of_methods_are_those_of_the_results():
    """Of a row of the method's own, and in brackets of the one that it must beat."""
    lines = (ROOT / "docs/results.md").read_text(encoding="utf-8").splitlines()
    rows = [{*re.findall(r"\d+\.\d+", line)} for line in lines if line.startswith("| ")]
    pages = {page: page.read_text(encoding="utf-8") for page in ROOT.glob("hdrgen/methods/*/README.md")}
    said = [(page, part) for page, text in pages.items() for part in text.split("\n\n") if MEASURED.match(part)]
    assert len(said) > 12
    for page, part in said:
        beaten = {*re.findall(r"\((\d+\.\d+)\)", part)}
        own = {*re.findall(r"\d+\.\d+", re.sub(r"\(\d+\.\d+\)", "", part))}
        assert any(own <= row for row in rows), page
        assert any(beaten <= row for row in rows), page


def test_the_gallery_shows_all_pictures_and_every_packaged_network():
    shown = {(ROOT / "docs" / name).resolve() for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", GALLERY.read_text())}
    assert shown == {path for path in ROOT.glob("docs/images/**/*.*") if path.suffix in (".jpg", ".png")}
    assert {ROOT / f"docs/images/zoo/{weights.stem}.jpg" for weights in packaged_files()} <= shown


# -- SLURM, with a stand-in for it ---------------------------------------------------------------------------------


@pytest.fixture
def slurm(tmp_path, monkeypatch) -> Path:
    """A folder elsewhere, with `srun` and `scontrol` that write down what they are given."""
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
    subprocess.run(["bash", SBATCH, "--config", "cevr", "-o", "out"], cwd=slurm, check=True, timeout=120)
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


def test_slurm_script_starts_the_installation_of_a_checkout_or_what_is_in_the_path(slurm, monkeypatch):
    monkeypatch.delenv("HDRGEN")
    for wanted in ("hdrgen", ".venv/bin/hdrgen"):
        subprocess.run(["bash", SBATCH], cwd=slurm, check=True, timeout=30)
        assert (slurm / "srun.txt").read_text().splitlines()[1] == wanted
        (slurm / ".venv/bin").mkdir(parents=True, exist_ok=True)
        (slurm / ".venv/bin/hdrgen").touch(0o755)


def test_slurm_script_queues_itself_again_and_waits(slurm, monkeypatch):
    monkeypatch.setenv("SECONDS_OF_TRAINING", "1.5")
    with subprocess.Popen(["bash", SBATCH], cwd=slurm, stdout=subprocess.PIPE, text=True) as job:
        while not (slurm / "cpus.txt").exists():
            assert job.poll() is None
        job.send_signal(signal.SIGUSR1)  # as --signal=B:USR1 does
        told, _ = job.communicate(timeout=120)
    assert job.returncode == 0
    assert told == "time is up: job 1234 is queued again\n"
    assert (slurm / "scontrol.txt").read_text() == "requeue 1234\n"


def test_slurm_script_fails_with_the_training(slurm):
    (slurm / "srun").write_text("#!/bin/bash\nexit 2\n")
    assert subprocess.run(["bash", SBATCH], cwd=slurm, timeout=120).returncode == 2


def test_slurm_script_asks_for_what_the_guide_says():
    asked = dict(re.findall(r"^#SBATCH --([\w-]+)(?:=(.*))?$", SBATCH.read_text(), flags=re.MULTILINE))
    assert asked["signal"] == "B:USR1@120"
    assert "requeue" in asked
    assert asked["ntasks-per-node"] == asked["gpus-per-node"]
    assert (
        int(asked["cpus-per-task"])
        == 1 + yaml.safe_load((SBATCH.parent / "slurm.yaml").read_text())["data"]["num_workers"]
    )
