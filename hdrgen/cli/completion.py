"""What a checkpoint, or weights by name, add to the command line of `fit`, `validate`, `test` and `predict`."""

import inspect
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from hdrgen import configs
from hdrgen.cli.arguments import (
    PROTOCOL_OPTIONS,
    as_value,
    beyond_the_value,
    config_files,
    in_configs,
    named_method,
    overlay_alone,
    value_of,
    without,
)
from hdrgen.cli.checkpoint_option import BOTH, results_folder
from hdrgen.data import StackDataset
from hdrgen.errors import InputError, suggest
from hdrgen.methods import HDRModule, method_in, without_files
from hdrgen.metrics import ImageMetric
from hdrgen.plain_files import OWN, read_text
from hdrgen.plugins import load_named_in, plugins
from hdrgen.tonemap import Operator
from hdrgen.weights import (
    RUNS,
    class_name_in,
    default_weights,
    find_checkpoint,
    read_checkpoint,
    subclasses,
    weights_in,
)

HELP = {"-h", "--help", "--print_config"}
"""Options that tell something and use no network."""
RESULTS = "--results"
"""Option that puts what another program wrote in the place of a method."""
WRITTEN = "hdrgen.exchange.WrittenResults"
"""The class that stands for it, imported when it is asked for."""
EXPORTED = ".safetensors"
"""Suffix of weights that `hdrgen export` wrote."""


def complete(arguments: list[str]) -> list[str]:
    """Put the method of `--ckpt_path` or `--weights` before what the user typed, so that all of that wins over it.

    A user who names another method than the checkpoint's gets that one, with nothing carried over.

    Args:
        arguments: The verb and what follows.

    Raises:
        InputError: A misspelt method, or a checkpoint that cannot be read.
    """
    verb, *rest = arguments
    if (folder := value_of(rest, RESULTS)) is not None:
        return [verb, *_results_as_method(verb, rest, folder)]
    named = named_method(rest)
    if named and "." not in named and named not in known_methods():
        raise InputError(_unknown_method(named))
    asked = asked_network(verb, rest, named)
    if asked is None:
        refuse_overlay_alone(rest)
        return arguments
    rest = without(without(rest, "--ckpt_path"), "--weights")
    if verb == "predict" and (folder := results_folder("predictions", asked)) != "predictions":
        rest = [f"--output={folder}", *rest]  # a saved configuration, or the user, may say another
    class_name = named.rpartition(".")[2] if named else None
    output = value_of(rest, "-o", "--output") if verb == "fit" else None
    runs = output or value_of(rest, "--trainer.default_root_dir") or run_of_config(rest) or RUNS
    path = find_checkpoint(asked, runs, class_name)
    if path is None and verb == "fit":
        print("hdrgen: no last.ckpt yet, starting from scratch", file=sys.stderr)
        return [verb, *rest]
    if path is None:
        of = f" of {class_name}" if class_name else ""
        raise InputError(f"no {asked}.ckpt{of} below {runs}; pass --ckpt_path FILE")
    path = weights_in(path)
    checkpoint = read_checkpoint(path)
    if verb == "fit" and path.suffix == EXPORTED:
        raise InputError(
            f"{path} holds weights alone, and a training goes on from more; pass --model.initial_weights {path}"
        )
    if class_name in (None, class_name_in(checkpoint)):
        method = method_in(checkpoint, path, import_path(named))
        if verb == "fit":
            method, left_out = without_files(method)
            tell_left_out(left_out, rest)
        # What looks like an address anywhere in the text would be opened as one.
        described = as_value(method).replace("://", "\\u003a//").replace("::", "\\u003a\\u003a")
        rest = [f"--model={described}", *rest]
    return [verb, *rest, f"--ckpt_path={path}", "--weights=null"]


def load_plugins(arguments: Sequence[str]) -> None:
    """Import the classes of other packages that the arguments name, or their configurations, so that these are known.

    What is not named is not imported.
    """
    protocols = [value for name in PROTOCOL_OPTIONS if (value := value_of(arguments, name))]
    files = [path for path in (*config_files(arguments), *map(Path, protocols)) if path.is_file()]
    text = "\n".join([*arguments, *(read_text(path, OWN, "replace") for path in files)])
    kinds = {"methods": HDRModule, "data": StackDataset, "metrics": ImageMetric, "tonemap": Operator}
    own = {cls.__name__ for kind in kinds.values() for cls in subclasses(kind) if cls.__module__.startswith("hdrgen.")}
    list(load_named_in(text, kinds, own))


