"""Where shards are: a folder, or a place in object storage."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hdrgen.errors import InputError
from hdrgen.io import complete_or_nothing

ADDRESSES = ("s3", "gs", "gcs", "az", "abfs", "abfss", "http", "https", "memory")
"""Those that hold files and do nothing else; fsspec has others, which run programs or refer to further addresses."""

ONE_STREAM = {"s3": {"max_concurrency": 1}}
"""Of `get_file`, by scheme: parts at once, and put together in memory, cost twice the processor time."""
FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors of this machine's disk, not of the place."""


class Storage:
    """A flat place for files.

    Args:
        address: A folder, or an address such as `s3://bucket/folder`, which fsspec opens. Endpoint and credentials come
            from its own variables (`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, ...).

    Raises:
        InputError: An address of another kind.
    """

    def __init__(self, address: str | Path) -> None:
        self.address = str(address)
        scheme, mark, _ = self.address.partition("://")
        almost = not mark and self.address.partition(":")[0] in ADDRESSES and ":" in self.address  # s3:/bucket
        if almost or (mark and (scheme not in ADDRESSES or "::" in self.address)):
            known = ", ".join(f"{one}://" for one in ADDRESSES[:-1])
            raise InputError(f"{address}: expected a folder or an address that begins with {known}", "root")
        self.folder = None if mark else Path(self.address).expanduser()

    def sizes(self) -> dict[str, int]:
        """The files and their bytes; none where there is no such place yet."""
        if self.folder is not None:
            if not self.folder.is_dir():
                return {}
            return {each.name: each.stat().st_size for each in self.folder.iterdir() if each.is_file()}
        with self._told("listed") as (files, root):
            files.invalidate_cache()
            found = files.ls(root, detail=True) if files.exists(root) else []
            return {each["name"].rpartition("/")[2]: each["size"] or 0 for each in found if each["type"] == "file"}

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where there is none.

        Raises:
            InputError: It is there and cannot be read, or the place cannot be reached.
        """
        try:
            if self.folder is not None:
                return (self.folder / name).read_bytes()
            with self._told("read") as (files, root):
                content: bytes = files.cat_file(f"{root}/{name}")
                return content
        except (FileNotFoundError, NotADirectoryError):
            return None

    def fetch(self, name: str, path: Path) -> bool:
        """Copy a file to the disk, as it comes and by one connection; whether there is one.

        Raises:
            InputError: It cannot be read, or the place cannot be reached.
            OSError: The disk is full.
        """
        scheme = self.address.partition("://")[0]
        try:
            with self._told("read") as (files, root):
                files.get_file(f"{root}/{name}", str(path), **ONE_STREAM.get(scheme, {}))
                return True
        except (FileNotFoundError, NotADirectoryError):
            return False

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """A temporary file, which becomes that of the name at the end, whole, or vanishes if writing fails.

        Raises:
            InputError: It cannot be written.
        """
        if self.folder is not None:
            with complete_or_nothing(self.folder / name) as temporary:
                yield temporary
            return
        with tempfile.TemporaryDirectory(prefix="hdrgen-") as folder:
            temporary = Path(folder) / name
            yield temporary
            with self._told("written") as (files, root):
                files.put_file(str(temporary), f"{root}/{name}")

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            InputError: It cannot be written.
        """
        with self.writing(name) as temporary:
            temporary.write_bytes(content)

    @contextmanager
    def _told(self, done: str) -> Iterator[tuple[Any, str]]:
        """The file system and the path in it; every one of them fails in its own words.

        It is asked for each time: fsspec keeps it, one for each process.
        """
        try:
            from fsspec.core import url_to_fs

            yield url_to_fs(self.address)
        except InputError:
            raise
        except ImportError as error:
            packages = "pip install 'hdrgen[stream]' for s3://, gcsfs for gs://, adlfs for az://"
            raise InputError(f"{self.address}: expected the package that reads it ({error}); {packages}") from error
        except Exception as error:
            if done == "read" and (isinstance(error, FileNotFoundError) or getattr(error, "errno", None) in FULL):
                raise
            message = f"{self.address}: cannot be {done} ({error or type(error).__name__})"
            raise InputError(f"{message}; check address, network and credentials") from error

    def __str__(self) -> str:
        return self.address
