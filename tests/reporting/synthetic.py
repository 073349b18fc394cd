"""Runs as `hdrgen fit` and `hdrgen test` leave them, made up."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.io import write_image

HIGHER = {"psnr": True, "l1": False, "psnr_mu": True}
PROTOCOL = {"name": "mine", "luminance": 100.0, "luminance_metrics": {"hdr_vdp2_q": {"class": "HDRVDP2", "ppd": 30}}}
SHAPE = (12, 20)


def made_test(
    folder: Path, offset: float = 0.0, scenes: Sequence[str] = ("a", "b"), more: int = 0, **about: Any
) -> Path:
    """The folder of a test whose PSNR and L1 are `offset` higher than those of another, on `more` scenes beside."""
    psnr = {"-1.0": 20.0 + offset, "1.0": 30.0 + offset, "mean": 25.0 + offset}
    numbers = {"psnr": psnr, "l1": {"-1.0": 0.1 + offset, "mean": 0.1 + offset}, "psnr_mu": {"mean": 40.0 - offset}}
    content = {
        "scenes": len(scenes),
        "means": numbers,
        "deviations": {metric: dict.fromkeys(values, 0.5) for metric, values in numbers.items()},
        "higher_is_better": HIGHER,
        "protocol": PROTOCOL,
        "method": {"class_path": "hdrgen.methods.Toy", "init_args": {"channels": 4}},
        "data": {"class_path": "hdrgen.data.VDS", "init_args": {"root": "vds"}},
        "ckpt_path": "runs/last.ckpt",
        "software": {"hdrgen": "0.1.0", "commit": "abc1234", "python": "3.11", "packages": {"torch": "2.13"}},
    }
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps(content | about))
    scored = (*scenes, *(f"more{at}" for at in range(more)))
    rows = [(scene, ev, "psnr", value) for scene in scored for ev, value in psnr.items() if ev != "mean"]
    rows += [(scene, "-1.0", "l1", 0.1 + offset) for scene in scored]
    rows += [(scene, "", "psnr_mu", 40.0 - offset) for scene in scored]
    _write_rows(folder / "metrics.csv", [("scene", "ev", "metric", "value"), *rows])
    (folder / "config.yaml").write_text("# hdrgen==0.1.0\nmodel:\n  class_path: Toy\n")
    for at, scene in enumerate(scenes):
        made_pictures(folder / "extremes" / f"{('worst', 'best')[at % 2]}-{at // 2 + 1}-scene{at}", scene, offset)
    return folder


def made_pictures(folder: Path, scene: str, offset: float = 0.0) -> None:
    rows, columns = np.meshgrid(*(np.linspace(0, 1, size) for size in SHAPE), indexing="ij")
    truth = np.stack([0.01 * 1000**columns, 0.02 + rows, np.full(SHAPE, 0.1)], axis=-1).astype(np.float32)
    write_image(folder / "truth.hdr", truth)
    write_image(folder / "result.hdr", np.minimum(truth * (1.25 + offset), 4))
    write_image(folder / "input.png", np.clip(truth, 0, 1))
    write_image(folder / "hdr_vdp2_p_map.png", rows.astype(np.float32))
    (folder / "scene.json").write_text(json.dumps({"scene": scene, "metric": "psnr_mu", "value": 40.0}))


def made_training(
    folder: Path, curves: Mapping[str, Sequence[float]], config: str = "model:\n  class_path: Toy\n"
) -> Path:
    folder.mkdir(parents=True)
    rows = [(0, step, *values) for step, values in enumerate(zip(*curves.values(), strict=True))]
    _write_rows(folder / "metrics.csv", [("epoch", "step", *curves), *rows])
    (folder / "config.yaml").write_text(f"# hdrgen==0.1.0 torch==2.13\n{config}")
    return folder


def _write_rows(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
