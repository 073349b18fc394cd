"""The example of docs/sweeps.md does what the page says, where Optuna is installed."""

import re
from pathlib import Path

import pytest

from tests.pages import ROOT

SMALLER = {
    "max_steps=2000": "max_steps=2",
    "n_trials=20": "n_trials=2",
    "count=256": "count=8",
    "count=16": "count=1",
    "[4, 8, 16]": "[2, 4]",
}


def test_the_example_runs_its_trials_and_goes_on(tmp_path, monkeypatch, capsys):
    pytest.importorskip("optuna", reason="of the extra `test`")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs/sweeps.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for text, smaller in SMALLER.items():
        assert text in code
        code = code.replace(text, smaller)
    exec(compile(code, "sweep.py", "exec"), {"__name__": "sweep"})
    assert re.search(r"best: \{'rate': .*\}, \d+\.\d\d dB, in sweep/trial_[01]", capsys.readouterr().out)
    assert len(list(Path("sweep").glob("trial_*/validation/metrics.json"))) == 2
