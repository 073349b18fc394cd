"""Which commands of the documentation the tests run, and which they only read to the end, and why.

A command of hdrgen that no pattern here names is run. So a new one is run, or has to be named here.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import pairwise

TRAINED = "tests/cli/test_every_config.py trains every configuration, predicts and expands"
OVERLAYS = "real data, minutes; tests/test_experiments.py reads all overlays, tests/cli/test_overlays_run.py runs some"
PACKAGED = "seconds each; tests/weights/test_packaged.py runs every packaged network"
MERGED = "a training of its own; tests/commands/test_merge_learned.py runs it"
READ = {
    "quickstart": "a training; tests/commands/test_quickstart.py runs it",
    "fit --config * --data.train.root **": TRAINED,
    "fit --config * --data.train ProceduralScenes": TRAINED,
    "fit --config * --data.train MovingScenes": TRAINED,
    "fit --config hdr_gan --data.train Kalantari **": TRAINED,
    "fit --config santos2020 --model.* **": TRAINED,
    "predict --ckpt_path last.ckpt **": TRAINED,
    "expand photo.jpg --ckpt_path last* -o **": TRAINED,
    "expand photo.jpg --weights last.ckpt -o **": TRAINED,
    "expand photo.jpg --weights last.ckpt --model.* **": TRAINED,
    "fit --config * --config experiments/* **": OVERLAYS,
    "test --config experiments/* **": OVERLAYS,
    "leaderboard results --table markdown **": "numbers of the tests above it",
    "merge street/ --method * **": MERGED,
    "merge one.jpg two.jpg three.jpg --method * **": PACKAGED,
    "expand photo.jpg --weights [acdms]*": PACKAGED,
    "fit --config cevr_small --data.train PackedStacks **": "object storage; tests/data/shards trains on shards",
    "pack **": "object storage; tests/commands/packing runs it",
    "export --ckpt_path last.ckpt -o exported": "seconds of torch.export; tests/exporting runs it",
    "export --ckpt_path *.ckpt --half -o *": "the training before it; tests/exporting runs it",
    "fit --config cevr* --data.train* * --data.val.root VDS --trainer.strategy ddp **": "devices; see tests/ddp",
    "fit --config cevr_small --data.train ProceduralScenes --trainer.strategy ddp **": "two processes; see tests/ddp",
    "fit --config deep_synth_small * * --trainer.strategy sharded **": "two processes; see tests/ddp/test_sharding.py",
    "predict --weights inverse_camera --data.predict photos **": "several machines; see tests/ddp",
    "test --weights inverse_camera --data.test RenderedStacks --data.test.root HDRI --trainer.* **": "see tests/ddp",
    "* --model my_method.Bend **": "its class is in the notebook, which tests/test_notebooks.py runs",
}
"""Patterns of commands that are read to the end, word by word; `**` stands for the rest."""

ELSEWHERE = {
    "docs/adding.md": "tests/test_adding.py saves its classes and runs its commands",
    "docs/template/README.md": "tests/plugins builds the package, installs and tests it",
}
"""Pages whose commands need what the page says to write first: neither run nor read here."""

MADE = {
    "README.md": ["expanded/photo/photo.exr", "expanded/photo/photo_preview.jpg", "out.exr", "out.jpg"],
    "docs/getting_started.md": [
        *("photo.uhdr.jpg", "expanded/a/a.uhdr.jpg", "trained/photo/photo_ev-2.0.png", "predicted/b/b.hdr", "room.exr"),
        *("room_preview.jpg", "bracket_crf.json", "bracket_crf.svg", "room_drago2003.jpg", "view.html", "room.jpg"),
        *("exposures", "merged/one.exr", "hall.exr", "sets/set4.exr", "results/metrics.csv"),
    ],
    "docs/evaluation.md": ["mine.yaml", "theirs.html", "leaderboard.html", "numbers.csv", "results/ours/metrics.json"],
    "docs/weights.md": ["expanded_lhdr/photo/photo.exr", "predictions_cevr/photo/photo.exr", "mine.md"],
}
"""What the commands of a page say that they leave."""


def fits(words: Sequence[str], pattern: str) -> bool:
    """Whether a command is one of a pattern.

    >>> [fits(["fit", "--config", "cevr"], pattern) for pattern in ("fit --config *", "fit **", "fit *")]
    [True, True, False]
    """
    wanted = pattern.split()
    if wanted[-1] == "**":
        wanted, words = wanted[:-1], words[: len(wanted) - 1]
    return len(words) == len(wanted) and all(map(fnmatchcase, words, wanted))


# -- with less to do -----------------------------------------------------------------------------------------------

SHORT = [
    *("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"),
    "--data.num_workers=0",
]
LESS = {
    "fit": [
        *("--trainer.max_steps=2", "--trainer.limit_val_batches=1", "--trainer.log_every_n_steps=1"),
        *("--data.batch_size=1", "--grid.scenes=1"),
        *("--model.encoder_channels=[8,8]", "--model.exposure_channels=[8,8]"),
    ],
    "test": [],
    "predict": [],
}
"""By verb, what is put behind a command that is run, so that it has less to do."""
SMALL = {"RenderedStacks": ["size=32", "views=1"], "ProceduralScenes": ["size=32", "count=2"]}
"""By data set, arguments that make it small."""


def with_less_to_do(words: Sequence[str]) -> list[str]:
    """A command with fewer steps and smaller scenes, and otherwise as it was typed.

    >>> with_less_to_do(["test", "--data.test", "RenderedStacks"])[-3:]
    ['--data.test.size=32', '--data.test.views=1', '--evaluation=quick']
    """
    verb = words[0]
    if verb not in LESS:
        return list(words)
    small = [
        f"{option}.{argument}"
        for option, name in pairwise(words)
        if option in ("--data.train", "--data.val", "--data.test")
        for argument in SMALL.get(name, ())
    ]
    quick = ["--evaluation=quick"] if verb == "test" and "--evaluation" not in words else []
    return [*words, *SHORT, *LESS[verb], *small, *quick]
