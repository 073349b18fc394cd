"""`hdrgen pairs` on an empty copy of DrTMO's layout."""

import csv
from pathlib import Path

import pytest

from hdrgen.cli.main import main
from hdrgen.data.datasets.drtmo import LETTERS


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for scene in ("0001", "0002"):
        folder = tmp_path / "drtmo/training_data/Train/Bracketed_images" / scene
        folder.mkdir(parents=True)
        for letter in LETTERS:
            (folder / f"{letter}.png").touch()
    return tmp_path / "drtmo"


@pytest.mark.parametrize(("flags", "count"), [([], 36), (["--identity"], 45)])
def test_pairs(flags, count, root, capsys):
    assert main(["pairs", str(root), "-o", "lists/pairs.csv", *flags]) == 0
    rows = list(csv.DictReader(Path("lists/pairs.csv").read_text().splitlines()))
    assert len(rows) == 2 * count
    assert capsys.readouterr().out == f"lists/pairs.csv: {2 * count} pairs\n"


def test_pairs_replaces_nothing_unasked(root, capsys):
    Path("pairs.csv").write_text("precious")
    assert main(["pairs", str(root)]) == 2
    assert Path("pairs.csv").read_text() == "precious"
    assert "--overwrite" in capsys.readouterr().err
    assert main(["pairs", str(root), "--overwrite"]) == 0


def test_folder_without_stacks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["pairs", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.startswith("hdrgen: error:")
    assert list(tmp_path.iterdir()) == []
