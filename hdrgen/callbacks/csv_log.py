"""The log of a run, in which a full disk leaves no half row and no half file."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning.core.saving import save_hparams_to_yaml
from pytorch_lightning.loggers import CSVLogger, Logger
from pytorch_lightning.loggers.csv_logs import ExperimentWriter

from hdrgen.errors import InputError
from hdrgen.io import complete_or_nothing, write_complete


class WholeRows(ExperimentWriter):
    """Lightning's writer of `metrics.csv` and `hparams.yaml`, but that what it cannot finish is undone.

    Attributes:
        until: Of a training that goes on: the last step that counts of the rows in the file. Those beyond it were
            written by a process that was killed after its last checkpoint, and stay until new ones take their place.
    """

    until: int | None = None

    def _check_log_dir_exists(self) -> None:
        """Lightning would delete the file of a folder that is there: of this class are writers that go on with it."""

    def log_hparams(self, params: dict[str, Any]) -> None:
        """Write `hparams.yaml` anew."""
        self.hparams.update(params)
        with complete_or_nothing(Path(self.log_dir) / self.NAME_HPARAMS_FILE) as temporary:
            save_hparams_to_yaml(str(temporary), self.hparams)

    def save(self) -> None:
        """Append the rows since the last call, or write all anew where they have other columns than those before.

        Raises:
            InputError: The file cannot be written, or the disk is full; it then holds what it held before.
        """
        path = Path(self.metrics_file_path)
        anew = bool(self._record_new_keys()) or self.until is not None or not path.is_file()
        rows, self.metrics = self.metrics, []  # where this fails, Lightning calls it once more
        if not rows:
            return
        if anew:
            before = _rows_in(path)
            if self.until is not None:
                before, self.until = _counting(before, self.until, rows), None
            write_complete(path, self._as_text([*before, *rows], header=True))
        else:
            _append(path, self._as_text(rows).encode())

    def _as_text(self, rows: Sequence[Mapping[str, Any]], header: bool = False) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=self.metrics_keys)
        if header:
            writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()


def _columns(path: Path) -> list[str]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file), [])


def _rows_in(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _counting(before: Sequence[dict[str, str]], until: int, after: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The rows up to a step, but for those that are logged once more, as of a validation that is run again."""
    again = {(int(row["step"]), frozenset(row)) for row in after}
    whole = (row for row in before if _is_whole(row))
    return [row for row in whole if (step := int(row["step"])) <= until and (step, _filled(row)) not in again]


def _is_whole(row: Mapping[Any, Any]) -> bool:
    """Whether a row has all its values; a machine that loses power may leave a part of the last one."""
    return None not in row and None not in row.values() and (row["step"] or "").isdecimal()


def _filled(row: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name, value in row.items() if value)


def _append(path: Path, content: bytes) -> None:
    size = path.stat().st_size
    try:
        with path.open("ab") as file:
            file.write(content)
    except OSError as error:
        os.truncate(path, size)
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); check folder and free space"
        ) from error


def write_whole_rows(logger: Logger) -> None:
    """Have a logger of Lightning's write so; others, and those to other machines, have ways of their own."""
    if type(logger) is CSVLogger and "://" not in logger.log_dir and type(logger.experiment) is ExperimentWriter:
        logger.experiment.__class__ = WholeRows  # it may hold rows already, and has no place to put another writer


def go_on(loggers: Sequence[Logger], until: int) -> None:
    """Have those that write CSV files append to what is in their folder, up to a step; on rank 0, before they write."""
    for logger in loggers:
        if type(logger) is CSVLogger and "://" not in logger.log_dir:
            writer = WholeRows(logger.log_dir)
            writer.until = until
            writer.metrics_keys = sorted(_columns(Path(writer.metrics_file_path)))
            logger._experiment = writer  # Lightning's own constructor begins with deleting the file
