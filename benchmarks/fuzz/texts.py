"""Parsers of text that are hdrgen's own."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path

from benchmarks.fuzz.scratch import file_of, scratch
from tests.mutated import LISTED, seeds


def listed(content: bytes) -> None:
    """The first byte chooses the kind of list."""
    from hdrgen.io import read_exposure_list

    name = ("exposures.csv", "exposures.json", "exposure.txt")[content[0] % 3 if content else 0]
    for image in LISTED:
        if not (scratch() / image).exists():
            file_of(b"", image)
    for entry in read_exposure_list(file_of(content[1:], name)).values():
        assert entry.exposure.stops is not None


def _lists() -> list[bytes]:
    return [bytes((at,)) + content for at, content in enumerate(seeds("exposure lists").values())]


def named(content: bytes) -> None:
    """A file's name, of 255 bytes at most."""
    from hdrgen.io import exposure_from_name

    exposure_from_name(Path("folder_1_2_3_x") / content[:255].replace(b"\0", b"").decode("utf-8", "replace"))


def curves(content: bytes) -> None:
    """The first byte chooses the kind of file."""
    from hdrgen.camera import load_response
    from hdrgen.camera.curve_files import emor_curve

    kind = content[0] % 4 if content else 0
    path = file_of(content[1:], ("a.json", "a.txt", "a.mat", "emor.txt")[kind])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == 3:
            emor_curve((0.1, -0.2), path)
        else:
            load_response(path)


def _curves() -> list[bytes]:
    from io import BytesIO

    import scipy.io

    line = [0.0, 0.25, 0.5, 1.0]
    record = {"name": "a", "irradiance": line, "brightness": line}
    mat = BytesIO()
    scipy.io.savemat(mat, {"I": [line], "B": [line]})
    words = " ".join(map(str, line))
    text = f"camera\ncurve\nI =\n{words}\nB =\n{words}\n"
    emor = "".join(f"{key} =\n{words}\n" for key in ("E", "f0", "h(1)", "h(2)"))
    whole = (json.dumps(record).encode(), text.encode(), mat.getvalue(), emor.encode())
    return [bytes((at,)) + content for at, content in enumerate(whole)]


def yaml(content: bytes) -> None:
    from hdrgen.plain_files import yaml_in

    yaml_in(content.decode("utf-8", "replace"), "a.yaml")


def report(content: bytes) -> None:
    """A run's folder; the first byte chooses the file that is not whole."""
    from hdrgen.reporting import read_runs, write_page

    files = _run()
    at = content[0] % len(files) if content else 0
    for number, (path, whole) in enumerate(files.items()):
        file_of(content[1:] if number == at else whole, f"run/{path}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_page(read_runs([scratch() / "run"]), scratch() / "page.html")


def _run() -> dict[str, bytes]:
    means = {"psnr": {"-1.0": 30.5, "mean": 31.0}}
    told = {"means": means, "deviations": means, "higher_is_better": {"psnr": True}, "scenes": 2, "protocol": {}}
    about = {"scene": "a", "metrics": means}
    return {
        "config.yaml": b"# pytorch_lightning==2.6\nmodel: &m {class_path: CEVR, init_args: {lr: 1e-3, ev: [1, 2]}}\n",
        "metrics.csv": b"epoch,step,train/loss\n0,1,0.5\n0,2,0.25\n",
        "software.json": json.dumps({"hdrgen": "1", "packages": {"torch": "2"}}).encode(),
        "test/metrics.json": json.dumps(told).encode(),
        "test/metrics.csv": b"scene,ev,metric,value\na,-1.0,psnr,30\nb,-1.0,psnr,31\n",
        "test/extremes/worst-1-a/scene.json": json.dumps(about).encode(),
    }


def _runs() -> list[bytes]:
    return [bytes((at,)) + content for at, content in enumerate(_run().values())]


def pairs(content: bytes) -> None:
    """Of DrTMO, and labels of SICE."""
    from hdrgen.data.datasets.drtmo import read_pairs
    from hdrgen.data.datasets.sice import read_labels

    path = file_of(content[1:], "pairs.csv")
    if content[:1] < b"\x80":
        read_pairs(scratch(), path)
    else:
        read_labels(path)


def _labelled() -> list[bytes]:
    return [b"\0x,x_exp,y,y_exp\na.png,0.25,b.png,0.5\n", b"\xff1_2_5.png, 2_1_4.png\n"]


TARGETS: dict[str, tuple[Callable[[bytes], object], Callable[[], list[bytes]]]] = {
    "lists": (listed, _lists),
    "names": (named, lambda: [b"t12_-3EV_true.jpg.png", b"ev+2.5.png", b"a.png"]),
    "curves": (curves, _curves),
    "yaml": (yaml, lambda: [b"a: &a [1, 2]\nb: *a\nc: !!timestamp 2001-12-14\nd: 1:2:3.5\n<<: {e: !!float 1e3}\n"]),
    "report": (report, _runs),
    "pairs": (pairs, _labelled),
}
"""What reads bytes, and whole inputs, by name."""
