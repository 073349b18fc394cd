"""`hdrgen test` of several methods on the same scenes, and one table of their results."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from hdrgen.text_table import text_table

HDR = "HDR"
"""Column of PSNR-mu; the other columns are PSNR at an exposure value."""

Table = dict[str, dict[str, float]]
"""Mean over scenes in dB, by method and column."""


def compare_methods(
    methods: Mapping[str, Sequence[str]], scenes: Sequence[str], output: Path, protocol: str = "quick"
) -> Table:
    """Run `hdrgen test` for every method, and gather the scores in `output/metrics.csv`.

    Args:
        methods: By name, the arguments that choose the method: `--model CLASS` or `--ckpt_path FILE`.
        scenes: Arguments that choose the data, the same for all, and what they change of the protocol.
        output: Folder; every method gets one of its own in `output/test`.
        protocol: Name or file of the evaluation protocol; the table needs its `psnr` and `psnr_mu`.
    """
    from hdrgen.cli.lightning import run as run_lightning
    from hdrgen.io import complete_or_nothing

    folders = {name: output / "test" / name.replace(" ", "_") for name in methods}
    for name, arguments in methods.items():
        print(f"\n{name}", flush=True)
        quiet = ["--trainer.logger=false", "--trainer.enable_model_summary=false", f"--evaluation={protocol}"]
        run_lightning("test", [*quiet, *scenes, *arguments, "-o", str(folders[name])])
    rows = [{"method": name} | row for name, folder in folders.items() for row in read_rows(folder / "metrics.csv")]
    with (
        complete_or_nothing(output / "metrics.csv") as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return mean_psnr(rows)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def mean_psnr(rows: Iterable[Mapping[str, str]]) -> Table:
    """Mean PSNR of every method at every exposure value, and mean PSNR-mu of its HDR images."""
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["metric"] == "psnr":
            values[row["method"]][f"{float(row['ev']):+.1f}"].append(float(row["value"]))
        elif row["metric"] == "psnr_mu":
            values[row["method"]][HDR].append(float(row["value"]))
    return {name: {column: fmean(x) for column, x in columns.items()} for name, columns in values.items()}


def exposure_columns(table: Table) -> list[str]:
    """The exposure values of a table, ascending."""
    return sorted({column for row in table.values() for column in row if column != HDR}, key=float)


def format_table(table: Table) -> str:
    """The table as text: a row per method; exposure values, the mean over those that the method makes, and HDR.

    >>> print(format_table({"network": {"-1.0": 30.0, "HDR": 25.0}, "unchanged input": {"-1.0": 14.06, "HDR": 20.0}}))
    PSNR (dB)        EV -1.0     mean      HDR
    network            30.00    30.00    25.00
    unchanged input    14.06    14.06    20.00

    >>> print(format_table({"dark": {"-1.0": 30.0, "HDR": 25.0}, "bright": {"+1.0": 20.0}, "merge": {"HDR": 40.0}}))
    PSNR (dB)  EV -1.0  EV +1.0     mean      HDR
    dark         30.00        -    30.00    25.00
    bright           -    20.00    20.00        -
    merge            -        -        -    40.00
    """
    columns = exposure_columns(table)
    rows = [["PSNR (dB)", *(f"EV {column}" for column in columns), "mean", HDR]]
    for name, row in table.items():
        generated = [row[column] for column in columns if column in row]
        numbers = [*map(row.get, columns), fmean(generated) if generated else None, row.get(HDR)]
        rows.append([name, *("-" if number is None else f"{number:.2f}" for number in numbers)])
    return "\n".join(text_table(rows, right=range(1, len(rows[0])), narrowest=7))  # as wide as "EV -1.0"
