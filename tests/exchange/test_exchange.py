"""Results of another program, OpenCV, get the numbers of the same pictures made by a method; and what it is given."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import tests.toys  # noqa: F401  # what is imported can be named by its class name alone
from benchmarks.merging.opencv_results import OfOpenCV, run_opencv
from hdrgen.cli.main import main
from hdrgen.data import ExposureStackFolder, ProceduralScenes, SelectedExposures, StackCamera, collate, write_stack
from hdrgen.errors import InputError
from hdrgen.exchange import WrittenResults, write_inputs
from hdrgen.io import read_image, write_image
from hdrgen.methods import LinearGain, source_of
from hdrgen.metrics import load_protocol
from tests.cli.toy_runs import CPU, error_of

SCENES = ["--data.test=ProceduralScenes", "--data.test.count=3", "--data.test.size=24"]
QUIET = [*CPU, "--grid.scenes=0", "--extremes.count=0"]


QUICK = load_protocol("quick")


@pytest.fixture(scope="module")
def batches():
    scenes = SelectedExposures(ProceduralScenes(count=3, size=24))
    return [collate([scenes[index]]) for index in range(3)]


@pytest.fixture(scope="module")
def opencv(tmp_path_factory) -> Path:
    """Folder with the inputs, and what OpenCV made of them in three formats."""
    folder = tmp_path_factory.mktemp("opencv")
    assert main(["scenes", "ProceduralScenes", *SCENES[1:], "--evaluation=quick", "-o", str(folder / "inputs")]) == 0
    for suffix in (".npy", ".tif", ".hdr"):
        run_opencv(folder / "inputs", folder / suffix[1:], suffix)
    return folder


def scores(method, batches, protocol=QUICK):
    method.protocols = {"test": protocol}
    found = [score for batch in batches for score in method.evaluate(batch, "test")["scores"]]
    return {(score["scene"], score["ev"], score["metric"]): score["value"] for score in found}


def test_pictures_that_opencv_wrote_get_the_numbers_of_the_same_pictures_from_a_method(opencv, batches):
    ours = scores(OfOpenCV(), batches)
    assert len(ours) == 3 * (8 * 3 + 3)
    assert scores(WrittenResults(str(opencv / "npy")), batches) == ours
    assert scores(WrittenResults(str(opencv / "tif")), batches) == ours
    # The mantissas of .hdr have 8 bits
    assert scores(WrittenResults(str(opencv / "hdr")), batches) == pytest.approx(ours, abs=0.1)


def test_the_command_line_gives_the_same_numbers_and_says_all_that_a_report_compares(opencv, batches, tmp_path, capsys):
    results = ["--results", str(opencv / "npy"), "--evaluation=quick"]
    assert main(["test", *results, *SCENES, *QUIET, "-o", str(tmp_path / "out")]) == 0
    assert "random weights" not in capsys.readouterr().err
    rows = [line.split(",") for line in (tmp_path / "out/metrics.csv").read_text().splitlines()[1:]]
    written = {(scene, float(ev) if ev else None, metric): float(value) for scene, ev, metric, value in rows}
    assert written == scores(OfOpenCV(), batches)
    said = json.loads((tmp_path / "out/metrics.json").read_text())
    assert said["method"]["init_args"]["folder"] == str(opencv / "npy")
    assert said["protocol"] == json.loads(json.dumps(QUICK.settings()))
    assert said["data"]["init_args"]["count"] == 3
    assert main(["scenes", "--config", str(tmp_path / "out/config.yaml"), "-o", str(tmp_path / "inputs")]) == 0
    for path in (tmp_path / "inputs").rglob("*.png"):
        assert path.read_bytes() == (opencv / path.relative_to(tmp_path)).read_bytes()


@pytest.fixture
def generated(tmp_path) -> Path:
    """Stacks of invented scenes, at exposures that no number of seven digits says."""
    scenes = SelectedExposures(ProceduralScenes(2, 24, camera=StackCamera(evs=(-8 / 3, -1.3, 0.0, 5 / 3))))
    for index in range(2):
        write_stack(scenes[index], tmp_path / "generated" / f"{index}")
        (tmp_path / "generated" / f"{index}" / "truth.exr").unlink()
    return tmp_path / "generated"


@pytest.fixture
def photographed(shared, tmp_path) -> Path:
    """The middle of every stack of photographs, 64 pixels in square."""
    stacks = SelectedExposures(ExposureStackFolder(str(shared / "data/stacks")))
    for sample in (stacks[index] for index in range(len(stacks))):
        top, left = ((side - 64) // 2 for side in sample["ldr"].shape[-2:])
        sample["ldr"] = sample["ldr"][..., top : top + 64, left : left + 64]
        write_stack(sample, tmp_path / "photographed" / sample["scene"])
    return tmp_path / "photographed"


@pytest.mark.parametrize("stacks", ["generated", "photographed"])
def test_stacks_that_opencv_merged_get_the_numbers_of_the_same_pictures_from_a_method(stacks, request, tmp_path):
    data = ExposureStackFolder(str(request.getfixturevalue(stacks)))
    protocol, selected = replace(QUICK, truth="merged"), SelectedExposures(data)
    write_inputs(data, protocol, tmp_path / "inputs")
    run_opencv(tmp_path / "inputs", tmp_path / "results")
    batches = [collate([selected[index]]) for index in range(len(data))]
    ours = scores(OfOpenCV(), batches, protocol)
    assert {scene for scene, *_ in ours} == {data.scene(index) for index in range(len(data))}
    assert scores(WrittenResults(str(tmp_path / "results")), batches, protocol) == ours


def test_the_manifest_says_exposures_as_exactly_as_the_stack_does(generated, tmp_path):
    write_inputs(ExposureStackFolder(str(generated)), QUICK, tmp_path)
    scene = json.loads((tmp_path / "scenes.json").read_text())["scenes"][0]
    listed = (tmp_path / scene["stack"] / "exposures.csv").read_text().splitlines()[1:]
    stops = [float(line.split(",")[1]) for line in listed]
    assert [np.float32(ev) for ev in scene["results"]["exposures"]] == [ev for ev in stops if ev != 0]


def test_a_protocol_that_resizes_gives_inputs_of_its_size_and_takes_results_of_both(opencv, batches, tmp_path):
    resizing = replace(QUICK, resize=16)
    write_inputs(ProceduralScenes(count=1, size=24), resizing, tmp_path / "inputs")
    small = cv2.imread(str(tmp_path / "inputs/photographs/procedural_0_00000.png"), cv2.IMREAD_UNCHANGED)
    assert (small.shape, small.dtype) == ((16, 16, 3), np.uint16)
    for path in (opencv / "npy").glob("*.npy"):
        image = torch.from_numpy(np.load(path).copy()).permute(2, 0, 1)[None]
        image = torch.nn.functional.interpolate(image, (16, 16), mode="bilinear", antialias=True)
        write_image(tmp_path / "reduced" / f"{path.stem}.exr", image[0].permute(1, 2, 0).numpy(), float32=True)
    full, reduced = (
        scores(WrittenResults(str(one)), batches, resizing) for one in (opencv / "npy", tmp_path / "reduced")
    )
    assert reduced == {key: value for key, value in full.items() if key[1] is None}


def test_exposures_as_predict_calls_them_score_as_the_method_that_made_them(batches, tmp_path):
    """Up to the rounding to 8 bits, and merged where there is no HDR image."""
    method = LinearGain()
    for batch in batches:
        name = batch["scene"][0]
        for ev in (-2.0, -1.0, 1.0, 2.0):
            exposed = method.generate(source_of(batch), torch.tensor([ev]))[0, 0].permute(1, 2, 0).numpy()
            write_image(tmp_path / name / f"{name}_ev{ev:+.1f}.png", exposed, bits=16)
    protocol = replace(load_protocol("le2023"), resize=None, luminance_metrics={}, display_metrics={})
    written = scores(WrittenResults(str(tmp_path)), batches, protocol)
    assert {key[2] for key in written if key[1] is None} == {"psnr_l", "ssim_l"}
    assert written == pytest.approx(scores(method, batches, protocol), abs=0.02)


def test_the_input_of_a_method_is_the_photograph_that_is_written(opencv, batches):
    written = read_image(opencv / "inputs/photographs/procedural_0_00001.png").as_float()
    assert np.array_equal(written, source_of(batches[1])[0].permute(1, 2, 0).numpy())


def without_a_scene(folder):
    for path in folder.glob("*_00001*"):
        path.unlink()


def without_a_picture(folder):
    (folder / "procedural_0_00001.npy").unlink()


def of_another_size(folder):
    np.save(folder / "procedural_0_00000.npy", np.ones((5, 7, 3), np.float32))


def of_display_values(folder):
    np.save(folder / "procedural_0_00000.npy", np.ones((24, 24, 3), np.uint8))


def without_one_exposure(folder):
    (folder / "procedural_0_00001_ev+1.0.png").unlink()


def of_nothing(folder):
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (without_a_scene, "expected results of procedural_0_00001, found none"),
        (without_a_picture, "procedural_0_00001: expected an HDR image in"),
        (of_another_size, "expected the size of scene procedural_0_00000, 24 x 24, found 7 x 5"),
        (of_display_values, "expected radiance, found display values"),
        (without_one_exposure, r"procedural_0_00001: expected the exposure EV \+1 in"),
        (of_nothing, "expected results such as SCENE.exr, SCENE.hdr or SCENE_ev.*, found none"),
    ],
)
def test_results_that_do_not_fit_are_told_in_one_line(opencv, batches, tmp_path, spoil, told):
    shutil.copytree(opencv / "npy", tmp_path / "results")
    spoil(tmp_path / "results")
    with pytest.raises(InputError, match=told):
        scores(WrittenResults(str(tmp_path / "results")), batches)


def test_scenes_without_results_are_told_before_any_is_scored(opencv, tmp_path, capsys):
    arguments = ["--results", str(opencv / "npy"), *SCENES, "--data.test.count=5", "--evaluation=quick", *QUIET]
    told = error_of(["test", *arguments, "-o", str(tmp_path / "out")], capsys)
    assert (
        "expected results of all 5 scenes, such as procedural_0_00003.exr, found none of procedural_0_00003, " in told
    )
    assert not (tmp_path / "out/metrics.csv").exists()


def test_results_are_no_method_and_no_training(opencv, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    results = ["--results", str(opencv / "npy")]
    assert "leave one out" in error_of(["test", *results, "--model=LinearGain", *SCENES], capsys)
    assert "which score, found fit" in error_of(["fit", *results, "--data.train=ToyScenes"], capsys)
    assert "expected scenes, found none" in error_of(["scenes", "-o", "in"], capsys)
    Path("in").mkdir()
    Path("in/scenes.json").touch()
    assert "exists already; pass --overwrite" in error_of(["scenes", "ToyScenes", "-o", "in"], capsys)
