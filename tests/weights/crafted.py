"""Weights that somebody made to do harm: what their arguments, entries and callbacks say, by name.

All of them would import the module `outsider`, open a connection, touch a file, or take memory and time without end, if
a reader believed them. `sizes` says how large the honest part is, so that a reader gets as far as possible.
"""

from __future__ import annotations

import inspect
import json
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import torch
from safetensors.torch import save_file

from hdrgen import methods
from hdrgen.methods import HDRModule
from hdrgen.weights import METHOD
from tests.methods.examples import EXAMPLES

HONEST = {"_class_path": "hdrgen.methods.HDRGAN", "channels": [6, 8], "adversarial_weight": 0}
ABSENT = object()
"""Of an honest argument, that it is left out."""
CURVE = {"class_path": "outsider.Curve"}
SPEC = json.dumps(CURVE)

ADDRESSES = [
    "outsider.Curve",
    "outsider.yaml",
    "./outsider.yaml",
    "~/outsider.yaml",
    "file://{folder}/outsider.yaml",
    "file:{folder}/outsider.yaml",
    "local://{folder}/outsider.yaml",
    "{folder}/outsider.yaml",
    "data:,class_path: outsider.Curve",
    "data:text/plain;base64,Y2xhc3NfcGF0aDogb3V0c2lkZXIuQ3VydmU=",
    "data://text/plain;base64,Y2xhc3NfcGF0aDogb3V0c2lkZXIuQ3VydmU=",
    "http://127.0.0.1:9/outsider.yaml",
    "https://127.0.0.1:9/outsider.yaml",
    "ftp://127.0.0.1:9/outsider.yaml",
    "github://a:b@main/outsider.yaml",
    "memory://outsider.yaml",
    "zip://outsider.yaml::file://{folder}/outsider.zip",
    "simplecache::file://{folder}/outsider.yaml",
    "filecache::file://{folder}/outsider.yaml",
    "blockcache::http://127.0.0.1:9/outsider.yaml",
    "reference://outsider.yaml::file://{folder}/outsider.json",
    "tar://outsider.yaml::file://{folder}/outsider.tar",
    "dir://{folder}::outsider.yaml",
    "s3://bucket/outsider.yaml",
    "-",
    "/dev/stdin",
]
TEXTS = [
    SPEC,
    "{class_path: outsider.Curve}",
    '"{class_path: outsider.Curve}"',
    '{"cl\\x61ss_path": "outsider.Curve"}',
    "!!python/object/apply:outsider.Curve []",
    "class_path: outsider.Curve\ninit_args: {}",
    "[{class_path: outsider.Curve}]",
    "--response=outsider.Curve",
    "__import__('outsider')",
    "${{outsider}}",
]
OBJECTS: list[Any] = [
    CURVE,
    {"class_path": "outsider.Curve", "init_args": {}},
    {"class_path": "hdrgen.camera.Sigmoid", "init_args": {"n": CURVE}},
    {"class_path": "hdrgen.camera.Sigmoid", "init_args": {"n": "outsider.Curve"}},
    {"class_path": "hdrgen.camera.outsider.Curve"},
    {"class_path": "hdrgen.camera.load_curves", "init_args": {"path": "outsider.yaml"}},
    {"class_path": "hdrgen.cli.main.main"},
    {"class_path": "torch.load", "init_args": {"f": "outsider.yaml", "weights_only": False}},
    {"class_path": "torch.hub.load", "init_args": {"repo_or_dir": "outsider", "model": "Curve"}},
    {"class_path": "os.system", "init_args": {"command": "touch owned"}},
    {"class_path": "builtins.exec", "init_args": {"source": "import outsider"}},
    {"class_path": "hdrgen.camera.Sigmoid", "dict_kwargs": {"n": CURVE}},
    {"class_path": ["outsider.Curve"]},
    {"class_path": None},
    {"__class__": "outsider.Curve"},
    [CURVE],
    (CURVE,),
    {"response": CURVE},
    {1: 2},
    b"outsider.Curve",
]
ARGUMENTS = ("response", "optimizer", "scheduler", "channels", "interval", "initial_weights")


