"""Every command of the documentation, in the order in which a reader comes to it: run, or read to its end."""

import contextlib
import importlib
import io
import os
from itertools import pairwise
from pathlib import Path

import pytest

from hdrgen.cli import results_folder, value_of
from hdrgen.cli.main import main
from hdrgen.methods import HDRModule
from hdrgen.weights import find_weights
from tests.guides import world
from tests.guides.reading import options_are_there, read, read_program, what_is_wrong
from tests.guides.shell import Typed, mentioned_on, pages_in_order, typed_on
from tests.guides.table import ELSEWHERE, MADE, READ, fits, with_less_to_do
from tests.pages import ROOT
from tests.test_names_in_docs import NOT_OURS

PAGES = pages_in_order()
TYPED = {page: typed_on(page) for page in PAGES}
PROGRAMS = {"git", "cd", "make", "pip", "docker", "conda", "jupyter"}
"""Other than hdrgen and Python; of those that a cluster starts, what they start is read."""
HDRGEN = {page: [each for each in typed if each.words[0] == "hdrgen"] for page, typed in TYPED.items()}


def is_run(typed: Typed) -> bool:
    """Whether a command of hdrgen is run."""
    named = any(fits(typed.words[1:], pattern) for pattern in READ)
    return not (typed.page in ELSEWHERE or named or typed.abridged)


def of_pages(commands):
    """A parameter for each page that has any, in the order of reading."""
    pages = [page for page in PAGES if any(commands(page))]
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


# -- run -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The one folder in which all commands are typed."""
    folder = tmp_path_factory.mktemp("reader")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        world.furnish(folder)
        yield folder


@pytest.fixture(scope="module")
def typed_before():
    """What was typed on an earlier page need not be typed again."""
    return set[tuple[str, ...]]()


def as_the_shell_gives_it(words):
    """Patterns replaced by the files that they match, in a list."""
    matches = [sorted(map(str, Path().glob(word))) if "*" in word else [] for word in words]
    return [
        each
        for word, found in zip(words, matches, strict=True)
        for each in found or [word.replace("~/", f"{os.environ['HOME']}/")]
    ]


@of_pages(lambda page: filter(is_run, HDRGEN[page]))
def test_the_commands_of_a_page_run_after_those_of_all_pages_before(page, folder, typed_before):
    """In one folder, as they are printed, with less to do: none is in the way of another."""
    for typed in filter(is_run, HDRGEN[page]):
        if typed.words not in typed_before:
            run(typed)
        typed_before.add(typed.words)
    name = page.relative_to(ROOT).as_posix()
    assert [file for file in MADE.get(name, ()) if not Path(file).exists()] == []


def run(typed: Typed) -> None:
    told, errors = io.StringIO(), io.StringIO()
    world.prepare(typed.words[1:])
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(errors):
        status = main(with_less_to_do(as_the_shell_gives_it(typed.words[1:])))
    assert status == 0, f"{typed.line}: {errors.getvalue()}"
    if typed.output:
        Path(typed.output).write_text(told.getvalue())


# -- read ----------------------------------------------------------------------------------------------------------


@of_pages(lambda page: (each for each in HDRGEN[page] if not is_run(each) and page not in ELSEWHERE))
def test_the_other_commands_of_a_page_can_be_read_to_the_end(page, folder, typed_before):
    """Verb, options, names of configurations, classes and weights are there; values are of their kinds."""
    for typed in HDRGEN[page]:
        words = [word.replace("my_method.Bend", "UnchangedInput") for word in typed.words[1:]]
        if (weights := value_of(words, "--weights")) and not weights.endswith(".ckpt"):
            assert find_weights(weights), typed.line
        same = but_for_names(words)
        if not is_run(typed) and typed.page not in ELSEWHERE and same not in typed_before:
            read(words, method_of(page))
            typed_before.add(same)


def but_for_names(words: list[str]) -> tuple[str, ...]:
    """A command without its weights and its output: a loop over weights by name is read once."""
    return tuple(word for before, word in pairwise(["", *words]) if before not in ("--weights", "-o"))


def method_of(page: Path) -> str | None:
    """The class that a page is about."""
    room = page.parent.relative_to(ROOT)
    if room.parent.as_posix() != "hdrgen/methods":
        return None
    names = vars(importlib.import_module(".".join(room.parts)))
    return next(name for name, each in names.items() if isinstance(each, type) and issubclass(each, HDRModule))


@of_pages(lambda page: (each for each in TYPED[page] if each.words[0] not in ("hdrgen", "export")))
def test_other_programs_are_asked_for_what_is_there(page, folder, monkeypatch):
    for typed in TYPED[page]:
        program, *rest = typed.words
        if program == "python" and rest[:1] == ["-m"] and rest[1] != "pytest":
            with monkeypatch.context() as patch:
                read_program(rest[1], rest[2:], patch)
        elif program in ("torchrun", "docker") and "hdrgen" in rest and rest[-2:] != ["hdrgen", "."]:
            read(rest[rest.index("hdrgen") + 1 :])
        elif program == "sbatch":
            read(["fit", "--config=experiments/slurm.yaml", *rest[rest.index("slurm.sbatch") + 1 :]])
        else:
            assert program in {*PROGRAMS, "hdrgen", "export", "python"}, typed.line
            assert not what_is_wrong(typed.words), typed.line


@of_pages(mentioned_on)
def test_verbs_and_options_that_sentences_name_are_there(page):
    texts = [text for text in mentioned_on(page) if not any(name in text for name in NOT_OURS)]
    assert [text for text in texts if not options_are_there(text.split()[1:])] == []


# -- what the table says -------------------------------------------------------------------------------------------


def test_every_pattern_and_page_of_the_table_is_of_use():
    typed = [each for page in PAGES for each in HDRGEN[page]]
    unused = [pattern for pattern in READ if not any(fits(each.words[1:], pattern) for each in typed)]
    assert unused == []
    assert set(ELSEWHERE) <= {each.page for each in typed}


WRITING = ("expand", "predict", "merge", "tonemap", "view", "export", "crf", "report", "scenes", "test", "leaderboard")


def results_of(verb: str, *arguments: str) -> set[tuple[str, str]]:
    """What a command writes: a file or folder, and of a folder of photographs, which of them."""
    output = value_of(arguments, "-o", "--output")
    if verb in ("expand", "predict") and not (output and Path(output).suffix):
        start = "expanded" if verb == "expand" else "predictions"
        folder = output or results_folder(start, value_of(arguments, "--weights"))
        return {(folder, word) for word in arguments if word.endswith("photo.jpg")}
    unasked = {"view": "view.html", "report": "report.html", "leaderboard": "leaderboard.html"}.get(verb)
    text = verb == "leaderboard" and "--table" in arguments
    return {(output or unasked, "")} if output or (unasked and not text) else set()


def test_no_command_of_any_page_stands_in_the_way_of_another():
    """Results are not replaced unasked: who types the commands of all pages in order would be refused."""
    seen = dict[tuple[str, str], Typed]()
    own_folder = "docs/template/README.md"
    for typed in (each for page in PAGES for each in HDRGEN[page] if each.page != own_folder):
        verb = typed.words[1]
        if verb in WRITING and not {"--overwrite", "--skip-existing"} & {*typed.words}:
            for result in results_of(*typed.words[1:]):
                assert seen.setdefault(result, typed).words == typed.words, (seen[result], typed)
