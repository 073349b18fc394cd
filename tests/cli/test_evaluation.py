"""`--evaluation` through `main`: names, overrides, what is saved, what is written, what goes wrong."""

import csv
import json
from pathlib import Path

import pytest
import torch
import yaml

from hdrgen import configs
from hdrgen.cli.arguments import prepare
from hdrgen.cli.lightning import HDRCLI
from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.metrics import EvaluationProtocol, PSNRMu, load_protocol
from tests.toys import ToyMethod

CPU = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]
GAIN = ["--model=LinearGain", "--data.test=ToyScenes", *CPU]
FILE = "name: mine\nradiance_metrics:\n  psnr_mu:\n    class_path: PSNRMu\n    init_args: {mu: 100}\n"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def protocols(verb: str, *arguments: str) -> dict[str, EvaluationProtocol]:
    scenes = [f"--data.{part}=ToyScenes" for part in ("train", "val", "test")]
    typed = prepare([*scenes, "--model=ToyMethod", *CPU, "--trainer.fast_dev_run=true", *arguments])
    return HDRCLI([verb, *typed]).model.protocols


def error_of(arguments: list[str], capsys) -> str:
    capsys.readouterr()
    assert main(arguments) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hdrgen: error:")]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("verb", ["test", "fit"])
def test_ours_for_test_and_the_quick_one_for_validation(verb):
    made = protocols(verb)
    assert {stage: protocol.name for stage, protocol in made.items()} == {"test": "hdrgen", "val": "quick"}
    assert made["test"].settings() == load_protocol("hdrgen").settings()


def test_by_name_with_overrides_from_left_to_right():
    made = protocols(
        "test", "--evaluation", "le2023", "--evaluation.resize", "64", "--evaluation.align=hdrgen.metrics.align_mean"
    )
    expected = load_protocol("le2023").settings() | {"resize": 64, "align": "hdrgen.metrics.alignment.align_mean"}
    assert made["test"].settings() == expected


def test_parameters_of_metrics_and_operators():
    more = ["--evaluation.luminance_metrics.hdr_vdp2_q.ppd=45", "--evaluation.tone_mappers.reinhard2002.key=0.36"]
    settings = protocols("test", *more, "--evaluation.luminance_metrics.pu21_ssim=null")["test"].settings()
    assert settings["luminance_metrics"]["hdr_vdp2_q"]["ppd"] == 45
    assert settings["luminance_metrics"]["pu21_psnr"]["encoding"] == "banding_glare"
    assert settings["luminance_metrics"]["pu21_ssim"] is None
    assert settings["tone_mappers"]["reinhard2002"]["key"] == 0.36


def test_another_protocol_leaves_nothing_of_the_default():
    Path("mine.yaml").write_text(FILE)
    made = protocols("test", "--evaluation=mine.yaml", "--validation", "hdrgan2021")
    metric = made["test"].radiance_metrics["psnr_mu"]
    assert isinstance(metric, PSNRMu)
    assert metric.mu == 100
    expected = EvaluationProtocol(name="mine", radiance_metrics={"psnr_mu": PSNRMu(mu=100.0)})
    assert made["test"].settings() == expected.settings()
    assert made["val"].name == "hdrgan2021"


def test_a_config_may_change_single_settings():
    Path("overlay.yaml").write_text("evaluation:\n  resize: 32\n")
    made = protocols("test", "-c", "overlay.yaml")["test"]
    assert (made.name, made.resize, len(made.luminance_metrics)) == ("hdrgen", 32, 5)


def test_what_is_written():
    arguments = ["--evaluation=quick", "--evaluation.resize=24", "--evaluation.radiance_metrics.psnr_mu.mu=500"]
    assert main(["test", *GAIN, *arguments, "-o", "out"]) == 0
    written = json.loads(Path("out/metrics.json").read_text())
    assert written["protocol"]["resize"] == 24
    expected = {"class": "PSNRMu", "mu": 500, "peak_quantile": 0.999, "beyond_peak": "score"}
    assert written["protocol"]["radiance_metrics"]["psnr_mu"] == expected
    assert written["method"]["class_path"].endswith("LinearGain")
    assert written["data"] == {
        "class_path": "tests.toys.ToyScenes",
        "init_args": {"count": 4, "size": 16, "prefix": "toy"},
    }
    assert written["means"].keys() == written["deviations"].keys() == load_protocol("quick").directions().keys()
    assert written["software"]["packages"]["torch"]
    assert (
        len(list(Path("out/extremes").glob("worst-*.png"))) == len(list(Path("out/extremes").glob("best-*.png"))) == 2
    )
    lines = Path("out/metrics.csv").read_text().splitlines()
    rows = [row for row in csv.DictReader(lines) if row["metric"] == "psnr"]
    assert {(row["scene"], row["ev"]) for row in rows} == {(f"toy{i}", ev) for i in range(4) for ev in ("-1.0", "1.0")}
    saved = yaml.safe_load(Path("out/config.yaml").read_text())
    assert saved["evaluation"]["radiance_metrics"]["psnr_mu"]["init_args"]["mu"] == 500
    assert main(["test", "-c", "out/config.yaml", "-o", "again"]) == 0
    again = json.loads(Path("again/metrics.json").read_text())
    assert {key: again[key] for key in ("means", "protocol")} == {key: written[key] for key in ("means", "protocol")}


