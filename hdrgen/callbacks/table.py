"""The numbers of a test, scene by scene, as files and as a table to read."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn

from hdrgen.callbacks.end_line import say
from hdrgen.callbacks.folders import verb_folder
from hdrgen.callbacks.result_files import exposure_name
from hdrgen.data import Sample
from hdrgen.errors import InputError
from hdrgen.io import write_complete
from hdrgen.methods import Evaluation
from hdrgen.metrics import MEAN, EvaluationProtocol, Score, Table, deviations, gather, means
from hdrgen.provenance import provenance
from hdrgen.text_table import Form, in_latex, latex_table, markdown_table, text_table

COLUMNS = ("scene", "ev", "metric", "value")


class MetricsTable(Callback):
    """Writes `metrics.csv` (one row per scene, exposure and metric) and `metrics.json`, and prints the means.

    `metrics.json` holds mean and standard deviation over scenes, whether higher is better, every setting of the
    protocol, the method, its checkpoint and the data, and the versions and commit that made the numbers. The scores of
    all ranks are put together, and a scene that was scored twice, as several devices do to even out their shares,
    counts once.

    Args:
        folder: Where; None is the folder `test` (or `validate`) of the run.
        overwrite: Whether existing tables may be replaced.
        format: What is printed: text to read, or a table for a page (Markdown), a paper (LaTeX) or a program (CSV).
        every: Whether to print also what metrics say beside their headline, which the files hold anyway.

    Attributes:
        about: What `metrics.json` says of method, checkpoint and data; the command line knows more than the trainer.
    """

    def __init__(
        self,
        folder: str | None = None,
        overwrite: bool = False,
        format: Form = "text",
        every: bool = False,
    ) -> None:
        self.folder = Path(folder) if folder else None
        self.overwrite = overwrite
        self.format = format
        self.every = every
        self.about: dict[str, Any] = {}
        self.scores: list[Score] = []

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Refuse a table that exists, before any work is done."""
        existing = self.folder / "metrics.csv" if self.folder else None
        if stage in ("validate", "test") and existing and existing.exists() and not self.overwrite:
            raise InputError(f"{existing} exists already; pass overwrite=True, or another folder", "overwrite")
        self.scores = []

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Sample,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep the scores of a batch."""
        evaluation: Evaluation = outputs
        self.scores += evaluation["scores"]

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Sample,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """The same for `validate`; within `fit` the logger has the means of every epoch."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            self.on_test_batch_end(trainer, pl_module, outputs, batch, batch_idx)

    def on_test_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Put the ranks' scores together and write them."""
        scores = gather(self.scores)
        if not trainer.is_global_zero:
            return
        protocol = pl_module.protocol("val" if trainer.state.fn == TrainerFn.VALIDATING else "test")
        if not scores:
            return say(trainer, f"nothing to score: {_without_scores(protocol, type(pl_module).__name__)}")
        folder = self.folder or verb_folder(trainer)
        aside = protocol.aside()
        shown = [score for score in scores if self.every or score["metric"] not in aside]
        summary = f"\n{render(shown, protocol.name, self.format)}"
        if folder:
            about = {
                "higher_is_better": protocol.directions(),
                "aside": [*aside, *(name for name in protocol.directions() if name.endswith(tuple(_COLUMNS)))],
                **_about(trainer, pl_module),
                **self.about,
            }
            write(folder, scores, about, protocol.settings())
            summary += f"\nwritten to {folder / 'metrics.csv'} and metrics.json"
        say(trainer, summary)

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The same for `validate`."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            self.on_test_epoch_end(trainer, pl_module)


def _without_scores(protocol: EvaluationProtocol, method: str) -> str:
    if not protocol.directions():
        return f"protocol {protocol.name} has no metrics"
    return f"the scenes have no HDR truth, nor exposures that {method} generates and protocol {protocol.name} asks for"


