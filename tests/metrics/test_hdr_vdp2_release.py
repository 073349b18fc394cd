"""The numbers of the HDR-VDP releases, where the local data holds them."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from hdrgen.metrics import hdr_vdp2
from hdrgen.metrics.hdr_vdp2 import Observer
from tests.metrics.test_hdr_vdp2 import RGB_TO_XYZ, tensors


def release_rows(shared):
    folder = shared / "reference" / "hdrvdp2"
    if not folder.is_dir():
        pytest.skip(f"no reference values of HDR-VDP at {folder}")
    rows = json.loads((folder / "references.json").read_text())["results"]
    return folder, rows


def observer_of(options):
    """The release's options, as text in the file of references."""
    observer = Observer()
    for name, values in {
        "surround_l',-1": {"surround": None},
        "surround_l',10": {"surround": 10.0},
        "do_masking": {"masking": False},
        "do_mtf": {"optics": False},
        "do_spatial_pooling": {"spatial_pooling": False},
        "peak_sensitivity": {"peak_sensitivity": 2.0},
        "rod_sensitivity": {"rod_sensitivity": -0.5},
    }.items():
        if name in options:
            observer = replace(observer, **values)
    return observer


def judge(folder, row, dtype):
    def load(name):
        image = np.load(folder / row[name]).astype(np.float64)
        if row["input_mode"] == "lum":
            image = image @ np.array([[0.2126], [0.7152], [0.0722]])
        elif row["input_mode"] == "xyz":
            image = image @ RGB_TO_XYZ.T
        return image

    images = tensors(load("test"), load("ref"), dtype=dtype)
    display = next((name for name in ("led-lcd", "crt") if name in row["options"]), None)
    with torch.inference_mode():
        return hdr_vdp2(
            *images, row["ppd"], encoding=row["encoding"], display=display, observer=observer_of(row["options"])
        )


@pytest.mark.parametrize(
    ("dtype", "step", "tolerance"), [(torch.float64, 11, 1e-9), (torch.float32, 4, 0.005)], ids=["float64", "float32"]
)
def test_numbers_are_those_of_the_release(shared, dtype, step, tolerance):
    """A part of the rows, with every option; `benchmarks/hdr_vdp2.py` has all."""
    folder, rows = release_rows(shared)
    chosen = [row for n, row in enumerate(rows) if n % step == 0 or row["options"]]
    for row in chosen:
        found, label = judge(folder, row, dtype), (row["job"], row["options"])
        assert found.q.item() == pytest.approx(row["Q"], abs=tolerance), label
        assert found.c_max.item() == pytest.approx(row["C_max"], rel=1e-3), label
        assert found.p_map.mean().item() == pytest.approx(row["P_map_mean"], abs=2e-3), label
        if "v220" in row:
            assert found.q_mos_220.item() == pytest.approx(row["v220"]["Q_MOS"], abs=0.01), label


def test_the_map_is_that_of_the_release(shared):
    folder, rows = release_rows(shared)
    name = "bridge256__noise_rel_0p1##rgb-bt.709##ppd1080"
    (row,) = (row for row in rows if row["job"] == name)
    stages = np.load(folder / "stages_bridge256_noise_rel_0p1_rgb709_ppd32.npz")
    found = judge(folder, row, torch.float64).p_map[0, 0].numpy()
    np.testing.assert_allclose(found, stages["P_map"], atol=1e-4)
