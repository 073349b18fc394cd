"""What `pip install hdrgen` leaves out, nobody who merges and looks needs; what needs it, says how to get it."""

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hdrgen.cli.main import VERBS
from hdrgen.commands import doctor
from hdrgen.errors import TRAIN
from hdrgen.io import write_image
from hdrgen.tonemap import all_operators

ROOT = Path(__file__).parents[2]
BRACKET = ["1.png", "2.png", "3.png", "--ev=-2,0,2"]
LIGHT = [
    ["merge", *BRACKET, "-o", "a.exr", "--preview"],
    ["merge", *BRACKET, "-o", "b.exr", "--method", "robertson", "--response", "srgb", "--deghost", "--align", "mtb"],
    ["merge", *BRACKET, "-o", "c.png", "--method", "mertens", "--saturation", "0.5"],
    ["merge", *BRACKET, "-o", "d.jpg", "--preset", "vivid"],
    *(["tonemap", "a.exr", "-o", f"{name}.png", "--operator", name] for name in all_operators()),
    ["crf", *BRACKET, "-o", "a.json"],
    ["expose", "a.exr", "-o", "exposed"],
    ["info", *BRACKET[:3]],
    ["view", "a.exr", "-o", "a.html"],
    *([verb] for verb in ("methods", "metrics", "weights", "configs", "doctor")),
    *([verb, "--help"] for verb, entry in VERBS.items() if entry.module.startswith("hdrgen.commands")),
]
NETWORKS = {
    **{verb: [] for verb in ("fit", "validate", "test", "predict")},
    "quickstart": ["--no-training"],
    "expand": ["2.png"],
    "compare": ["a.exr", "a.exr"],
    "pack": ["FolderStacks", "-o", "packed"],
    "scenes": ["FolderStacks", "-o", "scenes"],
    "export": ["--weights", "inverse_camera"],
    "cache": ["."],
    "pairs": ["."],
}
CODE = """
import contextlib, io, json, sys


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in set(json.loads(sys.argv[2])):
            raise ModuleNotFoundError("No module named " + name, name=name)


sys.meta_path.insert(0, Missing())
import hdrgen
from hdrgen.cli.main import main

told = []
for arguments in json.loads(sys.argv[1]):
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        status = main(arguments)
    told.append([status, errors.getvalue()])
frames = [hdrgen.read(name) for name in ("1.png", "2.png", "3.png")]
told.append([hdrgen.tone_map(hdrgen.merge(frames, ev=[-2, 0, 2]).pixels, "reinhard2002").shape, ""])
for use in (lambda: hdrgen.load_program("exported"), lambda: hdrgen.load()):
    try:
        use()
    except hdrgen.InputError as error:
        told.append([2, str(error)])
print(json.dumps(told))
"""


def with_what_they_need(requirements):
    """The distributions that pip installs for some requirements, by their names in small letters with hyphens."""
    found, left = set(), list(map(Requirement, requirements))
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            found.add(name)
            left += map(Requirement, importlib.metadata.requires(name) or [])
    return found


