"""The sizes that docs/architecture.md promises; what imports what is the linter's (`make lint`)."""

from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 350
"""Lines."""
LARGEST_FOLDER = 24
"""Files."""
FOLDERS = ("hdrgen", "tests", "benchmarks")


def files_in(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_is_long(folder):
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in files_in(folder)
        if path.suffix == ".py"
    }
    assert lengths
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_folder_is_crowded(folder):
    counts = Counter(path.parent.relative_to(ROOT).as_posix() for path in files_in(folder))
    assert {path: count for path, count in counts.items() if count > LARGEST_FOLDER} == {}
