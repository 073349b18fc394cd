"""What several rooms' tests share."""

import collections
import functools
import gc
import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torchmetrics  # noqa: F401 (before colour, whose stand-in for matplotlib it cannot be imported beside)
from hypothesis import settings

from hdrgen.errors import InputError, InputWarning
from hdrgen.lazy import uncollected

settings.register_profile("untimed", deadline=None)  # a machine that is busy with other things fails no test
settings.load_profile("untimed")

FIRST_SEED = 1_000_000  # the tests' own generators are seeded with 0, 1, 2, ...: shared numbers would be theirs again
LONGEST = (
    "tests/cli/test_every_config.py",
    "tests/exporting/",
    "tests/methods/test_every_method.py",
    "tests/ddp/",
    "tests/test_notebooks.py",
    "tests/cli/faults/",
    "tests/commands/test_quickstart.py",
    "tests/across/test_light_install.py",
    "tests/test_adding.py",
    "tests/methods/test_resuming.py",
    "tests/methods/test_kinds.py",
)
"""Files and folders of the tests that take longest, where several processes share them."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--seeds 200`: whether tests hold by more than luck. `--device cpu`: those for a GPU run. `--whole-notebooks`."""
    parser.addoption("--device", help="where tests marked gpu compute (default: a GPU, and without one not at all)")
    parser.addoption("--seeds", type=int, default=1, help="run every test under this many seeds (default: 1)")
    parser.addoption("--whole-notebooks", action="store_true", help="run the notebooks at their full numbers")


def pytest_configure(config: pytest.Config) -> None:
    """Keep colour's warning at import from the controller of pytest-xdist.

    The controller would import colour to read it, which leaves a stand-in for matplotlib behind that Lightning's own
    warnings then fail on, and the whole run with them.
    """
    config.addinivalue_line("filterwarnings", "ignore:.*related API features are not available")
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False  # the order is that of `pytest_collection_modifyitems`


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among modules and tests: they are there to stay."""
    with uncollected():
        collected = yield
    gc.freeze()
    return collected


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process is left alone with it: `LONGEST`, then files of many tests."""
    if not hasattr(config, "workerinput"):
        return
    files = [item.nodeid.partition("::")[0] for item in items]
    count = collections.Counter(files)
    rank = {file: next((i for i, long in enumerate(LONGEST) if file.startswith(long)), len(LONGEST)) for file in count}
    order = {file: (rank[file], -count[file], file) for file in count}
    items.sort(key=lambda item: order[item.nodeid.partition("::")[0]])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each seed beyond the first."""
    count = metafunc.config.getoption("seeds")
    if count > 1:
        metafunc.parametrize("seeded", range(FIRST_SEED, FIRST_SEED + count), indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> None:
    """Seed for each fixture that tests share: it is made before `seeded`, by whichever of them asks first."""
    if fixturedef.scope != "function":
        _seed(FIRST_SEED)


@pytest.fixture(autouse=True, scope="session")
def no_power_cuts() -> Iterator[None]:
    """Wait for no disk: the thousands of files that the tests write need not outlive the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def no_weights_of_the_users_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whose names would be other ones on each machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HDRGEN_WEIGHTS", str(tmp_path_factory.mktemp("weights")))
        yield


@pytest.fixture(autouse=True)
def seeded(request: pytest.FixtureRequest) -> None:
    """Seed the generators that all share: a test draws the same numbers wherever and in whatever company it runs."""
    _seed(getattr(request, "param", FIRST_SEED))


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of local research data beside the checkout; nothing in it is needed to pass."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip(f"local research data not found at {folder}")
    return folder


@pytest.fixture(autouse=True, scope="session")
def every_message_is_a_line() -> Iterator[None]:
    """What the user is told, in whichever test: one line of text, and the argument that it says to pass."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in (InputError, InputWarning):
            patch.setattr(kind, "__init__", _checked(kind.__init__))
        yield


def _checked(init: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(init)
    def checked(self: Exception, message: str, argument: str | None = None) -> None:
        assert isinstance(message, str), message
        assert message.strip(), "an empty message"
        # Of an error in a process that loads data, torch makes another with the traceback in it; and the command line
        # escapes what odd names of files hold.
        odd = message.startswith("Caught ") or "test_odd_names" in os.environ.get("PYTEST_CURRENT_TEST", "")
        assert odd or len(message.splitlines()) == 1, message
        passed = re.search(r"\bpass ([a-z_]+)=", message)
        assert odd or not passed or (argument or "").rpartition(".")[2] == passed[1], (message, argument)
        init(self, message, argument)

    return checked
