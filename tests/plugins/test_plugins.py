"""Classes of other packages join by entry points: listed by metadata, imported when named; broken ones end nothing."""

import importlib.util
import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import yaml

import hdrgen
from hdrgen import InputError
from hdrgen.cli.completion import load_plugins
from hdrgen.cli.main import main
from hdrgen.errors import InputWarning
from hdrgen.io import write_image
from hdrgen.metrics import ImageMetric
from hdrgen.plugins import GROUPS, class_named, plugins
from hdrgen.tonemap import Operator

TEMPLATE = Path(__file__).resolve().parents[2] / "docs/template"
QUIET = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]
METRIC = """
from hdrgen.metrics import ImageMetric

class Worst(ImageMetric):
    domain, higher_is_better, outputs, is_differentiable = "display", False, ("worst",), False
    reference = "none"

    def measure(self, image, target):
        return {"worst": (image - target).abs().amax((1, 2, 3))}
"""
SEVEN = {"count": 7, "size": 16, "prefix": "toy"}
SCENES = """
from tests.toys import ToyScenes

class FarScenes(ToyScenes):
    pass
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Where pip has installed the template, built from a copy of its sources."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copytree(TEMPLATE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run(
        [*pip, "--no-build-isolation", "--target", str(folder / "site"), str(folder / "source")],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return folder / "site"


@pytest.fixture
def template(site, tmp_path, monkeypatch) -> Path:
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """Installs a package of one module, with entry points."""

    def install(package, entries, source=""):
        (tmp_path / f"{package}.py").write_text(source)
        information = tmp_path / f"{package}-3.1.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 3.1\n")
        (information / "entry_points.txt").write_text(entries)

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return install


# -- the template ----------------------------------------------------------------------------------------------------


def test_methods_and_operators_of_packages_are_listed_without_importing_them(template, capsys):
    assert main(["methods"]) == 0
    *_, heading, line = capsys.readouterr().out.splitlines()
    assert heading.rstrip() == "of other packages"
    assert line.split() == ["TinyGain", "hdrgen-template", "0.1"]
    assert main(["methods", "--json"]) == 0
    entry = {"name": "TinyGain", "class_path": "hdrgen_template.tiny_gain.TinyGain", "package": "hdrgen-template 0.1"}
    assert json.loads(capsys.readouterr().out)[-1] == entry
    assert main(["tonemap", "--operators"]) == 0
    assert "power_law\n    of the package hdrgen-template 0.1; hdrgen tonemap --operator" in capsys.readouterr().out
    assert main(["doctor"]) == 0
    assert "hdrgen_template.tiny_gain.TinyGain (hdrgen-template 0.1)" in capsys.readouterr().out
    assert not [name for name in sys.modules if name.startswith("hdrgen_template")]


def test_the_tests_of_the_template_pass(template):
    specification = importlib.util.spec_from_file_location("test_template", TEMPLATE / "tests/test_template.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    tests = [test for name, test in vars(module).items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_its_method_is_trained_and_used_by_its_name(template):
    scenes = ["--data.train=ProceduralScenes", "--data.train.size=16", "--data.train.count=2", "--data.val=null"]
    assert main(["fit", "--model", "TinyGain", *scenes, *QUIET, "--data.batch_size=2", "--trainer.max_steps=2"]) == 0
    (saved,) = template.glob("runs/TinyGain/*/config.yaml")
    assert "class_path: hdrgen_template.tiny_gain.TinyGain" in saved.read_text()
    write_image(template / "a.png", np.full((8, 8, 3), 0.5))
    use = ["predict", "--data.predict=a.png", "--ckpt_path=last", *QUIET, "-o", "out"]
    assert main([*use, "--model=TinyGain"]) == 0
    assert len(list((template / "out").rglob("*.*"))) > 1


def test_a_misspelt_method_of_a_package_is_found(template, capsys):
    assert main(["fit", "--model", "TinyGian", *QUIET]) == 2
    assert "did you mean TinyGain?" in capsys.readouterr().err


def test_its_operator_maps_tones_by_its_name(template, capsys):
    radiance = np.random.default_rng(0).random((4, 4, 3), np.float32)
    write_image(template / "a.exr", radiance)
    assert main(["tonemap", "a.exr", "--operator", "power_law", "--white", "8", "-o", "a.png"]) == 0
    assert (template / "a.png").is_file()
    expected = np.clip(radiance / (8 * radiance.mean()), 0, 1) ** (1 / 2.2)
    made = hdrgen.tone_map(radiance, "power_law", white=8)
    np.testing.assert_allclose(np.asarray(made), expected, atol=1e-5)
    capsys.readouterr()
    assert main(["tonemap", "a.exr", "--operator", "powerlaw"]) == 2
    assert "did you mean power_law?" in capsys.readouterr().err


# -- any package -----------------------------------------------------------------------------------------------------


def test_a_metric_is_listed_and_measures_when_it_is_named(offer, tmp_path, capsys):
    offer("far_metrics", "[hdrgen.metrics]\nworst = far_metrics:Worst\n", METRIC)
    for name, value in (("a", 0.25), ("b", 0.75)):
        write_image(tmp_path / f"{name}.png", np.full((16, 16, 3), value))
    assert main(["metrics"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["worst", "far_metrics", "3.1"]
    assert main(["compare", "a.png", "b.png", "--metrics", "l1"]) == 0
    assert "far_metrics" not in sys.modules
    capsys.readouterr()
    assert main(["compare", "a.png", "b.png", "--metrics", "worst", "--json"]) == 0
    assert '"worst": 0.498' in capsys.readouterr().out
    assert main(["compare", "a.png", "b.png", "--metrics", "wosrt"]) == 2
    assert "did you mean worst?" in capsys.readouterr().err


def test_a_metric_joins_a_protocol_by_the_name_of_its_class(offer, capsys):
    offer("far_metrics", "[hdrgen.metrics]\nworst = far_metrics:Worst\n", METRIC)
    words = ["test", "--model=LinearGain", "--data.test=ProceduralScenes", "--evaluation.stack_metrics.far=Worst"]
    assert main([*words, "--print_config"]) == 0
    assert "class_path: far_metrics.Worst" in capsys.readouterr().out


@pytest.mark.parametrize("named_in", ["words", "file"])
def test_a_data_set_is_known_by_the_name_of_its_class(offer, tmp_path, capsys, named_in):
    offer("far_scenes", "[hdrgen.data]\nFarScenes = far_scenes:FarScenes\n", SCENES)
    (tmp_path / "far.yaml").write_text("data:\n  train:\n    class_path: FarScenes\n    init_args: {count: 7}\n")
    words = ["--config=far.yaml"] if named_in == "file" else ["--data.train=FarScenes", "--data.train.count=7"]
    assert main(["fit", "--model=LinearGain", *words, "--print_config"]) == 0
    settings = yaml.safe_load(capsys.readouterr().out)
    assert settings["data"]["train"] == {"class_path": "far_scenes.FarScenes", "init_args": SEVEN}


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("lost", "import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("ends", "raise SystemExit(3)", "SystemExit: 3"),
        ("empty", "", "AttributeError: module 'broken_empty' has no attribute 'Broken'"),
        (
            "kind",
            "class Broken: pass",
            "expected a subclass of hdrgen.metrics.image_metric.ImageMetric, found broken_kind",
        ),
    ],
)
def test_a_broken_package_is_one_line_that_names_it(offer, name, source, reason):
    offer(f"broken_{name}", f"[hdrgen.metrics]\n{name} = broken_{name}:Broken\n", source)
    with pytest.warns(InputWarning) as said:
        assert class_named("metrics", name, ImageMetric) is None
    (line,) = (str(each.message) for each in said)
    assert line.startswith(f"{name} of the package broken_{name} 3.1 cannot be used ({reason}")
    assert line.endswith("); update or remove that package")


def test_a_broken_package_ends_nothing(offer, capsys):
    offer("broken_method", "[hdrgen.methods]\nBroken = broken_method:Broken\n", "import no_such_module_at_all")
    assert main(["methods"]) == 0
    assert main(["fit", "--model=LinearGain", "--data.train=ProceduralScenes", "--print_config"]) == 0
    assert not capsys.readouterr().err
    assert main(["fit", "--model=Broken", "--data.train=ProceduralScenes", *QUIET]) == 2
    warning, error = capsys.readouterr().err.splitlines()
    assert warning.startswith("hdrgen: warning: Broken of the package broken_method 3.1 cannot be used (")
    assert error.startswith("hdrgen: error: ")


def test_hdrgens_own_names_stay_its_own(offer):
    entries = "[hdrgen.tonemap]\nreinhard2002 = other_tones:Own\n[hdrgen.metrics]\npsnr = other_tones:Own\n"
    offer("other_tones", entries, "raise RuntimeError('imported')")
    assert isinstance(hdrgen.tonemap.operator_named("reinhard2002", {}), Operator)
    assert hdrgen.metrics.metric_named("psnr") is hdrgen.metrics.PSNR
    with pytest.raises(InputError, match="no operator 'reinhard2020'"):
        hdrgen.tonemap.operator_named("reinhard2020", {})


@pytest.mark.parametrize(("group", "name"), [("methods", "LinearGain"), ("data", "ProceduralScenes")])
def test_classes_of_hdrgens_own_names_are_not_imported(offer, group, name):
    offer("other_classes", f"[hdrgen.{group}]\n{name} = other_classes:{name}\n", "raise RuntimeError('imported')")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_plugins(["--model=LinearGain", "--data.test=ProceduralScenes"])


def test_of_two_packages_with_one_name_the_first_counts(offer):
    for package in ("two_a", "two_b"):
        offer(package, f"[hdrgen.metrics]\nworst = {package}:Worst\n", METRIC)
    assert [each.package for each in plugins("metrics") if each.name == "worst"] == ["two_a 3.1"]
    assert class_named("metrics", "worst", ImageMetric).__module__ == "two_a"


def test_damaged_metadata_are_no_end_of_a_list(offer, capsys):
    offer("damaged_package", "[hdrgen.methods\nnonsense\n= = =\n")
    assert main(["methods"]) == 0
    assert "LinearGain" in capsys.readouterr().out
    assert all(each.group in GROUPS for each in plugins())
