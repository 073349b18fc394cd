"""Testing several methods on the same scenes, and one table of the results."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

HDR = "HDR"
"""Column of PSNR-mu; the other columns are PSNR at an exposure value."""

Table = dict[str, dict[str, float]]
"""Mean over scenes in dB, by method and column."""


def compare(
    methods: Mapping[str, Sequence[str]], scenes: Sequence[str], output: Path, protocol: str = "quick"
) -> Table:
    """Run `hdrgen test` for every method, and gather the scores in `output/metrics.csv`.

    Args:
        methods: By name, the arguments that choose the method: `--model CLASS` or `--ckpt_path FILE`.
        scenes: Arguments that choose the data, the same for all.
        output: Folder; every method gets one of its own in `output/test`.
        protocol: Name or file of the evaluation protocol; the table needs its `psnr` and `psnr_mu`.
    """
    from hdrgen.cli.lightning import run as train

    folders = {name: output / "test" / name.replace(" ", "_") for name in methods}
    for name, arguments in methods.items():
        print(f"\n{name}", flush=True)
        quiet = ["--trainer.logger=false", "--trainer.enable_model_summary=false", f"--evaluation={protocol}"]
        train("test", [*scenes, *arguments, *quiet, "-o", str(folders[name])])
    rows = [{"method": name} | row for name, folder in folders.items() for row in read_rows(folder / "metrics.csv")]
    with (output / "metrics.csv").open("w", newline="", encoding="utf-8") as file:
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
    width = max(len(name) for name in (*table, "PSNR (dB)"))
    lines = [
        f"{'PSNR (dB)':<{width}}" + "".join(f"{title:>9}" for title in [*(f"EV {c}" for c in columns), "mean", HDR])
    ]
    for name, row in table.items():
        made = [row[c] for c in columns if c in row]
        numbers = [*(row.get(c) for c in columns), fmean(made) if made else None, row.get(HDR)]
        lines.append(f"{name:<{width}}" + "".join(f"{'-':>9}" if x is None else f"{x:9.2f}" for x in numbers))
    return "\n".join(lines)
