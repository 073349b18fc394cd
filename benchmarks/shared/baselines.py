"""What trained networks are compared with, and the views of real panoramas that they are compared on."""

import argparse
from pathlib import Path

import yaml

BLIND = {
    "unchanged input": ["--model", "UnchangedInput"],
    "linear gain, gamma 2.2": ["--model", "LinearGain"],
    "linear gain, sRGB": ["--model", "LinearGain", "--model.response", "SRGB"],
    "linear gain, sigmoid": ["--model", "LinearGain", "--model.response", "Sigmoid"],
}
"""Baselines that know no more than the networks do, as arguments of `hdrgen test`.

Gamma 2.2 alone is a weak opponent: the mean of measured cameras, the sigmoid (0.9, 0.6) of HDRCNN, has 3 dB more.
"""
BASELINES = BLIND | {"linear gain, true curve (oracle)": ["--model", "LinearGain", "--model.oracle", "true"]}

AS_IN_TABLES = "--evaluation.radiance_metrics.psnr_mu.beyond_peak=clip"
"""PSNR-mu of the tables in docs/results.md, which are older than scores beyond the peak."""


def add_scene_options(parser: argparse.ArgumentParser, *, size: int, views: int) -> None:
    """The options that `write_scenes` takes, with these defaults."""
    parser.add_argument("--hdri", type=Path, help="folder of panoramas to test on")
    parser.add_argument("--curves", type=Path, help="DoRF file; the held-out fifth of its curves is used")
    parser.add_argument("--size", type=int, default=size, help="of the test views in pixels (%(default)s)")
    parser.add_argument("--views", type=int, default=views, help="of each test panorama (%(default)s)")


def write_scenes(options: argparse.Namespace, folder: Path) -> Path:
    """Write the test scenes as a configuration of the data module, `folder/scenes.yaml`; returns the file."""
    camera = {"curves": str(options.curves), "curves_fold": "test"}
    arguments = {"root": str(options.hdri), "size": options.size, "views": options.views, "camera": camera}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "scenes.yaml"
    scenes = {"data": {"test": {"class_path": "RenderedStacks", "init_args": arguments}}}
    path.write_text(yaml.safe_dump(scenes), encoding="utf-8")
    return path
