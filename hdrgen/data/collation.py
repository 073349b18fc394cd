"""Samples into batches."""

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, default_collate

from hdrgen.data.sample import Sample
from hdrgen.errors import InputError, InputWarning

Batch = dict[str, Any]
"""A `Sample` with a leading axis B on each tensor, and a list of B strings in place of each string."""


def collate(samples: Sequence[Sample]) -> Batch:
    """Stack samples, keeping the keys that all of them have.

    Raises:
        InputError: Their frames differ in size or number; the scenes are named.
    """
    shapes = {sample["scene"]: tuple(sample["ldr"].shape) for sample in samples}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{scene}: {s} frames of {w} x {h}" for scene, (s, _, h, w) in shapes.items())
        raise InputError(
            f"expected scenes of one size in a batch, found {listed}; "
            "take one scene per batch, or crop or resize the scenes"
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

    def state_dict(self) -> dict[str, Any]:
        """Nothing: the sampler asks the trainer where to go on. That there is a state tells Lightning that it can."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing, likewise."""


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
                raise _plain(error) from error
            plain = _plain(error)
            warnings.warn(InputWarning(f"left out: {plain}", plain.argument), stacklevel=1)
        else:
            yield batch


def _plain(error: InputError) -> InputError:
    """The error as it was raised.

    torch hands a worker's error over as an error of the same class whose message is the whole traceback, which ends
    with the class name and the message. The argument is lost on the way; its `NAME=VALUE` stands in the advice, which
    is what follows the last semicolon.
    """
    line = str(error).rpartition("hdrgen.errors.InputError: ")[2].strip()
    advice = re.search(r"(\w+)=", line.rpartition(";")[2])
    return InputError(line, error.argument or (advice[1] if advice else None))