def plant(folder: Path) -> None:
    """The module `outsider`, and files of every kind that name it."""
    (folder / "outsider.py").write_text("from hdrgen.camera import Gamma\nclass Curve(Gamma): pass\n")
    (folder / "outsider.yaml").write_text("class_path: outsider.Curve\n")
    (folder / "outsider.json").write_text(json.dumps({"outsider.yaml": "class_path: outsider.Curve"}))
    with zipfile.ZipFile(folder / "outsider.zip", "w") as archive:
        archive.write(folder / "outsider.yaml", "outsider.yaml")
    with tarfile.open(folder / "outsider.tar", "w") as archive:
        archive.add(folder / "outsider.yaml", "outsider.yaml")


def arguments(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Arguments of a method, as `hyper_parameters` hold them."""
    for name in ARGUMENTS:
        for text in [*ADDRESSES, *TEXTS]:
            yield f"{name} {text[:40]}", {name: text.replace("{folder}", str(folder))}
        for index, value in enumerate(OBJECTS):
            yield f"{name} object {index}", {name: value}
    yield "unknown argument", {"outsider": CURVE}
    yield "instantiator", {"_instantiator": "outsider.Curve"}
    for name in (
        "outsider.Curve",
        "os.system",
        "hdrgen.cli.main.main",
        "hdrgen.outsider.Curve",
        "",
        "hdrgen",
        3,
        CURVE,
    ):
        yield f"class {name}", {"_class_path": name}


def _unfolding(levels: int) -> list[Any]:
    """Few objects that stand for 10 to the power of `levels`."""
    value: list[Any] = [1]
    for _ in range(levels):
        value = [value] * 10
    return value


def _circle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def _deep(levels: int) -> list[Any]:
    value: list[Any] = [1]
    for _ in range(levels):
        value = [value]
    return value


def sizes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Arguments that unfold, nest or count without end."""
    yield "unfolding", {"channels": _unfolding(8)}
    yield "unfolding object", {"response": {"class_path": "hdrgen.camera.Sigmoid", "init_args": {"n": _unfolding(8)}}}
    yield "circle", {"channels": _circle()}
    yield "deep", {"channels": _deep(150)}
    yield "many levels", {"channels": [1] * 100_000}
    yield "many levels of some size", {"channels": [8] * 120}
    yield "too wide", {"channels": [20_000, 20_000]}
    yield "wide", {"channels": [10**9, 10**9]}
    yield "negative", {"channels": [-6, 8]}
    yield "zero", {"channels": [0, 0]}
    yield "beyond 64 bits", {"channels": [10**30, 8]}
    yield "thousands of digits", {"channels": [10**4000, 8]}
    yield "floats for integers", {"channels": [6.5, 8.5]}
    yield "not a number", {"adversarial_weight": float("nan")}
    yield "long text", {"interval": "x" * 10_000_000}
    yield "many arguments", {f"argument{index}": index for index in range(100_000)}
    yield "moments", {"moments": 10**9}
    yield "stack", {"stack_ev": [0.0] * 10**6}
    for cls in (getattr(methods, name) for name in methods.__all__):
        if inspect.isclass(cls) and issubclass(cls, HDRModule) and cls is not HDRModule:
            for name, parameter in inspect.signature(cls).parameters.items():
                if type(parameter.default) in (int, float):
                    left_out = {"channels": ABSENT, "adversarial_weight": ABSENT}
                    yield f"{cls.__name__} {name}", left_out | {"_class_path": cls.__name__, name: 2**31}


def counts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Of every method at its smallest, one number or list of numbers that is too large: what it counts comes first."""
    for example in EXAMPLES:
        small = {"_class_path": example.method.__name__, "channels": ABSENT, "adversarial_weight": ABSENT}
        small |= {name: [*value] if isinstance(value, tuple) else value for name, value in example.arguments.items()}
        for name, kind in get_type_hints(example.method.__init__).items():
            kinds = (kind, *get_args(kind))
            if Sequence[int] in kinds:
                yield f"{example.method.__name__} {name}", small | {name: [1, 2**31]}
            elif int in kinds:
                yield f"{example.method.__name__} {name}", small | {name: 2**31}


def entries() -> Iterator[tuple[str, dict[str, Any]]]:
    """Entries of the file itself that are not what Lightning writes."""
    for name in ("state_dict", "hyper_parameters", "hdrgen", "callbacks", "loops", "optimizer_states", "lr_schedulers"):
        values = ([], 3, "outsider.Curve", None, [CURVE], {"x": CURVE}, {1: 2}, _deep(150), True, torch.zeros(3))
        for index, value in enumerate((*values, {"x": _unfolding(8)}, [_unfolding(8)])):
            yield f"{name}, value {index}", {name: value}
    for version in (3, "", "x" * 99, "0.1.0", "1.4.9", "1.8.0", "99.0"):
        yield f"version {version}", {"pytorch-lightning_version": version}
    yield "repeated", {"state_dict": {"x": torch.zeros(1).expand(10**10)}}
    yield "nowhere", {"state_dict": {"x": torch.zeros(10**10, device="meta")}}
    yield "sparse", {"state_dict": {"x": torch.sparse_coo_tensor(size=(10**10,))}}
    yield "another network", {"state_dict": {"x": torch.zeros(3)}}
    yield "loops of numbers", {"loops": {"fit_loop": {"epoch_progress": 3, "state_dict": 3}}}
    yield "optimizer of nothing", {"loops": None, "optimizer_states": [{}], "lr_schedulers": [{}]}
    yield "score", {"last_psnr": [CURVE]}


def callbacks(outside: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """States of callbacks that name files to remove, or are no states."""
    key = "ModelCheckpoint{'monitor': 'val/psnr', 'mode': 'max', 'every_n_train_steps': 0, 'every_n_epochs': 1}"
    path = str(outside / "precious.ckpt")
    state = {
        "monitor": "val/psnr",
        "best_model_score": torch.tensor(-1e9),
        "best_model_path": path,
        "current_score": torch.tensor(-1e9),
        "dirpath": str(outside),
        "best_k_models": {path: torch.tensor(-1e9)},
        "kth_best_model_path": path,
        "kth_value": torch.tensor(-1e9),
        "last_model_path": path,
    }
    folder = {**state, "best_model_path": str(outside), "kth_best_model_path": str(outside)}
    yield "a file elsewhere", {"callbacks": {key: state, "ModelCheckpoint": state, "RunCheckpoint": state}}
    yield "a folder elsewhere", {"callbacks": {key: folder, "ModelCheckpoint": folder}}
    yield "dots", {"callbacks": {key: {**state, "kth_best_model_path": f"x/../../{outside.name}/precious.ckpt"}}}
    yield "a number", {"callbacks": 3}
    yield "a list", {"callbacks": [state]}
    yield "states that are none", {"callbacks": {key: 3, "LastCheckpoint": [1], "PlainProgress": "x"}}


def notes() -> Iterator[tuple[str, str]]:
    """What exported weights may say of their method that is no method, as the text in their header."""
    yield "no JSON", "{"
    yield "deep", "[" * 500_000
    yield "long", json.dumps({"class_path": "HDRGAN", "init_args": {"interval": "x" * 2**21}})
    yield "digits", '{"init_args": {"moments": 1' + "0" * 5000 + "}}"
    for value in ("[]", "3", "null", '"x"', '{"init_args": []}', '{"class_path": 3}', '{"class_path": null}'):
        yield value, value


def write(path: Path, state: dict[str, Any], changed: dict[str, Any], entry: bool = False) -> Path:
    """A Lightning checkpoint of an HDR-GAN, but for what is changed: arguments, or whole entries of the file."""
    content: dict[str, Any] = {
        "state_dict": state,
        "hyper_parameters": dict(HONEST),
        "pytorch-lightning_version": "2.6.6",
        "epoch": 0,
        "global_step": 0,
        "hdrgen": {"class_path": "hdrgen.methods.hdr_gan.module.HDRGAN"},
    }
    content |= changed if entry else {"hyper_parameters": _replaced(changed)}
    torch.save(content, path)
    return path


def exported(changed: dict[str, Any]) -> str:
    """The same as `hdrgen export` notes it in the header."""
    arguments = _replaced(changed)
    return json.dumps({"class_path": arguments.pop("_class_path"), "init_args": arguments}, default=str)


def write_exported(path: Path, state: dict[str, Any], note: str) -> Path:
    """Exported weights with what their header says of the method."""
    save_file(state, path, metadata={METHOD: note})
    return path


def _replaced(changed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (HONEST | changed).items() if value is not ABSENT}
