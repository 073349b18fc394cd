"""`hdrgen test` of several networks: one training with several seeds, tested one after the other and put together."""

import csv
import json
from pathlib import Path
from statistics import fmean

import pytest

from hdrgen.cli.main import main
from tests.checkpoint_files import write_checkpoint
from tests.cli.toy_runs import CPU, error_of
from tests.toys import ToyMethod

TEST = ["test", "--data.test=ToyScenes", *CPU, "--evaluation=quick", "--grid.scenes=0", "--extremes.count=0"]


@pytest.fixture
def seeds(tmp_path, monkeypatch) -> list[str]:
    """Checkpoints of two trainings, as a shell writes out `runs/*/checkpoints/last.ckpt`."""
    monkeypatch.chdir(tmp_path)
    for at, strength in enumerate((0.5, 0.9)):
        method = ToyMethod()
        method.weight.data.fill_(strength)
        path = Path(f"runs/version_{at}/checkpoints/last.ckpt")
        path.parent.mkdir(parents=True)
        write_checkpoint(method, path)
    return [f"runs/version_{at}/checkpoints/last.ckpt" for at in (0, 1)]


def mean_psnr(folder: str) -> float:
    return json.loads(Path(folder, "metrics.json").read_text())["means"]["psnr"]["mean"]


def test_each_is_tested_and_the_means_over_seeds_are_printed(seeds, capsys):
    assert main([*TEST, "--ckpt_path", *seeds, "-o", "results", "--table", "csv"]) == 0
    alone = [mean_psnr(f"results/version_{at}_last") for at in (0, 1)]
    assert alone[0] < alone[1]
    assert json.loads(Path("results/seeds.json").read_text()) == {
        f"version_{at}_last": seed for at, seed in enumerate(seeds)
    }
    printed = capsys.readouterr().out
    rows = list(csv.DictReader(printed[printed.index("protocol,data") :].splitlines()))
    (row,) = (row for row in rows if row["metric"] == "psnr")
    assert (row["method"], row["seeds"], row["scenes"]) == ("ToyMethod", "2", "4")
    assert float(row["mean"]) == pytest.approx(fmean(alone))
    error = error_of([*TEST, "--ckpt_path", *seeds, "-o", "results"], capsys)
    assert "results/version_0_last/metrics.csv exists already; pass --overwrite" in error


def test_several_need_a_folder(seeds, capsys):
    assert "of 2 networks; pass -o FOLDER" in error_of([*TEST, "--ckpt_path", *seeds], capsys)


def test_a_table_of_one_network_in_latex_and_what_stands_aside(seeds, capsys):
    one = ["--ckpt_path", seeds[0], "--data.test.count=1", "--evaluation=hdrgan2021"]
    assert main([*TEST, *one, "-o", "one", "--table", "latex"]) == 0
    printed = capsys.readouterr().out
    assert r"\begin{tabular}{lrr}" in printed
    assert r"psnr\_mu & " in printed
    assert "c\\_max" not in printed
    assert "hdr_vdp2_c_max" in Path("one/metrics.csv").read_text()
    assert main([*TEST, *one, "-o", "every", "--table", "markdown", "--table.every", "true"]) == 0
    assert "| hdr_vdp2_c_max | " in capsys.readouterr().out