def test_a_saved_config_keeps_what_is_switched_off(capsys):
    off = ["--evaluation=quick", "--evaluation.tone_mappers.tm=null", "--evaluation.stack_metrics.l1=null"]
    assert main(["test", *GAIN, *off, "-o", "out"]) == 0
    assert "Unable to serialize" not in capsys.readouterr().err
    assert main(["test", "-c", "out/config.yaml", "-o", "again"]) == 0
    written, again = (json.loads(Path(folder, "metrics.json").read_text()) for folder in ("out", "again"))
    assert again["protocol"] == written["protocol"]
    assert again["protocol"]["tone_mappers"] == {"tm": None}


def test_a_protocol_without_metrics_is_told(capsys):
    Path("empty.yaml").write_text("name: empty\n")
    assert main(["test", *GAIN, "--evaluation=empty.yaml", "-o", "out"]) == 0
    assert "nothing to score: protocol empty has no metrics" in capsys.readouterr().out


def test_a_training_s_config_keeps_the_protocol_of_its_test():
    scenes = ["--data.train=ToyScenes", "--data.val=ToyScenes", "--data.test=ToyScenes", "--trainer.max_epochs=1"]
    assert main(["fit", "--model=ToyMethod", *scenes, *CPU, "--evaluation=quick", "--evaluation.name=mine"]) == 0
    assert main(["test", "-c", "runs/ToyMethod/version_0/config.yaml", "--ckpt_path=last", *CPU, "-o", "out"]) == 0
    written = json.loads(Path("out/metrics.json").read_text())
    assert written["protocol"]["name"] == "mine"
    assert written["ckpt_path"].endswith("last.ckpt")


def test_ours_on_tiny_scenes(capsys):
    assert main(["test", *GAIN, "--data.test.count=1", "-o", "out"]) == 0
    told = capsys.readouterr().out
    assert "means over 1 scenes, protocol hdrgen" in told
    assert "CRF corrected" in told
    aside = json.loads(Path("out/metrics.json").read_text())["aside"]
    assert {"psnr_mu_crf", "psnr_mu_clipped", "hdr_vdp2_c_max"} <= set(aside)
    assert {"hdr_vdp2_q", "pu21_psnr", "psnr_mu", "drago2003_psnr"} <= {
        line.split(" ")[0] for line in told.splitlines()
    }


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--evaluation=le2032"], "no protocol file and no packaged protocol 'le2032'; did you mean le2023?"),
        (["--validation", "quik"], "did you mean quick?"),
        (["--evaluation.resize=0"], "protocol hdrgen: expected a size of at least 1 pixel, found resize 0"),
        (["--evaluation.truth=none"], "expected one of 'dataset', 'merged', 'dataset_or_merged', found none"),
        (["--evaluation.radiance_metrics.x=PSNR"], "radiance_metrics take radiance values, x takes display values"),
        (["--evaluation.luminance_metrics.hdr_vdp2_q.pdp=3"], "did you mean --evaluation.luminance_metrics.ppd?"),
        (["--evaluation.luminance_metrics.x=PU21PSN"], "no class 'PU21PSN'; did you mean PU21PSNR?"),
        (["--evaluation.align=align_mean"], "expected an import path, such as hdrgen.metrics.align_mean"),
        (["--evaluation.tone_mappers.x=Drago2003"], "expected an import path, such as hdrgen.tonemap.Drago2003"),
        (["--evaluation.resise=3"], "did you mean --evaluation.resize"),
        (["--extremes.metric=psnr_nu"], "expected a number of the protocol"),
    ],
)
def test_mistakes_are_told_in_one_line(typed, told, capsys):
    assert told in error_of(["test", *GAIN, *typed, "-o", "out"], capsys)
    assert not Path("out/metrics.csv").exists()


def test_a_result_that_is_not_a_number_names_its_scene(monkeypatch, capsys):
    monkeypatch.setattr(ToyMethod, "reconstruct", lambda self, batch: torch.full_like(batch["hdr"], torch.nan))
    arguments = ["--model=ToyMethod", *CPU, "--data.test=ToyScenes", "--data.val=ToyScenes"]
    for verb in ("test", "validate"):
        told = error_of([verb, *arguments, "-o", "out"], capsys)
        assert "toy0: expected finite values in the result, found NaN or infinite 768 of 768" in told
    assert not Path("out/metrics.csv").exists()
    assert main(["fit", *arguments, "--data.train=ToyScenes", "--trainer.max_epochs=1", "--grid.scenes=0"]) == 0


def test_the_blank_protocol_is_no_choice():
    assert "defaults_protocol" not in configs.names()
    with pytest.raises(InputError, match="defaults_protocol"):
        prepare(["--evaluation=defaults_protocol"])
