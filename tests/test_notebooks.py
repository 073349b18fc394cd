"""The notebooks run from beginning to end, quickly, and are committed without results."""

import re
import resource
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs the extra: pip install 'hdrgen[notebooks]'")
nbclient = pytest.importorskip("nbclient", reason="needs the extra: pip install 'hdrgen[notebooks]'")
pytest.importorskip("ipykernel", reason="needs the extra: pip install 'hdrgen[notebooks]'")
pytest.importorskip("matplotlib", reason="needs the extra: pip install 'hdrgen[notebooks]'")

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
BUDGET = 120.0
"""CPU seconds: what two cores do in the minute that a notebook may take."""
SHORTENED = {
    "01_exposure_stack": {"count=1, size=256": "count=1, size=128"},
    "02_one_photograph_to_hdr": {
        "STEPS = 60": "STEPS = 6",
        "count=4, size=96": "count=2, size=48",
        "count=1, size=192": "count=1, size=96",
    },
    "03_methods_and_protocols": {"count=3, size=128": "count=2, size=64"},
    "04_your_data_and_method": {"max_steps=120": "max_steps=10", "count=16, size=96": "count=16, size=48"},
    "05_photograph_to_ultra_hdr": {
        "PHOTOGRAPH = example_photograph()": "PHOTOGRAPH = hdrgen.write(folder / 'photo.jpg',"
        " hdrgen.read(example_photograph()).as_float()[::4, ::4])",
    },
    "06_judging_results_honestly": {
        "count=24, size=96": "count=4, size=48",
        "powers = [0.8, 0.9, 0.95, 1.05, 1.1, 1.2]": "powers = [0.8, 1.1]",
    },
}
"""Numbers of the notebooks, and those with which the tests run every cell unless `--whole-notebooks` is given."""


def read(path: Path):
    return nbformat.read(path, as_version=4)


def cpu_seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def shorten(notebook, numbers: dict[str, str]) -> None:
    """Put other numbers in place of those of a notebook; each must stand in it once."""
    for number, less in numbers.items():
        (cell,) = (cell for cell in notebook.cells if number in cell.source)
        cell.source = cell.source.replace(number, less)


def test_all_are_there():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


@every_notebook
def test_committed_without_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert notebook.metadata.keys() <= {"kernelspec", "language_info"}
    assert "/work" not in path.read_text(encoding="utf-8")


@every_notebook
def test_explains_itself_before_it_runs(path):
    first, *others = read(path).cells
    assert first.cell_type == "markdown"
    assert first.source.startswith(f"# {int(path.stem[:2])} ·")
    assert "pip install -e '.[notebooks]'" in first.source
    picture = f"../docs/images/notebooks/{path.stem[:2]}.jpg"
    assert re.fullmatch(rf"!\[.+\]\({picture}\)", first.source.splitlines()[2]), "a picture of where it ends"
    assert 5_000 < (FOLDER / picture).stat().st_size < 100_000
    assert sum(cell.cell_type == "markdown" for cell in others) >= 4


@pytest.mark.slow
@pytest.mark.timeout(600)
@every_notebook
def test_runs(path, tmp_path, monkeypatch, request):
    """In an empty folder, so that nothing but the package is needed; errors in a cell fail the test."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook, before = read(path), cpu_seconds_of_children()
    if not request.config.getoption("whole_notebooks"):
        shorten(notebook, SHORTENED.get(path.stem, {}))
    client = nbclient.NotebookClient(
        notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    assert cpu_seconds_of_children() - before < BUDGET
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    # What a student would take for an error: warnings and the like. Lightning says how it runs and why it ended.
    said = [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert all(text.strip().startswith(("GPU available", "`Trainer.fit` stopped")) for text in said), said
