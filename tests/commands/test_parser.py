"""The light verbs' complaints: one line, with what may have been meant."""

import pytest

from hdrgen.cli import main


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["methods", "--jsn"], "unrecognized arguments: --jsn; did you mean --json?; see hdrgen methods --help"),
        (["configs", "lst"], "did you mean list?; see hdrgen configs --help"),
        (["configs", "show"], "the following arguments are required: name; see hdrgen configs show --help"),
        (["pairs"], "the following arguments are required: root; see hdrgen pairs --help"),
        (["pairs", ".", "--split", "trian"], "did you mean Train?; see hdrgen pairs --help"),
    ],
)
def test_one_line(typed, told, capsys):
    assert main(typed) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hdrgen: error: ")
    assert line.endswith(told)
