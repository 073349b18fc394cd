"""How a method is judged: what validation and test share, whatever the method, the protocol and the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse, TabulatedResponse
from hdrgen.data import Batch
from hdrgen.errors import InputError
from hdrgen.methods.merging import merge_stack
from hdrgen.metrics import EvaluationProtocol, Score

if TYPE_CHECKING:
    from hdrgen.methods.base import HDRModule


class Evaluation(TypedDict, total=False):
    """What validation and test hand to the callbacks, for a batch of B scenes.

    `batch` is what the method was given, in the protocol's size. `stack` `(B, K, 3, H, W)` holds the generated
    exposures, `truth` the true ones, `ev` `(B, K)` their values; the methods that generate none leave them out. `hdr`
    is the result and `true_hdr` its truth, on one scale; without a truth, the result as it is. `maps` is what metrics
    say about each pixel `(B, 1, H, W)`, by name.
    """

    scene: list[str]
    scores: list[Score]
    batch: Batch
    stack: Tensor
    truth: Tensor
    ev: Tensor
    hdr: Tensor
    true_hdr: Tensor
    maps: dict[str, Tensor]


def evaluate(method: HDRModule, batch: Batch, protocol: EvaluationProtocol, checked: bool = True) -> Evaluation:
    """Generate, reconstruct and score.

    Args:
        method: In evaluation mode.
        batch: Whole stacks.
        protocol: What the method is given, and how its results are scored.
        checked: Whether NaN and the like are errors.

    Raises:
        InputError: With the scene's name, for what cannot be scored.
    """
    batch = protocol.prepared(batch)
    scenes: list[str] = batch["scene"]
    result: Evaluation = {"scene": scenes, "batch": batch, "scores": [], "maps": {}}
    if method.generates and batch["ldr"].shape[1] > 1:
        stack, ev, truth = method.generate_targets(batch, protocol.exposures)
        if ev.numel():
            result |= {"stack": stack, "truth": truth, "ev": ev}
            result["scores"] += protocol.judge_stack(scenes, stack, truth, ev, checked)
    result["hdr"], wanted = method.reconstruct_under(batch, protocol), true_radiance(batch, protocol)
    if wanted is not None:
        result["hdr"], result["true_hdr"], told = protocol.judge_hdr(scenes, result["hdr"], wanted, checked)
        result["scores"] += told.scores
        result["maps"] = told.maps
    return result


def true_responses(batch: Batch) -> list[CameraResponse]:
    """The camera response of each scene, where the data set knows it.

    Raises:
        InputError: it does not.
    """
    if "inverse_response" not in batch:
        raise InputError(
            f"{batch['scene'][0]}: expected a scene that knows its camera response, as rendered and procedural ones do,"
            " found none; test on RenderedStacks or ProceduralScenes"
        )
    tables: Tensor = batch["inverse_response"]
    levels = torch.linspace(0, 1, tables.shape[1], device=tables.device)
    return [TabulatedResponse(table, levels, name="true response") for table in tables]


def true_radiance(batch: Batch, protocol: EvaluationProtocol) -> Tensor | None:
    """The truth `(B, 3, H, W)` of a batch's HDR images, as the protocol wants it; None where there is none."""
    hdr: Tensor | None = batch.get("hdr")
    mergeable = batch["ldr"].shape[1] > 1 and bool(batch["ev"].isfinite().all())
    if protocol.truth == "dataset" or not mergeable or (hdr is not None and protocol.truth != "merged"):
        return hdr
    merge = protocol.merge or merge_stack
    return torch.cat([merge(one[None], ev) for one, ev in zip(batch["ldr"], batch["ev"], strict=True)])
