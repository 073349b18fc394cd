"""docs/datasets.md tells about every data set, and its commands name arguments that exist."""

import inspect
import re
from pathlib import Path

import pytest

from hdrgen import data

PAGE = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text(encoding="utf-8")
FOR_PREDICTION = {"Brackets", "Photographs"}
NAMES = [
    name
    for name in data.__all__
    if inspect.isclass(getattr(data, name))
    and issubclass(getattr(data, name), data.StackDataset)
    and not inspect.isabstract(getattr(data, name))
    and name not in FOR_PREDICTION
]


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_stands_in_the_table(name):
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    assert any(f"`{name}`" in row for row in rows)


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_of_a_data_set_is_explained(name):
    text = inspect.getdoc(getattr(data, name))
    for argument in list(inspect.signature(getattr(data, name)).parameters):
        assert re.search(rf"^ +{argument}: ", text, re.MULTILINE), argument


def test_arguments_on_the_page_exist():
    known = {argument for name in NAMES for argument in inspect.signature(getattr(data, name)).parameters}
    used = set(re.findall(r"--data\.(?:train|val|test)\.(\w+)", PAGE))
    assert used <= known
    assert {"split", "scenes", "only", "root"} <= used
