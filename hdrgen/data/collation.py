"""Samples into batches."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, default_collate

from hdrgen.data.sample import Sample
from hdrgen.errors import InputError

Batch = dict[str, Any]
"""A `Sample` with a leading axis B on each tensor, and a list of B strings in place of each string."""


def collate(samples: Sequence[Sample]) -> Batch:
    """Stack samples, keeping the keys that all of them have.

    Raises:
        InputError: Their frames differ in size or number; the scenes are named.
    """
    shapes = {sample["scene"]: tuple(sample["ldr"].shape) for sample in samples}
    if len(set(shapes.values())) > 1:
        found = ", ".join(f"{scene}: {s} frames of {w} x {h}" for scene, (s, _, h, w) in shapes.items())
        raise InputError(
            f"expected scenes of one size in a batch, found {found}; "
            "set the batch size to 1, or crop or resize the scenes"
        )
    if len(samples) == 1:  # without a copy: it may be large
        return {key: value[None] if isinstance(value, Tensor) else [value] for key, value in samples[0].items()}
    shared = set.intersection(*(set(sample) for sample in samples))
    batch: Batch = default_collate(
        [{key: value for key, value in sample.items() if key in shared} for sample in samples]
    )
    return batch


class StackLoader(DataLoader[Sample]):
    """A data loader whose worker processes report bad input in one line, as the main process does."""

    patient = False

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        """Iterate over batches; workers start at once."""
        return _batches(super().__iter__(), self.patient)


class PatientLoader(StackLoader):
    """A data loader that leaves out what cannot be read, with a warning, and goes on."""

    patient = True


def _batches(source: Iterator[Any], patient: bool) -> Iterator[Batch]:
    while True:
        try:
            batch = next(source)  # a loader can go on after an error
        except StopIteration:
            return
        except InputError as error:
            if not patient:
                raise InputError(_line(error)) from error
            warnings.warn(f"left out: {_line(error)}", stacklevel=1)
        else:
            yield batch


def _line(error: InputError) -> str:
    """A worker's error arrives as its whole traceback; the last line is the message after the class name."""
    return str(error).strip().splitlines()[-1].removeprefix("hdrgen.errors.InputError: ")
