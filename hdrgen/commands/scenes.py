"""`hdrgen scenes`: the inputs of a test as files, for programs that are not hdrgen."""

from collections.abc import Sequence
from pathlib import Path

from hdrgen.cli import CommandParser, add_output_arguments, refuse_existing

OUTPUT = Path("scenes")


def parser(verb: str) -> CommandParser:
    """The arguments of this verb; it hands the others on to a test."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        usage=f"hdrgen {verb} DATASET [--data.test.ARGUMENT VALUE ...] [--evaluation NAME] [-o FOLDER] [--overwrite]",
        description="Write what a method is given in a test: FOLDER/photographs/SCENE.png, the exposures of each scene"
        " in FOLDER/stacks/SCENE, and in FOLDER/scenes.json the protocol's choices and how results are to be called."
        " DATASET is a class such as ProceduralScenes; the other options are those of hdrgen test.",
        epilog="Run any program on these files, and score what it wrote: hdrgen test --results RESULTS --data.test"
        " DATASET ...",
    )
    add_output_arguments(options, f"folder (default: {OUTPUT})")
    options.add_argument("--config", metavar="FILE", help="of a test, such as results/config.yaml: just its scenes")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Write the inputs of every scene.

    Raises:
        InputError: No data set; scenes that cannot be read; a folder that holds scenes already.
    """
    dataset = [f"--data.test={arguments[0]}"] if arguments and not arguments[0].startswith("-") else []
    options, rest = parser(verb).parse_known_args(arguments[len(dataset) :])
    folder: Path = options.output or OUTPUT
    refuse_existing([folder / "scenes.json"], options.overwrite)
    from hdrgen.cli import parts_of_a_test  # Lightning
    from hdrgen.exchange import write_inputs

    config = [] if options.config is None else [f"--config={options.config}"]
    test = parts_of_a_test([*config, *dataset, *rest])
    manifest = write_inputs(
        test.scenes, test.protocol, folder, seed=test.seed, about={"data": test.data}, progress=print
    )
    print(f"{manifest}: {len(test.scenes)} scenes, protocol {test.protocol.name}; score results with")
    print("  hdrgen test --results RESULTS and the same options")
