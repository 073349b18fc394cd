"""The best checkpoint of a training, which may have gone on from another run's."""

import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

EARLIER = "earlier_best"
"""Where a checkpoint notes, beside its method, the best one of the runs that its own went on from."""
_JUDGED = re.compile(r"'monitor': (?P<monitor>'[^']*'|None), 'mode': '(?P<mode>max|min)'")


class Best(NamedTuple):
    """A checkpoint that was the best of its run.

    `judged` says by which score, `'val/psnr' max`: others cannot be compared.
    """

    path: Path
    score: float
    judged: str

    def noted(self, folder: Path) -> dict[str, Any]:
        """As a checkpoint in `folder` notes it: relative to there, since runs are moved together."""
        return {"path": os.path.relpath(self.path, folder), "score": self.score, "judged": self.judged}


def best_known(checkpoint: Mapping[str, Any], folder: Path) -> list[Best]:
    """What a checkpoint in `folder` says were the best ones, the best of them first; they may be gone.

    That of its own run comes first where scores cannot be compared. One of another run must lie beside it.

    Args:
        checkpoint: Its content, of which nothing is believed but names beside the run.
        folder: Where it lies.
    """
    known = [*_of_the_run(checkpoint, folder), *_of_earlier_runs(checkpoint, folder)]
    if len({each.judged for each in known}) > 1 or any(math.isnan(each.score) for each in known):
        return known
    return sorted(known, key=lambda each: each.score, reverse=bool(known) and known[0].judged.endswith("max"))


def _of_the_run(checkpoint: Mapping[str, Any], folder: Path) -> Iterator[Best]:
    callbacks = checkpoint.get("callbacks")
    for key, state in callbacks.items() if isinstance(callbacks, Mapping) else ():
        path = state.get("best_model_path") if isinstance(state, Mapping) else None
        if isinstance(path, str) and path:
            judged = _JUDGED.search(str(key))
            by = f"{judged['monitor']} {judged['mode']}" if judged else ""
            if judged and judged["monitor"] == "None":  # it kept the newest, whatever that scored
                continue
            # Not where it was noted: the run may have been moved.
            yield Best(folder / Path(path).name, _number(state.get("best_model_score")), by)


def _of_earlier_runs(checkpoint: Mapping[str, Any], folder: Path) -> Iterator[Best]:
    about = checkpoint.get("hdrgen")
    noted = about.get(EARLIER) if isinstance(about, Mapping) else None
    if not isinstance(noted, Mapping) or not isinstance(noted.get("path"), str) or "\0" in noted["path"]:
        return
    run = folder.absolute().parent  # runs/METHOD/version_1, beside version_0
    path = Path(os.path.normpath(folder / noted["path"]))
    if run.parent in path.absolute().parents:
        yield Best(path, _number(noted.get("score")), str(noted.get("judged")))


def _number(score: Any) -> float:
    if isinstance(score, Tensor) and score.numel() != 1:
        return float("nan")
    return float(score) if isinstance(score, Tensor | float | int) else float("nan")
