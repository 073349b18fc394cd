"""Evaluation protocols: everything that turns a method's output into numbers, in one object."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple

from torch import Tensor
from torch.nn.functional import interpolate

from hdrgen.errors import InputError
from hdrgen.metrics.alignment import ScaleAlignment, unaligned
from hdrgen.metrics.checking import Domain, check_images
from hdrgen.metrics.crf_correction import correct_response
from hdrgen.metrics.measuring import (
    CLIPPED,
    CORRECTED,
    UNCLIPPED,
    Metrics,
    Numbers,
    clipped_pixels,
    listed,
    measured,
    named_outputs,
    names_of,
    naming,
    parts_of,
)
from hdrgen.metrics.precision import promote
from hdrgen.metrics.scores import Score
from hdrgen.metrics.settings import described

# Not Tensor: jsonargparse would take a class in its place for a subclass of Tensor.
ToneMapper = Callable[[Tensor], Any]
"""Radiance `(B, 3, H, W)` to display values in [0, 1], same shape; such as `hdrgen.tonemap.reinhard2002`."""
Merge = Callable[[Tensor, Tensor], Any]
"""Stack `(B, S, 3, H, W)` and EV `(S,)` to radiance `(B, 3, H, W)`; such as `hdrgen.methods.merging.merge_stack`."""
DOMAINS: dict[str, Domain] = {
    "stack_metrics": "display",
    "display_metrics": "display",
    "radiance_metrics": "radiance",
    "luminance_metrics": "luminance",
}
"""What the metrics of each group must take."""


class Judgement(NamedTuple):
    """What a protocol says about the HDR images of B scenes."""

    scores: list[Score]
    maps: dict[str, Tensor]
    """By name, what a metric says about each pixel, `(B, 1, H, W)`; such as HDR-VDP's probability of detection."""


APART = ("psnr_mu", "pu21_psnr", "delta_e_itp")
"""Metrics that hdrgen's own protocol gives of clipped and of other pixels apart."""