def import_path(named: str | None) -> str | None:
    """Of the class that was typed: as it is, or where a package says that it has the method of that name."""
    if named is None or "." in named:
        return named
    return next((each.class_path for each in plugins("methods") if each.class_name == named), None)


def _results_as_method(verb: str, arguments: list[str], folder: str) -> list[str]:
    """The arguments with a method that gives back what is in the folder.

    Raises:
        InputError: Another verb than those that score, or a method beside it.
    """
    if verb not in ("test", "validate"):
        raise InputError(f"{RESULTS} {folder}: expected hdrgen test or validate, which score, found {verb}")
    for name in ("--model", "--ckpt_path", "--weights"):
        if (other := value_of(arguments, name)) is not None:
            raise InputError(
                f"expected results or a method, found {RESULTS} {folder} and {name} {other}; leave one out"
            )
    rest = without(arguments, RESULTS)
    return [*rest, f"--model={WRITTEN}", f"--model.folder={folder}", "--ckpt_path=null", "--weights=null"]


def run_of_config(arguments: Sequence[str]) -> Path | None:
    """The run whose saved configuration is the last among the arguments: `last` and `best` are its own then."""
    folders = [path.parent for path in config_files(arguments) if path.name.startswith("config")]
    return next((folder for folder in reversed(folders) if (folder / "checkpoints").is_dir()), None)


def asked_network(verb: str, arguments: Sequence[str], method: str | None) -> str | None:
    """The checkpoint or weights that were typed, or else weights of a configuration; to predict with none, the default.

    Raises:
        InputError: Both, or several; or no default weights in this installation.
    """
    for name in ("--ckpt_path", "--weights"):
        if more := beyond_the_value(arguments, name):
            raise InputError(
                f"{name}: expected one network, found also {', '.join(more[:3])}{', ...' if more[3:] else ''}; hdrgen"
                f" {verb} takes one at a time"
            )
    checkpoint, weights = (value_of(arguments, name) for name in ("--ckpt_path", "--weights"))
    if checkpoint is not None and weights is not None:
        raise InputError(BOTH)
    weights = weights if checkpoint or weights else in_configs(arguments, "weights")
    options = {argument.partition("=")[0] for argument in arguments}
    photographs = any(option.startswith("--data.predict") for option in options) and not options & HELP
    if (checkpoint, weights, method, verb) == (None, None, None, "predict") and photographs:
        return str(default_weights())
    return checkpoint or weights


def refuse_overlay_alone(arguments: Sequence[str]) -> None:
    """Raise where a configuration changes a method that nothing before it names.

    Raises:
        InputError: With what to type; of an experiment, the configuration of its group.
    """
    overlay = overlay_alone(arguments)
    if overlay is None or HELP & {argument.partition("=")[0] for argument in arguments}:
        return
    name = configs.experiment_of(overlay) or overlay
    near = next((part for part in name.split("/")[1:] if name != overlay and part in configs.names()), None)
    where = "" if near else "; `hdrgen configs` lists what METHOD may be"
    raise InputError(
        f"{name} is an overlay: it names no method, and changes that of a configuration before it; pass --config"
        f" {near or 'METHOD'} --config {name}{where}"
    )


def tell_left_out(files: dict[str, str], arguments: Sequence[str]) -> None:
    """Say which files a checkpoint names that were not opened, and that a training may need."""
    for name, path in files.items():
        if name != "initial_weights" and value_of(arguments, f"--model.{name}") is None:
            warnings.warn(
                f"{path!r} is named by the checkpoint, and not opened; pass --model.{name} FILE if it is yours",
                stacklevel=1,
            )


def _unknown_method(name: str) -> str:
    names = sorted(known_methods())
    return f"no method {name!r}{suggest(name, names)} (methods: {', '.join(names)})"


def known_methods() -> set[str]:
    """Class names that `--model` understands, those of other packages among them."""
    imported = {cls.__name__ for cls in subclasses(HDRModule) if not inspect.isabstract(cls)}
    return imported | {plugin.class_name for plugin in plugins("methods")}
