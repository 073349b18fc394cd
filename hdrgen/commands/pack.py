"""`hdrgen pack`: a data set as shards, for trainings that read it from far away."""

import argparse
import shlex
from collections.abc import Sequence
from typing import Any

from hdrgen.cli import CommandParser
from hdrgen.errors import InputError

PARTS = ("train", "val", "test")


def parser(verb: str) -> CommandParser:
    """The arguments of this verb; it hands the others on to a training."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        usage=f"hdrgen {verb} DATASET [--data.train.ARGUMENT VALUE ...] -o DESTINATION [options]"
        f"\n       hdrgen {verb} --check DESTINATION",
        description="Write all exposures and the truth of every scene into shards: tar files of PNG and .npy, which"
        " WebDataset reads as well. DATASET is a class such as RenderedStacks; the other options are those of hdrgen"
        " fit. The same command goes on after an interruption: whole shards are kept.",
        epilog="Train on them: hdrgen fit --data.train PackedStacks --data.train.root DESTINATION",
    )
    options.add_argument("-o", "--output", metavar="DESTINATION", help="folder, or an address such as s3://bucket/name")
    options.add_argument("--check", metavar="DESTINATION", help="read all shards, and compare them with their manifest")
    options.add_argument("--config", metavar="FILE", help="of a training: just its scenes")
    options.add_argument(
        "--part", choices=PARTS, default="train", help="the scenes to pack, with their options (default: train)"
    )
    options.add_argument("--passes", type=int, default=1, help="epochs to pack: how often each scene is drawn (1)")
    options.add_argument("--jobs", type=int, help="processes that make samples (default: one for each core)")
    options.add_argument(
        "--shard",
        dest="share",
        type=_share,
        default=(1, 1),
        metavar="I/N",
        help="machine I of N packs its part of the shards; all are given the same DESTINATION",
    )
    options.add_argument("--shard-mib", type=float, default=64.0, help="size of a shard, about (64)")
    options.add_argument(
        "--radiance", choices=("half", "float"), default="half", help="truth as float16, to 1/2048, or as it is (half)"
    )
    options.add_argument("--terms", help="under which the data may be used, for the manifest")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Write shards, or check them.

    Raises:
        InputError: No data set or destination; scenes that cannot be read; shards that are damaged.
    """
    dataset = arguments[0] if arguments and not arguments[0].startswith("-") else None
    options, rest = parser(verb).parse_known_args(arguments[dataset is not None :])
    if options.check is not None:
        return _check(options.check, [*filter(None, [dataset]), *rest])
    if options.output is None:
        raise InputError("expected a destination, found none; pass -o FOLDER, or -o s3://bucket/name")
    from hdrgen.cli import parts_of_a_test  # Lightning
    from hdrgen.data import Packing, pack
    from hdrgen.fusion import available_cores

    given = [] if options.config is None else [f"--config={options.config}"]
    given += [] if dataset is None else [f"--data.{options.part}={dataset}"]
    parts = parts_of_a_test([*given, *rest], options.part)
    packing = Packing(
        seed=parts.seed,
        passes=options.passes,
        shard_mib=options.shard_mib,
        radiance=options.radiance,
        jobs=available_cores() if options.jobs is None else options.jobs,
        share=options.share,
        terms=options.terms,
        command=shlex.join(["hdrgen", verb, *arguments]),
    )
    done = pack(parts.scenes, options.output, parts.data, packing, print)
    print(f"{options.output}: {done.samples} samples in {done.shards} of {done.planned} shards")
    if done.complete:
        print(f"  hdrgen fit --data.train PackedStacks --data.train.root {shlex.quote(options.output)}")


def _check(destination: str, more: Sequence[str]) -> None:
    if more:
        raise InputError(f"--check takes a destination alone, found {shlex.join(more)} as well")
    from hdrgen.data import check_packed

    manifest: Any = check_packed(destination)
    print(f"{destination}: {manifest.plan.samples} samples in {manifest.plan.shards} shards are as they were packed")


def _share(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected a machine of how many, such as 1/4, found {text}")
    return int(number), int(count)
