"""`hdrgen report` on folders from strangers: one line for each odd file, the page of the others, within bounds."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.io import write_image
from tests.reporting.strangers import ODD, SECRET
from tests.reporting.synthetic import SHAPE, made_test, made_training

SECONDS = 5
MEGABYTES = 600
"""Beyond what an ordinary page takes."""
REPORTS = f"""
import contextlib, io, json, resource, sys, time
from hdrgen.cli.main import main
def report(folder, page):
    out, err, start = io.StringIO(), io.StringIO(), time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["report", folder, "-o", page])
    return status, err.getvalue(), time.process_time() - start
report("plain", "plain.html")
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {MEGABYTES} * 2**20,) * 2)
for name in json.load(sys.stdin):
    try:
        told = report(name, name + ".html")
    except BaseException as error:
        told = None, type(error).__name__ + ": " + str(error)[:300], 0
    print(json.dumps([name, *told]), flush=True)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strangers")
    plain = made_training(folder / "plain", {"loss": [2.0, 1.0]})
    (plain / "software.json").write_text("{}")
    made_test(plain / "test")
    (folder / "secret").write_text(SECRET)
    write_image(folder / "secret.hdr", np.ones((*SHAPE, 3), np.float32))
    made_test(folder / "elsewhere")
    for name, (spoil, _) in ODD.items():
        shutil.copytree(plain, folder / name)
        spoil(folder / name)
    return folder


@pytest.fixture(scope="module")
def reports(folder):
    told = subprocess.run(
        [sys.executable, "-c", REPORTS], input=json.dumps(list(ODD)), capture_output=True, text=True, cwd=folder
    )
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    return {name: (status, errors.splitlines(), seconds) for name, status, errors, seconds in lines}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_one_line_and_the_others_a_page(name, folder, reports):
    status, errors, seconds = reports[name]
    assert status == 0, errors
    expected = ODD[name][1]
    assert len(errors) == bool(expected), errors
    assert all(line.startswith("hdrgen: warning: ") and expected in line for line in errors), errors
    assert seconds < SECONDS
    page = (folder / f"{name}.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "psnr" in page or "config.yaml" in page
    assert SECRET not in page
    assert (folder / f"{name}.html").stat().st_size < 30e6


def test_a_run_of_which_nothing_can_be_read_is_an_error(folder, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(folder / "plain" / "test", run)
    (run / "metrics.json").write_text("[" * 10**5)
    assert main(["report", str(run), "-o", str(tmp_path / "page.html")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hdrgen: error: ") and "metrics.json: expected values at most 40 levels deep" in line  # noqa: PT018
    assert not (tmp_path / "page.html").exists()