def left_out():
    """The modules that are here, but would not be after `pip install hdrgen` in an empty environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    kept = with_what_they_need(project["dependencies"])
    modules = importlib.metadata.packages_distributions().items()
    return [name for name, owners in modules if name != "hdrgen" and not kept & set(map(canonicalize_name, owners))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bracket of three photographs."""
    folder = tmp_path_factory.mktemp("light")
    radiance = np.random.default_rng(0).uniform(0.05, 1, (24, 32, 3))
    for name, ev in zip("123", (-2, 0, 2), strict=True):
        write_image(folder / f"{name}.png", (np.clip(radiance * 2.0**ev, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def told(folder):
    """Exit status and errors of each command, where nothing can be imported that a plain installation leaves out."""
    commands = [*LIGHT, *([verb, *rest] for verb, rest in NETWORKS.items())]
    command = [sys.executable, "-c", CODE, json.dumps(commands), json.dumps(left_out())]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_merging_and_looking_need_none_of_the_extra(told):
    failed = {" ".join(words): error for words, (status, error) in zip(LIGHT, told, strict=False) if status != 0}
    assert failed == {}
    assert told[-3][0] == [24, 32, 3]
    assert told[-2][1].startswith("exported: expected an ONNX program"), "programs run without networks' packages"


def test_what_needs_it_says_in_one_line_what_to_install(told):
    expected = (
        "hdrgen: error: this needs the package {}, which `pip install hdrgen` leaves out; pip install 'hdrgen[train]'"
    )
    lines = {expected.format(package) for package in TRAIN.values()}
    refused = dict(zip(NETWORKS, told[len(LIGHT) :], strict=False))
    assert {verb: status for verb, (status, _) in refused.items()} == dict.fromkeys(NETWORKS, 2)
    assert {verb for verb, (_, error) in refused.items() if error.strip() not in lines} == set()
    assert told[-1][1].endswith("pip install 'hdrgen[train]'")


def test_what_stands_still_is_merged_and_shown_without_torch(folder):
    """Whose import would take longer than the merge."""
    ways = [[], ["--response", "srgb"], ["--deghost", "--fit-exposures"], ["--method", "linear", "--align", "mtb"]]
    ways += [["--method", "mertens", "--saturation", "1.2", "--overwrite", "-o", "fused.png"]]
    ways += [["--preset", "natural", "-o", "natural.png"]]
    operators = [name for name in all_operators() if name != "layer_decomposition"]
    pictures = [["0.exr", "--operator", name, "-o", f"light_{name}.png"] for name in operators]
    code = f"""
import sys

sys.modules["torch"] = None
from hdrgen.cli.main import main

merged = [main(["merge", *{BRACKET!r}, "-o", f"{{index}}.exr", *way]) for index, way in enumerate({ways!r})]
print(merged + [main(["tonemap", *words]) for words in {pictures!r}])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.stdout.rstrip().endswith(str([0] * len([*ways, *pictures]))), done.stderr


def test_so_it_is_in_python(folder):
    """From files, a folder, images that were read, and arrays of codes and of floats; what was merged is written."""
    code = f"""
import sys
import hdrgen, numpy as np

files, ev = {BRACKET[:-1]!r}, [-2, 0, 2]
images = [hdrgen.read(file) for file in files]
codes = [image.pixels for image in images]
hdrgen.merge(files, ev=ev)
hdrgen.merge(codes, ev=np.array(ev), align="mtb", response="srgb")
hdrgen.merge([code / 255 for code in codes], ev=ev, align="none", fit_exposures=True)
hdrgen.write("python.exr", hdrgen.merge(images, ev=ev, deghost=True, method="linear"))
for wrong in (dict(ev=["a", "b"]), dict(ev=[0]), dict(align="all"), dict(response=len), dict(white=0.5)):
    try:
        hdrgen.merge(codes, **wrong)
    except hdrgen.InputError:
        continue
    raise AssertionError(wrong)
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.stdout.rstrip() == "False", done.stderr


def test_what_is_left_out_here_is_what_the_extra_brings():
    assert set(TRAIN) <= set(left_out())
    assert not {"numpy", "torch", "PIL", "tqdm", "yaml"} & set(left_out())


def test_the_extra_is_what_errors_name_and_what_verbs_say_that_they_need():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {re.split(r"[^\w-]", requirement)[0] for requirement in extras["train"]} == set(TRAIN.values())
    assert {verb for verb, entry in VERBS.items() if entry.extra} == set(NETWORKS)
    assert {entry.extra for entry in VERBS.values()} == {"", "train"}


def test_doctor_says_which_verbs_lack_it(monkeypatch):
    version = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name in TRAIN.values() else version(name))
    line = next(line for line in doctor.examined()["missing"] if "hdrgen[train]" in line)
    assert line.startswith("pytorch-lightning, torchmetrics, kornia, jsonargparse: for quickstart, fit, ")
    assert all(verb in line for verb in NETWORKS)
