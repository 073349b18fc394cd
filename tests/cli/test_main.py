"""The front door: quick, forgiving about spelling, one line for bad input."""

import importlib
import io
import json
import os
import subprocess
import sys
import types
import warnings
from pathlib import Path

import pytest

from hdrgen import __version__
from hdrgen.cli import main as cli
from hdrgen.errors import InputError, InputWarning

HEAVY = ["torch", "pytorch_lightning", "kornia", "torchmetrics", "wandb", "numpy", "cv2", "scipy", "OpenImageIO"]
LIGHT_VERBS = [verb for verb, entry in cli.VERBS.items() if entry.module.startswith("hdrgen.commands")]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=180, env={**os.environ, **environment}
    )


def verb_that(monkeypatch, action) -> None:
    """Put a verb `act` into the table that does `action`."""
    module = types.ModuleType("acting")
    module.run = lambda verb, arguments: action()
    monkeypatch.setitem(sys.modules, "acting", module)
    monkeypatch.setitem(cli.VERBS, "act", cli.Verb("acting", "acts"))


def fail_with(error: BaseException):
    def action() -> None:
        raise error

    return action


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([verb, "--help"] for verb in LIGHT_VERBS)])
def test_help_imports_nothing_heavy(arguments):
    code = f"import json, sys; from hdrgen.cli.main import main; status = main({arguments!r})"
    done = python(f"{code}; print(); print(json.dumps([status, [m for m in {HEAVY!r} if m in sys.modules]]))")
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []], done.stderr
    assert len(done.stdout.splitlines()) > 1


def test_front_door_imports_only_the_standard_library():
    listed = "{m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names"
    code = f"import sys; import hdrgen.cli.main; print({listed})"
    names = set(python(code).stdout.strip("{}\n").replace("'", "").split(", "))
    assert {name for name in names if not name.startswith(("_", "hdrgen", "sitecustomize"))} == set()


def test_module_and_version():
    done = subprocess.run([sys.executable, "-m", "hdrgen", "--version"], capture_output=True, text=True, timeout=180)
    assert (done.returncode, done.stdout.strip()) == (0, f"hdrgen {__version__}")


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_help_names_every_verb(arguments, capsys):
    assert cli.main(arguments) == 0
    shown = capsys.readouterr().out
    assert all(verb in shown and entry.help in shown for verb, entry in cli.VERBS.items())


@pytest.mark.parametrize("verb", LIGHT_VERBS)
def test_verb_can_run(verb):
    assert callable(importlib.import_module(cli.VERBS[verb].module).run)


@pytest.mark.parametrize(("typed", "meant"), [("ftt", "fit"), ("Predict", "predict"), ("metods", "methods")])
def test_misspelt_verb(typed, meant, capsys):
    assert cli.main([typed]) == 2
    assert f"did you mean {meant}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InputError("expected a cat,\n  found a dog"), "hdrgen: error: expected a cat, found a dog\n"),
        (
            FileNotFoundError(2, "No such file or directory", "cat.jpg"),
            "hdrgen: error: cat.jpg: No such file or directory\n",
        ),
        (IsADirectoryError(21, "Is a directory", "cats"), "hdrgen: error: cats: Is a directory\n"),
        (PermissionError(13, "Permission denied", "cat"), "hdrgen: error: cat: Permission denied\n"),
    ],
)
def test_bad_input_is_one_line(error, told, monkeypatch, capsys):
    verb_that(monkeypatch, fail_with(error))
    assert cli.main(["act"]) == 2
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("error", [ZeroDivisionError(), OSError("without a file")])
def test_mistakes_of_ours_keep_their_traceback(error, monkeypatch):
    verb_that(monkeypatch, fail_with(error))
    with pytest.raises(type(error)):
        cli.main(["act"])


def test_traceback_on_request(monkeypatch):
    verb_that(monkeypatch, fail_with(InputError("found a dog")))
    monkeypatch.setenv(cli.TRACEBACK, "1")
    with pytest.raises(InputError):
        cli.main(["act"])


def test_interrupt(monkeypatch, capsys):
    verb_that(monkeypatch, fail_with(KeyboardInterrupt()))
    assert cli.main(["act"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("code", "status"), [(0, 0), (None, 0), (3, 3), ("a message", 1)])
def test_exit_status_of_parsers(code, status, monkeypatch):
    verb_that(monkeypatch, fail_with(SystemExit(code)))
    assert cli.main(["act"]) == status


def test_closed_pipe_is_quiet():
    code = "import sys; from hdrgen.cli.main import main; sys.exit(main(['--help']))"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=180)
    os.close(writer)
    assert (done.returncode, done.stderr) == (cli.BROKEN_PIPE, "")


def test_a_line_is_written_in_one_piece(monkeypatch):
    """Two processes that found the same wrote `hdrgen: error:hdrgen: error: out/p0 holds results` into one pipe."""

    class Pieces(io.StringIO):
        def write(self, text):
            pieces.append(text)
            return len(text)

    pieces = []

    def warn_and_fail():
        warnings.warn(InputWarning("left out: a"), stacklevel=2)
        raise InputError("no b")

    verb_that(monkeypatch, warn_and_fail)
    monkeypatch.setattr("sys.stderr", Pieces())
    assert cli.main(["act"]) == 2
    assert [*filter(None, pieces)] == ["hdrgen: warning: left out: a\n", "hdrgen: error: no b\n"]


LARGE_PAGES_GOT = """
import re, sys
from pathlib import Path

from hdrgen.cli import main as door

class Module:
    def run(verb, rest):
        import torch
        kept = torch.ones(2**24)
        pages = Path("/proc/self/smaps_rollup").read_text()
        print(re.search("AnonHugePages: *([0-9]+) kB", pages)[1])
door.importlib.import_module = lambda name: Module
sys.exit(door.main([sys.argv[1]]))
"""
SYSTEM = Path("/sys/kernel/mm/transparent_hugepage/enabled")


ASKED = SYSTEM.exists() and "[madvise]" in SYSTEM.read_text()


@pytest.mark.skipif(not ASKED, reason="needs a Linux that gives large pages to those who ask, and to nobody else")
@pytest.mark.parametrize(("verb", "mebibytes"), [("predict", 64), ("fit", 0)])
def test_tensors_of_a_photograph_lie_in_large_pages(verb, mebibytes):
    environment = {k: v for k, v in os.environ.items() if k != cli.LARGE_PAGES}
    command = [sys.executable, "-c", LARGE_PAGES_GOT, verb]
    got = subprocess.run(command, capture_output=True, text=True, timeout=180, env=environment, check=True)
    assert int(got.stdout) // 1024 in range(mebibytes * 3 // 4, mebibytes + 8)


def test_large_pages_stay_as_the_user_wants_them(monkeypatch):
    monkeypatch.setenv(cli.LARGE_PAGES, "0")
    verb_that(monkeypatch, lambda: None)
    assert cli.main(["act"]) == 0
    assert os.environ[cli.LARGE_PAGES] == "0"
