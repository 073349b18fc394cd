"""The front door: `hdrgen VERB ...`.

Nothing but the standard library is imported here, so that `hdrgen --help` answers at once; each verb imports its own
module when it is called.
"""

import errno
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from hdrgen.cli.warnings_ import one_line_warnings, say_at_once
from hdrgen.errors import InputError, of_an_extra
from hdrgen.lazy import uncollected
from hdrgen.signals import advice, cause, terminable, was_terminated
from hdrgen.text_table import printable
from hdrgen.version import __version__

INTERRUPTED = 130
"""Exit status after Ctrl-C: 128 + SIGINT, as shells have it."""
BROKEN_PIPE = 141
"""Exit status when the reader of a pipe went away: 128 + SIGPIPE."""
TERMINATED = 143
"""Exit status after SIGTERM: 128 + SIGTERM. No preempted job may look finished."""
BAD_INPUT = 2
COMPLETION = "--print-completion"
"""Option that prints what a shell needs to complete verbs and options."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What writing to a full disk raises, without the name of the file."""
TRACEBACK = "HDRGEN_TRACEBACK"
"""Environment variable that shows the traceback of an error in the input."""
LARGE_PAGES = "THP_MEM_ALLOC_ENABLE"
"""Environment variable by which torch asks Linux for its tensors' memory in large pages."""


class Verb(NamedTuple):
    """A command: the module whose `run(verb, arguments)` does it, its line of help, and which extra it needs."""

    module: str
    help: str
    extra: str = ""


