"""`hdrgen test` of several networks, such as one training with several seeds: a test of each, and what they come to."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from hdrgen.cli.arguments import OUTPUT_OPTIONS, beyond_the_value, value_of, without
from hdrgen.errors import InputError
from hdrgen.io import write_complete
from hdrgen.reporting import SEEDS, as_tables, read_boards, short_names

OPTIONS = ("--ckpt_path", "--weights")
VERBS = ("test", "validate")
_NOT_NAMING = "checkpoints"
"""A folder whose name says nothing of the run in it."""


def each_network(verb: str, arguments: Sequence[str]) -> tuple[str, list[str]] | None:
    """The option that names several networks, and these; None where there is one or none, or another verb."""
    for option in OPTIONS:
        more = beyond_the_value(arguments, option)
        first = value_of(arguments, option)
        if verb in VERBS and more and first is not None:
            return option, list(dict.fromkeys([first, *more]))
    return None


def score_each(
    verb: str,
    arguments: Sequence[str],
    option: str,
    networks: Sequence[str],
    run: Callable[[str, Sequence[str]], None],
    form: str = "text",
) -> None:
    """Test one network after the other, each in a folder of its own, and print means over them.

    Args:
        verb: `test`, or `validate`.
        arguments: What was typed after it.
        option: That names the networks.
        networks: As typed.
        run: Does one test with its arguments.
        form: Of the table, see `hdrgen.reporting.as_tables`.

    Raises:
        InputError: No folder for the results, or results in it; before the first test. And as of each test.
    """
    output = value_of(arguments, *OUTPUT_OPTIONS)
    if output is None:
        raise InputError(f"{option}: expected a folder for the results of {len(networks)} networks; pass -o FOLDER")
    folders = {network: Path(output) / name for network, name in zip(networks, folder_names(networks), strict=True)}
    if "--overwrite" not in arguments:
        for folder in folders.values():
            if (folder / "metrics.csv").exists():
                raise InputError(f"{folder / 'metrics.csv'} exists already; pass --overwrite, or another folder")
    rest = without(arguments, option, words=True)
    for network, folder in folders.items():
        print(f"\n{network}", flush=True)
        run(verb, [*rest, f"{option}={network}", f"{OUTPUT_OPTIONS[1]}={folder}"])
    about = {folder.name: network for network, folder in folders.items()}
    write_complete(Path(output) / SEEDS, json.dumps(about, indent=2) + "\n")
    print(f"\n{as_tables(read_boards(list(folders.values())), form)}")


def folder_names(networks: Sequence[str]) -> list[str]:
    """What tells the networks apart in their paths.

    >>> folder_names(["runs/CEVR/version_0/checkpoints/last.ckpt", "runs/CEVR/version_1/checkpoints/last.ckpt"])
    ['version_0_last', 'version_1_last']
    """
    paths = [
        Path(*(part for part in Path(network).parts if part != _NOT_NAMING)).with_suffix("") for network in networks
    ]
    return [name.replace("/", "_") for name in short_names(paths)]
