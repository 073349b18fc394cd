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
from hdrgen.cli.main import main
from hdrgen.data import ProceduralScenes, SelectedExposures, collate
from hdrgen.errors import InputError
from hdrgen.exchange import WrittenResults, write_inputs
from hdrgen.io import read_image, write_image
from hdrgen.methods import HDRModule, LinearGain, source_of
from hdrgen.metrics import load_protocol
from tests.cli.toy_runs import CPU, error_of

SCENES = ["--data.test=ProceduralScenes", "--data.test.count=3", "--data.test.size=24"]
QUIET = [*CPU, "--grid.scenes=0", "--extremes.count=0"]


class OfOpenCV(HDRModule):
    """What OpenCV makes of a stack, without files in between: the radiance it merges, and a gain as exposures."""

    input = "bracket"

    def expose(self, image, ev):
        return (image[:, None] * torch.exp2(ev / 2)[:, None, None, None]).clamp(0, 1).mul(255).round() / 255

    def reconstruct(self, batch):
        merged = [merged_by_opencv(stack, ev) for stack, ev in zip(batch["ldr"], batch["ev"], strict=True)]
        return torch.stack([torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1) for image in merged])


def merged_by_opencv(stack, ev):
    """`(H, W, 3)` BGR."""
    codes = [(frame.permute(1, 2, 0).numpy()[..., ::-1] * 255).round().astype(np.uint8) for frame in stack]
    times = 2.0 ** np.asarray(ev, np.float32)
    return np.maximum(cv2.createMergeDebevec().process([np.ascontiguousarray(one) for one in codes], times), 0)


def run_by_opencv(inputs: Path, results: Path, suffix: str) -> None:
    """A program that knows the folder that `hdrgen scenes` writes, and nothing of hdrgen."""
    results.mkdir()
    for scene in json.loads((inputs / "scenes.json").read_text())["scenes"]:
        folder = inputs / scene["stack"]
        listed = [line.split(",") for line in (folder / "exposures.csv").read_text().splitlines()[1:]]
        frames = [cv2.imread(str(folder / file)) for file, _ in listed]
        times = np.float32([2.0 ** float(ev) for _, ev in listed])
        merged = np.maximum(cv2.createMergeDebevec().process(frames, times), 0)
        name = Path(scene["results"]["radiance"]).stem
        if suffix == ".npy":
            np.save(results / f"{name}.npy", merged[..., ::-1])
        else:
            options = [cv2.IMWRITE_TIFF_COMPRESSION, 1] if suffix == ".tif" else []
            cv2.imwrite(str(results / f"{name}{suffix}"), merged, options)
        photograph = cv2.imread(str(inputs / scene["photograph"]), cv2.IMREAD_UNCHANGED) / 255
        for ev, file in scene["results"]["exposures"].items():
            exposed = np.clip(photograph * 2 ** (float(ev) / 2), 0, 1)
            cv2.imwrite(str(results / file), np.rint(exposed * 255).astype(np.uint8))


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
        run_by_opencv(folder / "inputs", folder / suffix[1:], suffix)
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
