"""Warnings through `main`: one line each, without Python's source lines."""

import warnings

import pytest

from hdrgen.cli.main import main
from tests.cli.test_main import verb_that


def warn_with(message: str, category: type[Warning] = UserWarning):
    return lambda: warnings.warn(message, category, stacklevel=1)


def test_a_warning_is_one_line(monkeypatch, capsys):
    verb_that(monkeypatch, warn_with("a.png: alpha\n  dropped"))
    assert main(["act"]) == 0
    assert capsys.readouterr().err == "hdrgen: warning: a.png: alpha dropped\n"


@pytest.mark.parametrize("category", [DeprecationWarning, PendingDeprecationWarning, FutureWarning])
def test_what_programmers_should_know_is_left_out(category, monkeypatch, capsys):
    monkeypatch.setattr("sys.warnoptions", [])
    verb_that(monkeypatch, warn_with("soon gone", category))
    assert main(["act"]) == 0
    assert capsys.readouterr().err == ""


def test_unless_somebody_asks_for_it(monkeypatch, capsys):
    monkeypatch.setattr("sys.warnoptions", ["always"])
    verb_that(monkeypatch, warn_with("soon gone", FutureWarning))
    assert main(["act"]) == 0
    assert capsys.readouterr().err == "hdrgen: warning: soon gone\n"


def test_python_has_its_own_way_back(monkeypatch):
    shown = warnings.showwarning
    verb_that(monkeypatch, warn_with("here"))
    main(["act"])
    assert warnings.showwarning is shown


def test_above_a_progress_bar(monkeypatch, capsys):
    import sys

    from tqdm import tqdm

    with tqdm(total=3, file=sys.stdout) as bar:
        verb_that(monkeypatch, warn_with("above"))
        assert main(["act"]) == 0
        bar.update()
    assert capsys.readouterr().err == "hdrgen: warning: above\n"