VERBS = {
    "quickstart": Verb(
        "hdrgen.commands.quickstart", "a photograph to HDR, then a small network from training to use", "train"
    ),
    "fit": Verb("hdrgen.cli.lightning", "train a method", "train"),
    "validate": Verb("hdrgen.cli.lightning", "score a method on the validation scenes", "train"),
    "test": Verb("hdrgen.cli.lightning", "score a method on the test scenes and write the table", "train"),
    "predict": Verb("hdrgen.cli.lightning", "make exposures and HDR images of photographs", "train"),
    "expand": Verb("hdrgen.commands.expand", "make HDR images of single photographs with a trained method", "train"),
    "compare": Verb("hdrgen.commands.compare", "measure how far images are from their truth", "train"),
    "info": Verb("hdrgen.commands.info", "what photographs say of their exposure, clipping and overlap"),
    "merge": Verb("hdrgen.commands.merge", "merge exposures of a scene to one HDR image"),
    "crf": Verb("hdrgen.commands.crf", "estimate a camera's response, plot it and save it"),
    "expose": Verb("hdrgen.commands.expose", "make an exposure stack of an HDR image"),
    "tonemap": Verb("hdrgen.commands.tonemap", "make pictures of HDR images"),
    "view": Verb("hdrgen.commands.view", "write one HTML page to look at HDR images, and to compare them"),
    "pack": Verb("hdrgen.commands.pack", "write a data set into shards, to train from object storage", "train"),
    "scenes": Verb("hdrgen.commands.scenes", "write the inputs of a test, for programs that are not hdrgen", "train"),
    "report": Verb("hdrgen.commands.report", "write one HTML page about runs: tables, curves, scenes to look at"),
    "leaderboard": Verb("hdrgen.commands.leaderboard", "rank many results: one page, or a table for a paper"),
    "export": Verb(
        "hdrgen.commands.export", "write a trained method for other programs: weights, PyTorch, ONNX", "train"
    ),
    "weights": Verb("hdrgen.commands.weights", "list trained weights by name, or print what is known of one"),
    "methods": Verb("hdrgen.commands.methods", "list the methods"),
    "metrics": Verb("hdrgen.commands.metrics", "list the metrics"),
    "configs": Verb("hdrgen.commands.configs", "list or print the packaged configurations"),
    "doctor": Verb(
        "hdrgen.commands.doctor", "what is installed and what is missing for which verb, for reports of bugs"
    ),
    "cache": Verb("hdrgen.commands.cache", "what a folder of decoded images holds, and the way to clear it", "train"),
    "pairs": Verb("hdrgen.commands.pairs", "write the list of training pairs of a DrTMO data set", "train"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What follows `hdrgen` on the command line; None takes it from there.

    Returns:
        The exit status: 0, 2 for bad input (one line on stderr says what), 130 after an interrupt, 143 after SIGTERM.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    words = _words_of(given[0] if given else "")
    try:
        _print_anything()
        with terminable(), one_line_warnings(words):
            _dispatch(given)
            sys.stdout.flush()
    except BaseException as error:
        return _status_of(cause() or error, words)
    return 0


def _print_anything() -> None:
    """A name of a file that the terminal or the pipe cannot show is printed with escapes, and ends nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors != "backslashreplace":
            stream.reconfigure(errors="backslashreplace")


def _status_of(error: BaseException, words: Callable[[str, str | None], str]) -> int:
    """Say in one line what ended the command; what nobody foresaw is raised again."""
    if was_terminated():  # first: a library that is stopped in the middle may raise anything
        return _stopped("terminated", words, TERMINATED)
    if isinstance(error, KeyboardInterrupt):
        return _stopped("interrupted", words, INTERRUPTED)
    if isinstance(error, InputError):
        return _complain(error, words(str(error), error.argument))
    if (told := of_an_extra(error)) is not None:
        return _complain(error, str(told))
    if isinstance(error, BrokenPipeError):
        # Python flushes stdout once more on exit, which would complain about the same pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    if isinstance(error, OSError) and error.strerror and (error.filename or error.errno in _FULL):
        return _complain(error, f"{error.filename or 'a file'}: {error.strerror}")
    if isinstance(error, MemoryError) or _of_allocator(error):
        found = "more than the memory that is free, or that this process may take"
        return _complain(error, f"expected to fit into memory, found {found}; end other programs, or reduce the input")
    if isinstance(error, SystemExit):  # argparse ends --help and usage errors this way
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    raise error


def _of_allocator(error: BaseException) -> bool:
    """Whether torch got no memory: an error of its own on a GPU, elsewhere one by its text."""
    return type(error).__name__ == "OutOfMemoryError" or (
        isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
    )


def usage() -> str:
    """The text of `hdrgen --help`."""
    verbs = "\n".join(f"  {name:<12}{verb.help}" for name, verb in VERBS.items())
    return f"""usage: hdrgen [--help] [--version] [--print-completion bash|zsh|fish] VERB ...

High dynamic range images from learned exposure stacks.

verbs:
{verbs}

`hdrgen VERB --help` explains one verb. To begin with:
  hdrgen quickstart
  hdrgen expand photo.jpg
  hdrgen fit --config multi_exposure_small

{TRACEBACK}=1 in the environment shows where an error came from."""


def _dispatch(arguments: list[str]) -> None:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
    elif arguments[0] in ("-V", "--version"):
        print(f"hdrgen {__version__}")
    elif arguments[0].partition("=")[0] == COMPLETION:
        _print_completion(arguments)
    elif arguments[0] in VERBS:
        verb, *rest = arguments
        _ask_for_large_pages(verb)
        with uncollected():
            module = importlib.import_module(VERBS[verb].module)
        module.run(verb, rest)
    else:
        raise _unknown(arguments[0])


def _ask_for_large_pages(verb: str) -> None:
    """Spare the system the clearing of memory in small pages, up to a fifth of the time of a network on a photograph.

    Torch reads the variable once, at its first tensor. A training gains nothing, since its tensors come again in the
    same sizes, and takes up to 7 % more memory. Who has set the variable keeps their value.
    """
    if verb != "fit":
        os.environ.setdefault(LARGE_PAGES, "1")


def _print_completion(arguments: list[str]) -> None:
    from hdrgen.cli.shells import completion_of  # what no other command needs

    _, equals, shell = arguments[0].partition("=")
    print(completion_of(shell if equals else "".join(arguments[1:2]), VERBS))


def _words_of(verb: str) -> Callable[[str, str | None], str]:
    """Turns a message of the library, and the argument that it is about, into what is printed."""

    def words(message: str, argument: str | None) -> str:
        if argument is None or verb not in VERBS:
            return message
        from hdrgen.cli.option_words import in_options

        return in_options(message, argument, verb, VERBS[verb].module)

    return words


def _unknown(verb: str) -> InputError:
    from hdrgen.errors import suggest  # difflib is not needed by those who spell

    return InputError(f"no verb {verb!r}{suggest(verb, VERBS)} (verbs: {', '.join(VERBS)})")


def _stopped(how: str, words: Callable[[str, str | None], str], status: int) -> int:
    """Of several processes of a run, the first speaks."""
    if os.environ.get("LOCAL_RANK", "0") == "0":
        say_at_once("; ".join([f"hdrgen: {how}", *filter(None, [words(*advice())])]))
    return status


def _complain(error: BaseException, message: str) -> int:
    if os.environ.get(TRACEBACK):
        raise error
    say_at_once(f"hdrgen: error: {printable(' '.join(message.split()))}")
    return BAD_INPUT
