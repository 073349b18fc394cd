"""Every method under every protocol, on views of real panoramas: one table of the headline numbers.

Each cell is a `hdrgen test`; one that is in the output folder already is not run again, so that an interrupted table
goes on. Methods are given as NAME=CHECKPOINT. Needs a folder of .hdr panoramas and a file of response curves; says so
and stops without them.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.shared.baselines import BASELINES, add_scene_options, write_scenes
from benchmarks.shared.environment import print_environment
from hdrgen import configs
from hdrgen.cli.main import main as hdrgen

PROTOCOLS = [name for name in configs.protocol_names() if name != "quick"]
QUIET = ["--trainer.logger=false", "--trainer.enable_model_summary=false", "--trainer.enable_progress_bar=false"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", metavar="NAME=CHECKPOINT", help="beside the baselines")
    add_scene_options(parser, size=512, views=2)
    parser.add_argument("--protocols", nargs="+", default=PROTOCOLS, choices=configs.protocol_names())
    parser.add_argument("-o", "--output", type=Path, default=Path("protocols"), help="folder (%(default)s)")
    options = parser.parse_args()
    if not (options.hdri and options.curves):
        print("skipped: pass --hdri FOLDER --curves FILE")
        return 0
    print_environment()
    write_scenes(options, options.output)
    networks = {name: ["--ckpt_path", path] for name, path in (method.split("=", 1) for method in options.methods)}
    results = {
        name: {protocol: tested(name, arguments, protocol, options.output) for protocol in options.protocols}
        for name, arguments in (BASELINES | networks).items()
    }
    print(f"\n{markdown(results)}\n\neverything: {options.output}/*/*/metrics.json")
    return 0


def tested(name: str, arguments: Sequence[str], protocol: str, output: Path) -> dict[str, Any]:
    """What `metrics.json` says of one method under one protocol."""
    folder = output / protocol / name.replace(" ", "_")
    if not (folder / "metrics.json").is_file():
        print(f"\n{name}", flush=True)
        scenes = ["--config", str(output / "scenes.yaml"), *arguments, "--evaluation", protocol]
        if status := hdrgen(["test", *scenes, *QUIET, "-o", str(folder)]):
            raise SystemExit(status)
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return metrics


def markdown(results: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """A row for each method, a column for each protocol: mean and deviation of its headline, and that of HDR-VDP."""
    protocols = {name: metrics["protocol"] for row in results.values() for name, metrics in row.items()}
    columns = {
        protocol: list(dict.fromkeys([settings["headline"], "hdr_vdp2_q"])) for protocol, settings in protocols.items()
    }
    titles = [f"{protocol} {metric}" for protocol, metrics in columns.items() for metric in metrics]
    lines = ["| " + " | ".join(["method", *titles]) + " |", "|" + "---|" * (1 + len(titles))]
    for name, row in results.items():
        cells = [cell(row[protocol], metric) for protocol, metrics in columns.items() for metric in metrics]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def cell(metrics: Mapping[str, Any], metric: str) -> str:
    """`mean ± deviation`, or a dash where the method has no such number."""
    if metric not in metrics["means"]:
        return "-"
    return f"{metrics['means'][metric]['mean']:.2f} ± {metrics['deviations'][metric]['mean']:.2f}"


if __name__ == "__main__":
    sys.exit(main())
