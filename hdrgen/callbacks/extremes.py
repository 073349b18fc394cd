"""Pictures of the scenes that a test scored worst and best."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor
from torch.nn.functional import interpolate

from hdrgen.callbacks.end_line import say
from hdrgen.callbacks.folders import verb_folder
from hdrgen.callbacks.grid import Panel, contact_sheet, log_picture, panels
from hdrgen.callbacks.result_files import file_name
from hdrgen.callbacks.writer import to_pixels
from hdrgen.data import Sample
from hdrgen.errors import InputError
from hdrgen.io import write_complete, write_image
from hdrgen.methods import Evaluation, source_of
from hdrgen.metrics import of_all_processes, scene_means
from hdrgen.tonemap import ToneMapper, reinhard2002

STOPS = 3.0
"""Error that the map shows in its brightest colour, in stops."""
_DARKEST = 1e-6  # of the truth's brightest pixel: below, errors in stops say nothing
_HEAT = ((0.0, 0.0, 0.0), (0.35, 0.0, 0.5), (0.85, 0.2, 0.25), (1.0, 0.65, 0.0), (1.0, 1.0, 0.8))


class Candidate(NamedTuple):
    """A scene that may turn out to be among the worst or best."""

    metric: str
    value: float
    scene: str
    sheet: np.ndarray
    """`(H, W, 3)` uint8."""
    files: dict[str, np.ndarray]
    """Input, result, truth and maps by file name, `(h, w, 3)` float32: display values, or radiance in `.hdr`."""


class Extremes(Callback):
    """Writes the worst and the best scenes of a test as contact sheets: input, result, truth, and where they differ.

    They are `extremes/worst-1-SCENE.png` and so on, and go to W&B or TensorBoard where that is the logger. The last
    panel is the map of a metric that has one, such as HDR-VDP's probability that a difference is seen, or else the
    error of luminance in stops. The folder `extremes/worst-1-SCENE` has the same one by one: `input.png`, `result.hdr`
    and `truth.hdr` on one scale, a grey PNG for each map, and in `scene.json` what the scene is. Only the pictures of
    scenes that are still among the worst or best are kept in memory; with several processes, each keeps its own, and
    the first one writes those that remain.

    Args:
        folder: Where; None is the folder `test` of the run.
        count: Number of worst and of best scenes; 0 draws none.
        metric: The number that ranks scenes; None: the protocol's headline, or the first that the scenes have.
        height: Of a panel in pixels.
        side: Longer side in pixels to which the single images are reduced; smaller ones stay as they are.
        operator: Tone mapping of the HDR images, radiance `(B, 3, H, W)` to display values in [0, 1].
        scenes: Names of scenes that are drawn whatever their rank, as `chosen-1-SCENE`.
    """

    def __init__(
        self,
        folder: str | None = None,
        count: int = 5,
        metric: str | None = None,
        height: int = 240,
        side: int = 512,
        operator: ToneMapper = reinhard2002,
        scenes: Sequence[str] = (),
    ) -> None:
        self.folder = Path(folder) if folder else None
        self.count = count
        self.metric = metric
        self.height = height
        self.side = side
        self.operator = operator
        self.scenes = tuple(scenes)
        self._names: list[str] = []
        self._directions: dict[str, bool] = {}
        self._kept: list[Candidate] = []
        self._chosen: list[Candidate] = []

    def on_test_epoch_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Forget what an earlier test left.

        Raises:
            InputError: The protocol has no number of that name.
        """
        protocol = pl_module.protocol("test")
        self._kept, self._chosen, self._directions = [], [], protocol.directions()
        if self.metric is not None and self.metric not in self._directions:
            known = ", ".join(self._directions)
            raise InputError(
                f"expected a number of the protocol, {known}, found metric={self.metric}", "extremes.metric"
            )
        chosen_metric = self.metric or protocol.headline
        self._names = sorted(self._directions, key=lambda name: name != chosen_metric)

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: Any,
        outputs: Any,
        batch: Sample,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw the scenes that are among the worst or best so far."""
        evaluation: Evaluation = outputs
        if (self.count < 1 and not self.scenes) or not (self.folder or verb_folder(trainer) or trainer.loggers):
            return
        scored = {score["metric"] for score in evaluation["scores"]}
        metric = next((name for name in self._names if name in scored), None)
        if metric is None:
            return
        values = scene_means(evaluation["scores"], metric)
        for index, scene in enumerate(evaluation["scene"]):
            new = Candidate(metric, values[scene], scene, np.empty(0), {})
            if scene in self.scenes:
                self._chosen.append(self._drawn(new, evaluation, index))
            self._consider(new, evaluation, index)

    def on_test_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Put the processes' candidates together, and write what remains."""
        kept, chosen = of_all_processes(self._kept), of_all_processes(self._chosen)
        if not trainer.is_global_zero:
            return
        named = {one.scene: one for one in chosen}
        candidates = self._ranked(kept) | {f"chosen-{rank}": one for rank, one in enumerate(named.values(), start=1)}
        if candidates:
            self._write(trainer, candidates)
        for scene in self.scenes:
            if scene not in named:
                say(trainer, f"extremes: no scene called {scene} was scored")

    def _write(self, trainer: Trainer, candidates: Mapping[str, Candidate]) -> None:
        base = self.folder or verb_folder(trainer)
        if base:
            _remove_earlier(base / "extremes")
        for name, picture in candidates.items():
            sheet = picture.sheet.astype(np.float32) / 255
            if base:
                start = base / "extremes" / f"{name}-{file_name(picture.scene)}"
                write_image(start.with_name(f"{start.name}.png"), sheet, made=True)
                _write_apart(start, picture)
            log_picture(trainer, f"test/{name}", sheet)

    def _consider(self, new: Candidate, evaluation: Evaluation, index: int) -> None:
        others = [one for one in self._kept if one.metric != new.metric]
        remaining = self._extreme([*(one for one in self._kept if one.metric == new.metric), new])
        if any(one is new for one in remaining):
            drawn = self._drawn(new, evaluation, index)
            remaining = [drawn if one is new else one for one in remaining]
        self._kept = [*others, *remaining]

    def _drawn(self, new: Candidate, evaluation: Evaluation, index: int) -> Candidate:
        row = _differences(evaluation, index, f"result, {new.metric} {new.value:.4g}", self.operator)
        sheet = (contact_sheet([row], self.height) * 255).round().astype(np.uint8)
        return new._replace(sheet=sheet, files=_apart(evaluation, index, self.side))

    def _extreme(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        ranked = self._sorted(candidates)
        middle = range(self.count, len(ranked) - self.count)
        return [one for at, one in enumerate(ranked) if at not in middle]

    def _ranked(self, candidates: Sequence[Candidate]) -> dict[str, Candidate]:
        """The pictures by name, of those with the metric that ranks; no scene is both among the worst and the best."""
        metric = min((one.metric for one in candidates), key=self._names.index, default="")
        unique = {one.scene: one for one in candidates if one.metric == metric}
        ranked = self._sorted(list(unique.values()))
        worst = ranked[: min(self.count, (len(ranked) + 1) // 2)]
        best = ranked[::-1][: min(self.count, len(ranked) - len(worst))]
        pairs = [("worst", worst), ("best", best)]
        return {f"{kind}-{rank}": one for kind, found in pairs for rank, one in enumerate(found, start=1)}

    def _sorted(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Worst first; by name where values are equal, so that the order does not depend on the processes."""
        return sorted(
            candidates, key=lambda one: (one.value if self._directions[one.metric] else -one.value, one.scene)
        )


def _differences(outputs: Evaluation, index: int, title: str, operator: ToneMapper) -> list[Panel]:
    """Input, result, truth and map of one scene; without an HDR truth, its exposures and the true ones."""
    if "true_hdr" not in outputs:
        generated, true = panels(outputs, index, operator)
        return [generated[0], *generated[1:-1], *true[1:]]
    hdr, truth = (outputs[key][index : index + 1].float() for key in ("hdr", "true_hdr"))
    tone_mapped = [(title, operator(hdr)[0]), ("truth", operator(truth)[0])]
    return [("input", source_of(outputs["batch"])[index]), *tone_mapped, _map(outputs, index, hdr[0], truth[0])]


def _map(outputs: Evaluation, index: int, hdr: Tensor, truth: Tensor) -> Panel:
    maps: dict[str, Tensor] = outputs["maps"]
    for name, values in maps.items():
        return f"{name}, 0 to 1", heat(values[index].clamp(0, 1))
    floor = _DARKEST * truth.amax().clamp_min(torch.finfo(torch.float32).tiny)
    stops = ((hdr.mean(0, keepdim=True) + floor) / (truth.mean(0, keepdim=True) + floor)).log2().abs()
    return f"error, 0 to {STOPS:g} stops", heat((stops / STOPS).clamp(0, 1))


def _apart(outputs: Evaluation, index: int, side: int) -> dict[str, np.ndarray]:
    """The images of one scene by file name, none larger than `side`."""
    images = {"input.png": source_of(outputs["batch"])[index], "result.hdr": outputs["hdr"][index].clamp_min(0)}
    if "true_hdr" in outputs:
        images["truth.hdr"] = outputs["true_hdr"][index].clamp_min(0)
    images |= {f"{name}.png": values[index].clamp(0, 1).expand(3, -1, -1) for name, values in outputs["maps"].items()}
    return {name: to_pixels(_reduced(image.detach().float(), side)) for name, image in images.items()}


def _reduced(image: Tensor, side: int) -> Tensor:
    """`(3, H, W)` with its longer side at most `side`: bilinear with antialiasing, in linear light for radiance."""
    height, width = image.shape[-2:]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(height * scale)), max(1, round(width * scale))
    return interpolate(image[None], size, mode="bilinear", antialias=True, align_corners=False)[0]


def _write_apart(folder: Path, picture: Candidate) -> None:
    for name, pixels in picture.files.items():
        write_image(folder / name, pixels)
    about = {"scene": picture.scene, "metric": picture.metric, "value": picture.value}
    write_complete(folder / "scene.json", json.dumps(about) + "\n")


def _remove_earlier(folder: Path) -> None:
    for old in [path for kind in ("worst", "best", "chosen") for path in folder.glob(f"{kind}-*")]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()


def heat(values: Tensor) -> Tensor:
    """Colours `(3, H, W)` for values `(1, H, W)` in [0, 1], from black over red to a warm white.

    >>> heat(torch.tensor([[[0.0, 1.0]]]))[:, 0].tolist()
    [[0.0, 1.0], [0.0, 1.0], [0.0, 0.800000011920929]]
    """
    knots = values.new_tensor(_HEAT).T
    place = values[0] * (len(_HEAT) - 1)
    below = place.floor().clamp_max(len(_HEAT) - 2).long()
    share = place - below
    return knots[:, below] * (1 - share) + knots[:, below + 1] * share
