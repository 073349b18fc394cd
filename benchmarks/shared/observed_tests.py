"""Which tests run which lines, each with the seconds that it takes."""

import functools
import importlib
import json
import pkgutil
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from coverage import Coverage

from benchmarks.shared.forks import in_fork

MARKS = "not slow and not ddp and not gpu"


@dataclass(frozen=True)
class Ran:
    """What the tests ran of the unchanged code: for each file and line, the tests; for each test, its seconds."""

    lines: dict[str, dict[str, list[str]]]
    seconds: dict[str, float]

    def tests_of(self, path: str, *places: range) -> set[str]:
        """Those that run lines of the first place, or else of the next, or else any line of the file."""
        file = self.lines.get(path, {})
        for place in places:
            if found := self._among(test for line in place for test in file.get(str(line), [])):
                return found
        return self._among(test for tests in file.values() for test in tests)

    def runs(self, path: str, lines: range) -> bool:
        """Whether any test runs any of these lines; what stands outside functions is run by none."""
        file = self.lines.get(path, {})
        return any(file.get(str(line)) for line in lines)

    def _among(self, contexts: Iterator[str]) -> set[str]:
        """Tests of these names; a file's name, which stands for its fixtures, means all its tests."""
        wanted = set(contexts)
        return {test for test in self.seconds if test in wanted or file_of(test) in wanted}


def kept(path: Path | None) -> Ran | None:
    """What `observe` left in a file, if it is there."""
    return Ran(**json.loads(path.read_text())) if path and path.exists() else None


def observe(tree: Path, rooms: Sequence[str], tests: Sequence[str], keep: Path | None) -> Ran:
    """Run the tests of a tree, and note which of them runs which line of its rooms.

    Two things would hide a line from all tests but the first that needs it, and are undone: a file is executed when it
    is first imported, so all are imported beforehand, and nobody's tests run what stands outside functions; a cached
    function is executed once for each argument, so the caches are emptied before each test.
    """
    found = tree.parent / "ran.json"

    def run() -> int:
        coverage = Coverage(data_file=None, config_file=False, include=[f"{tree}/hdrgen/{room}/*" for room in rooms])
        coverage.start()
        observer = _Observer(coverage, _caches(_imported(tree)))
        status = pytest.main([*tests, "-m", MARKS, "-p", "no:cacheprovider"], plugins=[observer])
        coverage.stop()
        data = coverage.get_data()
        lines = {
            str(Path(file).relative_to(tree)): {
                str(line): [name for name in names if name] for line, names in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        seconds = {test: taken for test, taken in observer.seconds.items() if test not in observer.failed}
        found.write_text(json.dumps({"lines": lines, "seconds": seconds}))
        return int(status)

    start = time.perf_counter()
    log = tree.parent / "log"
    if in_fork(run, tree, log, 3600) > 1:
        sys.exit(f"The tests do not run without any mutant:\n{log.read_text()[-4000:]}")
    for line in log.read_text().splitlines():
        if line.startswith(("FAILED", "ERROR")):
            print(f"left out, since it fails without any mutant: {line.partition(' ')[2]}")
    if keep:
        shutil.copy(found, keep)
    ran = kept(found)
    assert ran is not None
    print(f"{len(ran.seconds)} tests pass in {time.perf_counter() - start:.0f} s", flush=True)
    return ran


def _imported(tree: Path) -> list[ModuleType]:
    """All of the package's modules; those of extras that are not here are left out."""
    names = [found.name for found in pkgutil.walk_packages([str(tree / "hdrgen")], "hdrgen.")]
    modules = []
    for name in names:
        if not name.endswith("__main__"):
            try:
                modules.append(importlib.import_module(name))
            except ImportError as error:
                print(f"not imported: {name}: {error}")
    return modules


def _caches(modules: Sequence[ModuleType]) -> list["functools._lru_cache_wrapper[object]"]:
    """The cached functions and methods of modules."""
    owners = [*modules, *(value for module in modules for value in vars(module).values() if isinstance(value, type))]
    return [
        value
        for owner in owners
        for value in vars(owner).values()
        if isinstance(value, functools._lru_cache_wrapper) and str(value.__module__).startswith("hdrgen.")
    ]


class _Observer:
    """A plugin of pytest that tells coverage the running test, or its file while fixtures are made."""

    def __init__(self, coverage: Coverage, caches: Sequence["functools._lru_cache_wrapper[object]"]) -> None:
        self._coverage = coverage
        self._caches = caches
        self.seconds: Counter[str] = Counter()
        self.failed: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        for cache in self._caches:
            cache.cache_clear()
        self._coverage.switch_context(file_of(item.nodeid))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        self._coverage.switch_context(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if not report.passed:
            self.failed.add(report.nodeid)


def file_of(test: str) -> str:
    """The file of a test, by pytest's name of it."""
    return test.partition("::")[0]
