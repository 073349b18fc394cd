"""Paths of files: one that can be read, one that can be written, and writing that is whole or not at all."""

import errno
import os
import stat
import uuid
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hdrgen.errors import InputError

_NAMED = 5  # files that a warning names
_BEHIND = 2**14  # bytes: more than any library holds back
_STEM = 40  # characters of a temporary name, which is longer than the file's: a name may have 255 bytes


def check_name(path: Path) -> None:
    """The libraries take file names as UTF-8 only.

    Raises:
        InputError: The name holds other bytes.
    """
    if not _in_utf8(path):
        raise InputError(f"{_printable(path)}: expected a name in UTF-8, found other bytes; rename it")


def with_usable_names(source: str | Path, paths: Iterable[Path]) -> list[Path]:
    """Those files of a folder, pattern or list with names in UTF-8: one of an old archive must not stop the others.

    Warns:
        UserWarning: Files were left out.

    Raises:
        InputError: The name of the source itself holds other bytes.
    """
    check_name(Path(source))
    usable, others = list[Path](), list[Path]()
    for path in paths:
        (usable if _in_utf8(path) else others).append(path)
    if others:
        names = ", ".join(_printable(Path(path.name)) for path in others[:_NAMED])
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        warnings.warn(
            f"{source}: left out {names}{more}; expected names in UTF-8, found other bytes; rename them"
            " to have them read",
            stacklevel=1,  # one place in the code, so that a folder that is listed again is not complained of again
        )
    return usable


def _in_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(path: Path) -> str:
    """A name in quotation marks, with escapes for what is no text: as Python has it, byte E9 is shown as udce9."""
    return f"{str(path)!a}"


def existing_file(path: str | Path) -> Path:
    """The path, once it is known to be a readable file.

    Raises:
        InputError: Missing, a folder, empty, or not permitted.
    """
    path = Path(path)
    check_name(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{path}: expected an image file, found a folder; name a file in it")
        if not stat.S_ISREG(mode):
            raise InputError(f"{path}: expected an image file, found a device or pipe; copy its content to a file")
        with path.open("rb") as stream:
            empty = not stream.read(1)
    except InputError:  # a ValueError, too
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"{path}: no such file; check the name") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise InputError(
            f"{path}: cannot be read ({error}); check name and permissions".replace("\0", "\\0")
        ) from error
    if empty:
        raise InputError(f"{path}: the file is empty (0 bytes); copy it again from its source")
    return path


@contextmanager
def complete_or_nothing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` that becomes `path` at the end, or vanishes if writing fails.

    Past the end the file survives a power cut: its content is on the disk before it gets its name, and the name before
    this returns. That takes 5 to 20 ms for each file on common disks.

    The name starts with a dot, so that what a killed process leaves behind is not taken for an image, and ends like
    `path`, since some libraries pick the format by suffix.

    Raises:
        InputError: The folder cannot be made or written, or `path` is a folder.
    """
    temporary = path.with_name(f".{path.stem[:_STEM]}.{uuid.uuid4().hex}{path.suffix}")
    try:
        if path.is_dir():
            raise InputError(f"{path}: expected a file name, found a folder; choose another name")
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _to_disk(temporary)
        temporary.replace(path)
        with suppress(OSError):  # not every file system, nor Windows, knows this of folders
            _to_disk(path.parent)
    except OSError as error:
        advice = "choose a shorter name" if error.errno == errno.ENAMETOOLONG else "check folder and free space"
        raise InputError(f"{path}: cannot be written ({error.strerror or error}); {advice}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _to_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk; a full disk may show itself only now."""
    folder = path.is_dir()
    descriptor = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        if not folder:
            _check_end(descriptor)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_end(descriptor: int) -> None:
    """Whether the end of a file can be there: whether more could be written behind it.

    Libraries hold the last kilobytes of a file back until they close it, and several (those of PNG, OpenEXR, Radiance
    and JPEG XL) say nothing if the disk is full by then.

    Raises:
        OSError: The disk is full.
    """
    size = os.fstat(descriptor).st_size
    try:
        written = os.pwrite(descriptor, bytes(_BEHIND), size) if hasattr(os, "pwrite") else _BEHIND
    finally:
        os.ftruncate(descriptor, size)
    if written < _BEHIND:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def write_complete(path: Path, content: str | bytes) -> None:
    """Write text (UTF-8, line ends as they are) or bytes, whole or not at all.

    Raises:
        InputError: As of `complete_or_nothing`.
    """
    with complete_or_nothing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
