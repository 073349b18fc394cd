"""Damaged and hostile inputs for whatever reads files.

`TARGET ... --seconds N` grows inputs for some of hdrgen's own parsers, or `all`, by the code that they reach, for N
seconds in all. It needs atheris (`pip install atheris`), which is in no extra, since it has no wheels for some Pythons.
`mutations --count N --seed S` changes the structure of N whole files for each reader and reads them in child processes
with a limit of memory; it needs the extra `formats`. Whatever ends in neither a value nor one line is a finding; status
1 if there is any.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.fuzz import guided, mutations
from benchmarks.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "target", nargs="+", choices=[*TARGETS, "all", "mutations"], metavar="TARGET", help=", ".join(TARGETS)
    )
    parser.add_argument("--seconds", type=float, default=60, help="of guided fuzzing in all (%(default)s)")
    parser.add_argument("--count", type=int, default=10_000, help="of mutated files for each reader (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations (%(default)s)")
    parser.add_argument("--reader", action="append", choices=mutations.READERS, help="only this one; may be repeated")
    parser.add_argument(
        "--only", type=int, help="read the mutated file of this number again, and leave it in the folder"
    )
    parser.add_argument("--folder", type=Path, default=Path("fuzz"), help="for corpora and findings (%(default)s)")
    options = parser.parse_args()
    if options.target == ["mutations"]:
        readers = options.reader or list(mutations.READERS)
        if options.only is not None:
            print(mutations.once(readers[0], options.seed, options.only, options.folder))
            return 0
        return 1 if mutations.run(readers, options.count, options.seed, options.folder) else 0
    names = list(TARGETS) if options.target == ["all"] else options.target
    return 1 if guided.run(names, options.seconds / len(names), options.folder) else 0


if __name__ == "__main__":
    sys.exit(main())
