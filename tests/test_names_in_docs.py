"""Files and dotted names that pages and docstrings mention are there."""

import importlib
import json
import operator
import re
from pathlib import Path

import pytest

from tests.pages import PAGES, ROOT

NOT_OURS = (
    "my_",
    "sweep.py",
    "corrected_gain",
    "wrong_pixels",
    "WrongPixels",
    "power_law",
    "flat_folder",
    "config.yaml",
)
"""What an example tells the reader to make, and the file that a run leaves behind."""
FOLDERS = "hdrgen|docs|tests|benchmarks|experiments|notebooks"


def names_in(text: str) -> set[str]:
    """Dotted names of the package, of its tests and benchmarks."""
    found = re.findall(r"(?<![\w/.-])((?:hdrgen|benchmarks|tests)(?:\.\w+)+)\b(?!/)", text)
    return {name for name in found if not any(word in name for word in NOT_OURS)}


def files_in(text: str) -> set[str]:
    """Paths from the top of the repository, and files in backticks, which may be named from their room on."""
    found = set(re.findall(rf"(?<![\w/.-])((?:{FOLDERS})/[\w./-]*[\w/])(?![\w{{*<])", text))
    found |= set(re.findall(r"`([\w/]+\.(?:py|yaml))`", text))
    return {name for name in found if not any(word in name for word in NOT_OURS)}


def named_tests(text: str) -> set[str]:
    """Tests as pytest names them: file, class where there is one, and function."""
    return set(re.findall(r"tests/[\w/]+\.py(?:::\w+)+", text))


def is_a_test(name: str) -> bool:
    """Whether the file has a function of that name, in a class of that name."""
    file, *names = name.split("::")
    text = (ROOT / file).read_text(encoding="utf-8") if (ROOT / file).is_file() else ""
    found = [re.search(rf"^( *)(?:class|def) {each}\b", text, re.MULTILINE) for each in names]
    return all(found) and [bool(each[1]) for each in found] == [False, True][: len(names)]


def is_defined(name: str) -> bool:
    """Whether a dotted name is that of a module, or of something in one."""
    parts = name.split(".")
    if ROOT.joinpath(*parts).with_suffix(".py").is_file():
        return True  # not imported: it may need an extra that is not here, as benchmarks.mutants does
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        try:
            return operator.attrgetter(".".join(parts[count:]))(found) is not None if parts[count:] else True
        except AttributeError:
            return False
    return False


def is_there(name: str, page: Path) -> bool:
    places = (ROOT / name, ROOT / "hdrgen" / name, page.parent / name)
    anywhere = [f"{folder}/**/{name}" for folder in ("hdrgen", "experiments", "tests")] if "/" not in name else []
    return any(place.exists() for place in places) or any(any(ROOT.glob(pattern)) for pattern in anywhere)


def whole_text_of(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page):
    """Modules and files that moved are named by where they are now; the examples to copy from are there."""
    text = whole_text_of(page)
    assert [name for name in sorted(names_in(text)) if not is_defined(name)] == []
    assert [name for name in sorted(files_in(text)) if not is_there(name, page)] == []
    assert [name for name in sorted(named_tests(text)) if not is_a_test(name)] == []


def test_a_test_that_is_named_is_looked_for_where_it_is_said_to_be():
    here, there = "tests/test_names_in_docs.py", "tests/bracket/test_agreement.py"
    wrong = f"{here}::test_of_old, {here}::TestNames::test_what_a_page_names_is_there, tests/gone.py::test_a"
    right = f"`{here}::test_what_a_page_names_is_there` {there}::TestMotion::test_a_wrong_exposure_is_no_motion."
    assert [is_a_test(name) for name in sorted(named_tests(wrong))] == [False] * 3
    assert [is_a_test(name) for name in sorted(named_tests(right))] == [True] * 2


def test_what_docstrings_name_is_there():
    """In backticks: other dotted names, such as those of options, only look like modules."""
    wrong = {}
    for path in sorted(ROOT.glob("hdrgen/**/*.py")):
        quoted = re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8"))
        missing = [name for text in quoted for name in names_in(text) if not is_defined(name)]
        if missing:
            wrong[str(path.relative_to(ROOT))] = missing
    assert wrong == {}
