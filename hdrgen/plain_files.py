"""Small files of plain values that may come from strangers: text, YAML and JSON, each within bounds.

A file may be short and still stand for more than any memory holds: YAML's aliases repeat what they name, and nesting
costs a stack. So size, depth and extent are measured before anything is built.
"""

import codecs
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hdrgen.errors import InputError

_AT_ONCE = getattr(os, "O_NONBLOCK", 0)
"""Never wait for who writes to a pipe; Windows has none of these among its files."""
FROM_OTHERS = 2**20
"""Bytes of a file that came with a run, a few hundred times what hdrgen writes."""
OWN = 2**24
"""Bytes of a file that the user named as settings."""
DEEPEST = 40
"""Levels of nesting; configurations of hdrgen have ten."""
VALUE = 20
"""Characters that a value counts for beside its text, about what it takes in memory."""
SHORT = 100
"""Characters of YAML that cannot stand for much."""
DIGITS = 100
"""Longest number: turning text into numbers takes time by the square of its length."""


def read_text(path: Path, most: int = FROM_OTHERS, errors: str = "strict") -> str:
    """The text of a regular file; a pipe or a device is not waited for.

    Args:
        path: The file, in UTF-8, or in UTF-16 that begins with its mark, as Windows writes it. Marks are left out.
        most: Bytes that it may have.
        errors: As of `bytes.decode`.

    Raises:
        InputError: No such file, none that can be read, none in one of the two, or a larger one.
    """
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _AT_ONCE)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(f"{path}: expected a file, found a device or pipe")
            content = file.read(most + 1)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the name") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check name and permissions") from error
    if len(content) > most:
        raise InputError(f"{path}: expected at most {most / 2**20:g} MB, found more")
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    try:
        return content.decode(encoding, errors).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        name = encoding.upper()
        raise InputError(f"{path}: expected text in {name}, {error.reason} at byte {error.start}") from error


def read_yaml(path: Path, most: int = FROM_OTHERS) -> Any:
    """What a YAML file holds.

    Raises:
        InputError: As of `read_text` and `yaml_in`.
    """
    return yaml_in(read_text(path, most), str(path), most)


def yaml_in(text: str, name: str, most: int = FROM_OTHERS) -> Any:
    r"""The plain values of a YAML text; twice `most` characters once its aliases are written out.

    Args:
        text: The YAML.
        name: Of its file, for the message.
        most: Bytes that the file may have.

    Raises:
        InputError: No YAML, or one that stands for too much.

    >>> yaml_in("a: &a [1, 2]\nb: *a", "mine.yaml")
    {'a': [1, 2], 'b': [1, 2]}
    """
    import yaml  # takes as long as the start of a light verb

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_extent(yaml.parse(text, loader), name, 2 * most)
        return yaml.load(text, loader)
    except InputError:
        raise
    except yaml.YAMLError as error:
        raise InputError(f"{name}: expected YAML, {' '.join(str(error).split())}") from error  # it has several lines
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        # `!!int x`, and dates that are none
        raise InputError(f"{name}: expected YAML, found a value that is not what it says it is ({error})") from error


def bounded(load: Callable[[str], Any], most: int = OWN) -> Callable[[str], Any]:
    """A loader of YAML that refuses what stands for too much, before it calls another one.

    Args:
        load: The other one.
        most: Bytes that a file may have.
    """

    def loader(text: str) -> Any:
        import yaml

        if len(text) > SHORT:
            with suppress(yaml.YAMLError):  # which the other one says in its own words
                _check_extent(yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), "YAML", 2 * most)
        return load(text)

    return loader


def read_json(path: Path, most: int = FROM_OTHERS) -> Any:
    """What a JSON file holds.

    Raises:
        InputError: As of `read_text`; no JSON, or values nested too deep.
    """
    try:
        content = json.loads(read_text(path, most))
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, {error}") from error
    except RecursionError as error:
        raise InputError(_too_deep(str(path))) from error
    level, depth = [content], 0
    while level:
        level = [child for value in level for child in _children(value)]
        depth += 1
        if depth > DEEPEST:
            raise InputError(_too_deep(str(path)))
    return content


def _children(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()


def _too_deep(name: str) -> str:
    return f"{name}: expected values at most {DEEPEST} levels deep, found more"


def _check_extent(events: Iterable[Any], name: str, most: int) -> None:
    """Go through a YAML text once, counting what an alias names as often as it is used; nothing is built."""
    import yaml

    extent = 0
    extents: dict[str, int] = {}
    inside: list[tuple[str, int]] = []
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            anchor = str(event.anchor)
            if any(anchor == outer for outer, _ in inside):
                raise InputError(f"{name}: expected plain values, found *{anchor[:80]}, which contains itself")
            extent += extents.get(anchor, VALUE)
        elif isinstance(event, yaml.ScalarEvent):
            _check_number(event, name)
            extent += VALUE + len(event.value)
            extents[str(event.anchor)] = VALUE + len(event.value)
        elif isinstance(event, yaml.CollectionStartEvent):
            inside.append((str(event.anchor), extent))
            extent += VALUE
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = inside.pop()
            extents[anchor] = extent - before
        if len(inside) > DEEPEST:
            raise InputError(_too_deep(name))
        if extent > most:
            raise InputError(f"{name}: expected values of at most {most / 2**20:g} MB, found more, aliases written out")


def _check_number(event: Any, name: str) -> None:
    said = bool(event.tag) and event.tag.endswith((":int", ":float"))
    looks = (event.tag or event.implicit[0]) and re.match(r"[-+.\d][\w:.+-]*$", event.value)
    if len(event.value) > DIGITS and (said or looks):
        raise InputError(f"{name}: expected numbers of at most {DIGITS} digits, found {event.value[:20]}...")


def refuse_inputs(files: Iterable[Path], sources: Iterable[Path]) -> None:
    """Raise before a file is written in place of one that it is made of, whatever the two are called.

    Args:
        files: What will be written.
        sources: What it is made of.

    Raises:
        InputError: One of the files is one of the sources, by another spelling or by a link.
    """
    read = {same: source for source in sources if (same := _identity(source))}
    for file in files:
        if read and (same := _identity(file)) in read:
            also = "" if file == read[same] else f" ({read[same]})"
            raise InputError(f"{file}{also} is one of the inputs, which would be lost; choose another name or folder")


def _identity(file: Path) -> tuple[int, int] | None:
    """The same of two names of one file; None of a file that is not there."""
    try:
        state = file.stat()
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return None
    return state.st_dev, state.st_ino
