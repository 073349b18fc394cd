"""The network that `--ckpt_path` and `--weights` of a light verb mean, and the words for those that merge."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hdrgen.errors import InputError

LEARNED_MERGES = {
    "hdr_gan": "HDRGAN",
    "ahdrnet": "AHDRNet",
    "safnet": "SAFNet",
    "hdr_transformer": "HDRTransformer",
    "deephdr": "DeepHDR",
    "nhdrrnet": "NHDRRNet",
    "kalantari2017": "Kalantari2017",
}
"""Class of each method that merges photographs, by its word; `tests/commands/test_merge_learned.py` compares."""
BOTH = "--weights and --ckpt_path both name a network; pass one of them"


def add_network_arguments(parser: ArgumentParser, what: str) -> None:
    """--ckpt_path and --weights, of which a user gives one.

    Args:
        parser: Of the verb.
        what: Is meant by them, for the help.
    """
    parser.add_argument(
        "--ckpt_path", "--ckpt-path", metavar="FILE", help=f"{what}: a checkpoint; last, best: of the newest run"
    )
    parser.add_argument(
        "--weights", metavar="NAME|FILE", help="the same, by a name that `hdrgen weights` lists, or a file of weights"
    )


def asked_network(options: Namespace) -> str | None:
    """What was typed for either; None where neither was.

    Raises:
        InputError: Both were.
    """
    if options.ckpt_path is not None and options.weights is not None:
        raise InputError(BOTH)
    asked: str | None = options.ckpt_path or options.weights
    return asked


def results_folder(start: str, asked: str | None) -> str:
    """Where results go unless said: those of weights that were named have a folder of their own.

    >>> results_folder("expanded", None), results_folder("expanded", "cevr"), results_folder("expanded", "a/last.ckpt")
    ('expanded', 'expanded_cevr', 'expanded')

    Args:
        start: Of its name.
        asked: What was typed for the network: a name of the catalogue, a file, or nothing.
    """
    no_name = asked is None or asked in ("last", "best") or Path(asked).name != asked or Path(asked).suffix
    return start if no_name else f"{start}_{asked}"


def trained_network(options: Namespace, default: bool = False) -> Path:
    """The file or exported folder that was asked for.

    Args:
        options: With those of `add_network_arguments`.
        default: Whether the default weights are taken where nothing was typed.

    Raises:
        InputError: See `asked_network` and `trained`; nothing was typed, or there are no default weights.
    """
    asked = asked_network(options)
    if asked is None and default:
        from hdrgen.weights import default_weights

        return default_weights()
    if asked is None:
        raise InputError(
            "the following arguments are required: --ckpt_path FILE, or --weights NAME; see hdrgen weights"
        )
    return trained(asked)


def trained(asked: str, method: str | None = None) -> Path:
    """The file or exported folder; `last` and `best` are those of the newest run below the usual folder.

    Args:
        asked: What was typed: a path, `last`, `best`, or a name of the catalogue.
        method: Class whose runs count, for `last` and `best`; None: any.

    Raises:
        InputError: No run there, or a word that stands for nothing.
    """
    from hdrgen.weights import RUNS, find_checkpoint  # with torch

    path = find_checkpoint(asked, RUNS, method)
    if path is None:
        of = f" of {method}" if method else ""
        raise InputError(f"no {asked}.ckpt{of} below {RUNS}; pass --ckpt_path FILE")
    return path


def word_of(method: str) -> str:
    """The word for a class of `hdrgen.methods`; of another, that of the first network.

    >>> word_of("AHDRNet")
    'ahdrnet'
    """
    return next((word for word, name in LEARNED_MERGES.items() if name == method), next(iter(LEARNED_MERGES)))
