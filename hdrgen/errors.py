"""The exception and the warning that a user is meant to read; what helps with misspelt names and missing packages."""

import re
from collections.abc import Iterable, Sequence

TRAIN = {
    "pytorch_lightning": "pytorch-lightning",
    "lightning_fabric": "pytorch-lightning",
    "torchmetrics": "torchmetrics",
    "kornia": "kornia",
    "jsonargparse": "jsonargparse",
}
"""What the extra `train` brings, module and package: all that networks need, and merging and looking do not."""
LONGEST = 2000
"""Characters of a message: what a file says of itself may be as long as the file."""


def one_line(message: str) -> str:
    r"""A message without line ends, and without its middle where it is too long to be read.

    >>> one_line("a.exr: found channels R\nG")
    'a.exr: found channels R G'
    """
    lines = message.splitlines()
    line = message if len(lines) < 2 else " ".join(part.strip() for part in lines)
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} ... {line[5 - LONGEST // 2 :]}"


def without_advice(message: str, argument: str) -> str:
    """A message without what to pass as an argument, for those who have no such argument.

    >>> without_advice("a.jpg: read without its gain map; pass gain_map=True to apply it", "gain_map")
    'a.jpg: read without its gain map'
    """
    return re.sub(rf"; pass {re.escape(argument.rpartition('.')[2])}=[^;]*", "", message)


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one line: what was expected, what was found (the value, the file) and what to do.
    The command line prints it without a traceback and exits with status 2.

    Args:
        message: The line. What to do is said in Python, as `NAME=VALUE` of an argument, never as a command-line option.
        argument: The argument of the message, where there is one. The command line puts its own option in place of
            `NAME=VALUE`.
    """

    def __init__(self, message: str, argument: str | None = None) -> None:
        super().__init__(one_line(message))
        self.argument = argument


class InputWarning(UserWarning):
    """Something the user gave is used, but not as they may expect; message and argument as of `InputError`."""

    def __init__(self, message: str, argument: str | None = None) -> None:
        super().__init__(one_line(message))
        self.argument = argument


def few_of(names: Sequence[str], most: int = 10) -> str:
    """Names for a message: the first of them, and how many more there are.

    >>> few_of(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def suggest(word: str, choices: Iterable[str]) -> str:
    """The part of an error message that helps with a misspelt name: the nearest, and a second if it is as near.

    >>> suggest("mehtods", ["methods", "configs"])
    '; did you mean methods?'
    >>> suggest("Scene", ["Scenes", "Scent", "Scenery"])
    '; did you mean Scenes or Scenery?'
    >>> suggest("nothing_like_it", ["methods", "configs"])
    ''
    """
    import difflib  # slow to import, and needed after a mistake only

    folded = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(word.lower(), folded, n=2, cutoff=0.6)
    likeness = [difflib.SequenceMatcher(None, name, word.lower()).ratio() for name in near]
    meant = [folded[name] for name, ratio in zip(near, likeness, strict=True) if ratio > likeness[0] - 0.1]
    return f"; did you mean {' or '.join(meant)}?" if meant else ""


def of_an_extra(error: BaseException) -> InputError | None:
    """What to say of a failed import, where an extra of hdrgen brings the package; else None.

    >>> print(of_an_extra(ModuleNotFoundError(name="kornia.color")))
    this needs the package kornia, which `pip install hdrgen` leaves out; pip install 'hdrgen[train]'
    """
    name = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    package = TRAIN.get(name.partition(".")[0])
    if package is None:
        return None
    return InputError(
        f"this needs the package {package}, which `pip install hdrgen` leaves out; pip install 'hdrgen[train]'"
    )