def _about(trainer: Trainer, method: LightningModule) -> dict[str, Any]:
    return {"method": type(method).__name__, "ckpt_path": trainer.ckpt_path}


def write(folder: Path, scores: Sequence[Score], about: Mapping[str, Any], protocol: Mapping[str, Any]) -> None:
    """Write both files, each whole or not at all."""
    text = io.StringIO()
    rows = csv.DictWriter(text, COLUMNS)
    rows.writeheader()
    rows.writerows(scores)
    write_complete(folder / "metrics.csv", text.getvalue())
    content = {
        "scenes": len({score["scene"] for score in scores}),
        "means": means(scores),
        "deviations": deviations(scores),
        "protocol": protocol,
        **about,
        "software": provenance(),
    }
    write_complete(folder / "metrics.json", json.dumps(content, indent=2) + "\n")


def render(scores: Sequence[Score], protocol: str, form: Form = "text") -> str:
    """Means and deviations as tables: first of the exposures, one row each; then of the HDR image, one number a row."""
    mean, deviation = means(scores), deviations(scores)
    staged = [metric for metric in mean if len(mean[metric]) > 1]
    whole = [metric for metric in mean if metric not in staged]
    title = f"means over {len({score['scene'] for score in scores})} scenes, protocol {protocol}"
    tables = list[Rows]()
    if staged:
        stops = sorted({float(ev) for metric in staged for ev in mean[metric] if ev != MEAN})
        rows = [(_exposure(ev), *(_number(mean[metric].get(str(ev))) for metric in staged)) for ev in stops]
        rows.append(("mean", *(_number(mean[metric][MEAN]) for metric in staged)))
        rows.append(("std", *(_number(deviation[metric][MEAN]) for metric in staged)))
        tables.append([("EV", *staged), *rows])
    if whole:
        tables.append(_of_hdr(whole, mean, deviation))
    return _FORMS[form](title, tables)


Rows = Sequence[Sequence[str]]
_COLUMNS = {"_crf": "CRF corrected", "_clipped": "clipped", "_unclipped": "others"}
"""Of the numbers of an HDR image that are given again, by the ends of their names."""


def _of_hdr(names: Sequence[str], mean: Table, deviation: Table) -> Rows:
    """A row for each number, with those beside it that are given again under another end of its name."""
    ends = [end for end in _COLUMNS if any(name.endswith(end) for name in names)]
    own = [name for name in names if not any(name == f"{base}{end}" for base in names for end in ends)]
    rows = [
        (
            name,
            *(_number(table[name][MEAN]) for table in (mean, deviation)),
            *(_number(mean[f"{name}{end}"][MEAN] if f"{name}{end}" in names else None) for end in ends),
        )
        for name in own
    ]
    return [("HDR", "mean", "std", *(_COLUMNS[end] for end in ends)), *rows]


def _as_text(title: str, tables: Sequence[Rows]) -> str:
    """Numbers flush right, in columns of one width."""
    lines = (text_table(rows, right=range(1, len(rows[0])), narrowest=8) for rows in tables)
    return "\n".join([title, *(line for table in lines for line in table)])


def _as_markdown(title: str, tables: Sequence[Rows]) -> str:
    return "\n\n".join([title, *("\n".join(markdown_table(rows)) for rows in tables)])


def _as_latex(title: str, tables: Sequence[Rows]) -> str:
    escaped = ([[in_latex(cell) for cell in row] for row in rows] for rows in tables)
    return "\n\n".join([f"% {title}", *("\n".join(latex_table(rows)) for rows in escaped)])


def _as_csv(title: str, tables: Sequence[Rows]) -> str:
    text = io.StringIO()
    for rows in tables:
        csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().rstrip("\n")


_FORMS = {"text": _as_text, "markdown": _as_markdown, "latex": _as_latex, "csv": _as_csv}


def _exposure(stops: float) -> str:
    return f"{stops:+g}" if math.isfinite(stops) else exposure_name(stops)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}"
