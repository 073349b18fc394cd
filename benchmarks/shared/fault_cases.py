"""The verbs as `benchmarks.faults` runs them."""

from typing import NamedTuple

CPU = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]
TOY = ["--model=tests.toys.ToyMethod"]
SCENES = ["--data.{}=ExposureStackFolder", "--data.{}.root=scenes"]
FIT = [
    "fit",
    *TOY,
    *CPU,
    "--data.batch_size=1",
    "--trainer.max_epochs=4",
    "--trainer.log_every_n_steps=1",
    *[each.format("train") for each in SCENES],
]
WEIGHTS = "--ckpt_path=weights.ckpt"


class Case(NamedTuple):
    """A verb as it is run here.

    Attributes:
        arguments: Of the command.
        files: What vanishes: the second file of this pattern, or the only one.
        bad: Arguments with which it meets NaN; none where it reads no numbers that can be.
        writes: Whether it writes files, all of them below `out`.
    """

    arguments: list[str]
    files: str
    bad: list[str]
    writes: bool = True


def evaluated(verb: str, part: str) -> list[str]:
    return [verb, *TOY, *CPU, *[each.format(part) for each in SCENES], "-o=out"]


CASES = {
    "fit": Case([*FIT, "-o=out"], "scenes/*/00.png", [*FIT, "-o=out", "--model.optimizer.lr=1e30"]),
    "validate": Case(evaluated("validate", "val"), "scenes/*/00.png", []),
    "test": Case(evaluated("test", "test"), "scenes/*/00.png", []),
    "predict": Case(
        ["predict", *TOY, *CPU, "--data.predict=photos", "-o=out"],
        "photos/*",
        ["predict", *TOY, *CPU, "--data.predict=bad.exr", "-o=out"],
    ),
    "expand": Case(
        ["expand", "photos", *TOY, WEIGHTS, "--device=cpu", "-o=out"],
        "photos/*",
        ["expand", "bad.exr", *TOY, WEIGHTS, "--device=cpu", "-o=out"],
    ),
    "export": Case(
        ["export", *TOY, WEIGHTS, "-o=out", "--formats=safetensors,pt2"],
        "weights.ckpt",
        ["export", *TOY, "--ckpt_path=nan.ckpt", "-o=out", "--formats=safetensors"],
    ),
    "merge": Case(["merge", "room", "-o=out/room.exr", "--preview"], "room/*", []),
    "crf": Case(["crf", "room", "-o=out/c.json"], "room/*", []),
    "expose": Case(["expose", "radiance", "-o=out"], "radiance/*", []),
    "tonemap": Case(["tonemap", "radiance", "-o=out"], "radiance/*", ["tonemap", "bad.exr", "-o=out"]),
    "compare": Case(
        ["compare", "radiance", "radiance", "--metrics=psnr_mu", "-o=out/c.csv"],
        "radiance/*",
        ["compare", "bad.exr", "bad.exr", "--metrics=psnr_mu", "-o=out/c.csv"],
    ),
    "report": Case(["report", "run", "-o=out/page.html"], "run/metrics.csv", []),
    "view": Case(
        ["view", "radiance/0.exr", "radiance/1.exr", "-o=out/page.html"],
        "radiance/*",
        ["view", "bad.exr", "-o=out/page.html"],
    ),
    "scenes": Case(["scenes", "ExposureStackFolder", "--data.test.root=scenes", "-o=out"], "scenes/*/00.png", []),
    "leaderboard": Case(["leaderboard", "results", "-o=out/board.html"], "results/*/metrics.csv", []),
    "info": Case(["info", "room"], "room/*", [], writes=False),
    "methods": Case(["methods"], "", [], writes=False),
    "metrics": Case(["metrics"], "", [], writes=False),
    "configs": Case(["configs"], "", [], writes=False),
    "doctor": Case(["doctor"], "", [], writes=False),
}