@dataclass(frozen=True)
class EvaluationProtocol:
    """Input, geometry, exposures, merge, alignment, tone mappers and metrics, with every parameter.

    Any method can be judged by any protocol on any data. What a method does not make (exposures that it does not offer,
    or all of them) and what the data lack (the HDR truth) is left out of the scores. Radiance is aligned first; then
    tone mappers and radiance metrics see it as the alignment left it, luminance metrics see it times `luminance`.

    A metric's headline number is called by its key, its other numbers by their own names; numbers of tone-mapped images
    begin with the key of the operator, as in `reinhard_psnr`.

    Args:
        name: Of the protocol, for the record.
        source: Where its settings come from: paper and section.
        headline: The number that ranks scenes, as `directions` calls it; None: the first of these.
        input_ev: The true exposure nearest to it, in stops relative to the reference, is the input.
        resize: Height and width, or the side of a square whatever the aspect was, to which true exposures and
            truth are resized before anything is computed; None keeps them.
        exposures: True exposures that are scored, in stops relative to the input, as far as the method can generate
            them; None: all.
        stack_ev: Exposures that are generated and merged, in stops relative to the input, as far as the method can
            generate them; None: the method's own. Methods that choose their exposures, or merge no stack, keep to
            their way.
        merge: Stack and EV to radiance; None: the method's own merge.
        truth: The scene's HDR image (`dataset`), one merged from all its true exposures as the result is
            (`merged`; of a stack of ranks, the scene's), or the latter where a scene has none (`dataset_or_merged`).
        align: Brings result and truth to one scale; see `hdrgen.metrics.alignment`.
        luminance: Of radiance 1 after alignment, in cd/m2.
        tone_mappers: Operators by name; None switches one off.
        stack_metrics: Of each generated exposure, by name; domain `display`.
        display_metrics: Of the HDR image after each tone mapper; domain `display`.
        radiance_metrics: Of the HDR image; domain `radiance`.
        luminance_metrics: Of the HDR image in cd/m2; domain `luminance`.
        crf_correction: Whether every number of the HDR image is given again, as `psnr_mu_crf`, after its global tone
            and colour have been fitted to the truth's (`correct_response`).
        clipped_apart: Radiance and luminance metrics that are given again for the pixels which are clipped in the
            input, and for the others: `psnr_mu_clipped` and `psnr_mu_unclipped`, with the truth in all others. For
            metrics of single pixels; those with windows see the seams.
    """

    name: str = "unnamed"
    source: str = ""
    headline: str | None = None
    input_ev: float = 0.0
    resize: int | tuple[int, int] | None = None
    exposures: Sequence[float] | None = None
    stack_ev: Sequence[float] | None = None
    merge: Merge | None = None
    truth: Literal["dataset", "merged", "dataset_or_merged"] = "dataset"
    align: ScaleAlignment = unaligned
    luminance: float = 1.0
    # Literal[None], and first: of the other orders jsonargparse writes a null that it cannot read again.
    tone_mappers: dict[str, Literal[None] | ToneMapper] = field(default_factory=dict)
    stack_metrics: Metrics = field(default_factory=dict)
    display_metrics: Metrics = field(default_factory=dict)
    radiance_metrics: Metrics = field(default_factory=dict)
    luminance_metrics: Metrics = field(default_factory=dict)
    crf_correction: bool = False
    clipped_apart: Sequence[str] = ()

    def __post_init__(self) -> None:
        _check(self)

    # -- before the method -----------------------------------------------------------------------------------------

    def prepared(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The batch with the protocol's input and size; EV and radiance count from the new input.

        Both display values and radiance are interpolated bilinearly with antialiasing: means over neighbours, in
        linear light for radiance, that never leave their range.
        """
        batch = batch if self.input_ev == 0 else _with_input(batch, self.input_ev)
        if self.resize is None:
            return batch
        height, width = (self.resize, self.resize) if isinstance(self.resize, int) else self.resize
        images = {key: batch[key] for key in ("ldr", "hdr") if key in batch}
        return batch | {key: _resized(value, (height, width)) for key, value in images.items()}

    # -- after it --------------------------------------------------------------------------------------------------

    def judge_stack(
        self, scenes: Sequence[str], stack: Tensor, truth: Tensor, ev: Tensor, checked: bool = True
    ) -> list[Score]:
        """Scores of generated exposures.

        Args:
            scenes: Names of the B scenes.
            stack: `(B, K, 3, H, W)`, display values.
            truth: Same shape.
            ev: `(B, K)`, stops relative to the input.
            checked: Whether NaN and the like are errors.

        Raises:
            InputError: With the scene's name: what no metric can judge, or images too small for one.
        """
        image, target, stops = stack.flatten(0, 1), truth.flatten(0, 1), [round(x, 3) for x in ev.flatten().tolist()]
        names = [scene for scene in scenes for _ in range(ev.shape[1])]
        if checked:
            labels = [f"{scene} at EV {value:+g}" for scene, value in zip(names, stops, strict=True)]
            image = check_images(image, target, labels, "display")
        numbers, _ = measured(self.stack_metrics, image, target, scenes)
        return listed(numbers, names, stops)

    def judge_hdr(
        self,
        scenes: Sequence[str],
        radiance: Tensor,
        truth: Tensor,
        checked: bool = True,
        source: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Judgement]:
        """Align reconstructed radiance and its truth, and score it.

        Args:
            scenes: Names of the B scenes.
            radiance: `(B, 3, H, W)`, linear.
            truth: Same shape.
            checked: Whether NaN, a black truth and the like are errors.
            source: The input, display values of the same shape, which says what is clipped; None: nothing is judged
                apart.

        Returns:
            Result and truth after alignment, and what is to be said of them.

        Raises:
            InputError: With the scene's name: what no metric can judge, or images too small for one.
        """
        image, target = promote(radiance), promote(truth)
        if checked:
            image = check_images(image, target, scenes)
        with naming(scenes):
            image, target = self.align(image, target)
            numbers, maps = self._of_hdr(image, target, scenes)
            if self.crf_correction:
                corrected = correct_response(image * self.luminance, target * self.luminance) / self.luminance
                again, _ = self._of_hdr(corrected, target, scenes)
                numbers |= {f"{name}{CORRECTED}": values for name, values in again.items()}
            scores = listed(numbers, scenes, [None] * len(scenes))
            if source is not None and self.clipped_apart:
                scores += self._apart(image, target, clipped_pixels(source), scenes)
        return image, target, Judgement(scores, maps)

    def _of_hdr(self, image: Tensor, target: Tensor, scenes: Sequence[str]) -> tuple[Numbers, Numbers]:
        """Numbers `(B,)` and maps of aligned radiance."""
        numbers, maps = measured(self.radiance_metrics, image, target, scenes)
        for name, operator in self.tone_mappers.items():
            if operator is not None:
                display, true_display = operator(image), operator(target)
                numbers |= measured(self.display_metrics, display, true_display, scenes, f"{name}_")[0]
        light = image * self.luminance, target * self.luminance
        absolute, more_maps = measured(self.luminance_metrics, *light, scenes)
        return numbers | absolute, maps | more_maps

    def _apart(self, image: Tensor, target: Tensor, clipped: Tensor, scenes: Sequence[str]) -> list[Score]:
        """Scores of the pixels that are clipped in the input, and of the others, of the scenes that have any."""
        scores = list[Score]()
        for name, part, there in parts_of(image, target, clipped):
            for scale, metrics in ((1.0, self.radiance_metrics), (self.luminance, self.luminance_metrics)):
                chosen = {key: metric for key, metric in metrics.items() if key in self.clipped_apart}
                numbers, _ = measured(chosen, part * scale, target * scale, scenes)
                own = {f"{key}{name}": numbers[key] for key, metric in chosen.items() if metric is not None}
                found = listed(own, scenes, [None] * len(scenes))
                having = {scene for scene, has in zip(scenes, there.tolist(), strict=True) if has}
                scores += [score for score in found if score["scene"] in having]
        return scores

    # -- what it is ------------------------------------------------------------------------------------------------

    def directions(self) -> dict[str, bool]:
        """The name of every number that the protocol can give, and whether higher is better."""
        groups = [("", self.luminance_metrics), ("", self.radiance_metrics)]
        groups += [(f"{name}_", self.display_metrics) for name, operator in self.tone_mappers.items() if operator]
        known = {
            f"{prefix}{name}": metric.better_higher(own)
            for prefix, metrics in [*groups, ("", self.stack_metrics)]
            for key, metric in metrics.items()
            if metric is not None
            for name, own in named_outputs(key, metric).items()
        }
        return known | self._variants(known)

    def _variants(self, known: Mapping[str, bool]) -> dict[str, bool]:
        """The numbers that are given again, as their names end."""
        whole = [name for name in known if name not in names_of(self.stack_metrics)] if self.crf_correction else []
        measured = {**self.radiance_metrics, **self.luminance_metrics}
        apart = [key for key in self.clipped_apart if measured.get(key) is not None]
        ends = [f"{name}{CORRECTED}" for name in whole]
        ends += [f"{key}{end}" for end in (CLIPPED, UNCLIPPED) for key in apart]
        return {name: known[_base(name)] for name in ends}

    def aside(self) -> list[str]:
        """The numbers that are not the headline of their metric: tables show them where they are asked for."""
        groups = (self.luminance_metrics, self.radiance_metrics, self.stack_metrics)
        own = ((key, named_outputs(key, one)) for group in groups for key, one in group.items() if one is not None)
        beside = [name for key, names in own for name in names if name != key]
        tone_mapped = (
            f"{operator}_{name}"
            for operator, function in self.tone_mappers.items()
            for key, one in self.display_metrics.items()
            if function is not None and one is not None
            for name in named_outputs(key, one)
            if name != key
        )
        aside = [*beside, *tone_mapped]
        return [*aside, *(f"{name}{CORRECTED}" for name in aside if self.crf_correction)]

    def settings(self) -> dict[str, Any]:
        """Every setting, as JSON has it; what a protocol does not ask for is not there, as in older records."""
        optional = ("crf_correction", "clipped_apart")
        parts = [part.name for part in fields(self) if part.name not in optional or getattr(self, part.name)]
        return {name: described(getattr(self, name)) for name in parts}


def _base(name: str) -> str:
    """The number that one is given again of."""
    end = next(end for end in (CORRECTED, UNCLIPPED, CLIPPED) if name.endswith(end))
    return name.removesuffix(end)


def _with_input(batch: dict[str, Any], ev: float) -> dict[str, Any]:
    relative = batch["ev"] - batch["ev"].gather(1, batch["ref"][:, None])
    reference = (relative - ev).abs().argmin(1)
    shift = batch["ev"].gather(1, reference[:, None])
    moved = batch | {"ref": reference, "ev": batch["ev"] - shift}
    return moved if "hdr" not in batch else moved | {"hdr": batch["hdr"] * shift.exp2()[..., None, None]}


def _resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(images.shape[-2:]) == size:
        return images
    flat = interpolate(images.float().flatten(0, -4), size, mode="bilinear", antialias=True)
    return flat.view(*images.shape[:-2], *size)


def _check(protocol: EvaluationProtocol) -> None:
    where = f"protocol {protocol.name}"
    for group, domain in DOMAINS.items():
        for key, metric in getattr(protocol, group).items():
            if metric is not None and metric.domain != domain:
                raise InputError(f"{where}: {group} take {domain} values, {key} takes {metric.domain} values")
    sizes = (protocol.resize,) if isinstance(protocol.resize, int) else protocol.resize or ()
    if any(size < 1 for size in sizes):
        raise InputError(f"{where}: expected a size of at least 1 pixel, found resize {protocol.resize}")
    if not (protocol.luminance > 0 and math.isfinite(protocol.luminance)):
        raise InputError(f"{where}: expected a positive luminance in cd/m2, found {protocol.luminance}")
    if protocol.stack_ev is not None and len(set(protocol.stack_ev)) < 2:
        raise InputError(f"{where}: expected two different exposures or more in stack_ev, found {protocol.stack_ev}")
    _check_names(protocol, where)


def _check_names(protocol: EvaluationProtocol, where: str) -> None:
    groups = (protocol.luminance_metrics, protocol.radiance_metrics, protocol.stack_metrics)
    names = [name for group in groups for key, metric in group.items() if metric for name in named_outputs(key, metric)]
    apart = {**protocol.radiance_metrics, **protocol.luminance_metrics}
    for key in protocol.clipped_apart:
        if key not in (*apart, *APART):  # a protocol that measures fewer gives fewer
            raise InputError(f"{where}: expected clipped_apart among {', '.join(apart)}, found {key}")
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{where}: two of its numbers are called {name}; give one of the metrics another key")
    known = protocol.directions()
    switched_off = [key for group in DOMAINS for key, metric in getattr(protocol, group).items() if metric is None]
    if protocol.headline is not None and protocol.headline not in (*known, *switched_off):
        raise InputError(f"{where}: expected a headline among {', '.join(known)}, found {protocol.headline}")
