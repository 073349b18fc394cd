"""What is typed means what it says: classes, and numbers of batches."""

import inspect
import warnings
from functools import reduce
from operator import or_
from typing import get_args

import pytest
from pytorch_lightning import Trainer

from hdrgen.cli.arguments import prepare
from hdrgen.cli.lightning import HDRCLI
from hdrgen.cli.main import main
from tests.cli.toy_runs import CPU, FIT, error_of

pytestmark = pytest.mark.usefixtures("own_folder")


def settled(*typed: str):
    """The settings of a command that runs nothing, and what they warn of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cli = HDRCLI(prepare([*typed, *CPU]), run=False)
    return cli.config, [str(each.message) for each in caught if "its own defaults" in str(each.message)]


def test_an_optimizer_in_the_place_of_another_has_its_own_defaults():
    config, told = settled("--model=ToyMethod", "--model.optimizer=AdamW")
    optimizer = config.model.init_args.optimizer
    assert optimizer.class_path == "torch.optim.AdamW"
    assert (optimizer.init_args.weight_decay, optimizer.init_args.lr) == (0.01, 0.001)  # those of torch
    assert told == ["AdamW starts from its own defaults; not kept from Adam: lr=0.01"]


def test_nothing_is_told_of_what_is_said_again():
    config, told = settled("--model=ToyMethod", "--model.optimizer=AdamW", "--model.optimizer.lr=0.3")
    assert config.model.init_args.optimizer.init_args.lr == 0.3
    assert not told


def test_scenes_in_the_place_of_others_have_their_own_defaults():
    config, told = settled("-c", "quickstart_scenes", "--model=ToyMethod", "--data.train=ToyScenes")
    assert vars(config.data.train.init_args) == {"count": 4, "size": 16, "prefix": "toy"}
    assert told == ["ToyScenes starts from its own defaults; not kept from ProceduralScenes: count=256, size=64"]


def test_the_same_class_again_keeps_what_was_set():
    config, told = settled("--model=ToyMethod", "--model.optimizer=torch.optim.Adam")
    assert config.model.init_args.optimizer.init_args.lr == 0.01
    assert not told


@pytest.mark.parametrize(("first", "second"), [(int, float), (float, int)])
def test_one_batch_is_one_batch_and_not_all_of_them(first, second, monkeypatch):
    annotations = inspect.unwrap(Trainer.__init__).__annotations__
    for name, annotation in list(annotations.items()):  # typing's cache may hand out either order
        if {first, second} <= set(get_args(annotation)):
            rest = [each for each in get_args(annotation) if each not in (first, second)]
            monkeypatch.setitem(annotations, name, reduce(or_, [second, *rest], first))
    limits = [f"--trainer.limit_{stage}_batches" for stage in ("train", "val", "test", "predict")]
    names = [*limits, "--trainer.overfit_batches", "--trainer.val_check_interval"]
    cli = HDRCLI(["--model=ToyMethod", *CPU, *(f"{name}=1" for name in names)], run=False)
    for name in names:
        value = cli.config[name[2:]]
        assert (type(value), value) == (int, 1), name
    cli = HDRCLI([*FIT, "--model=ToyMethod", *(f"{name}=1" for name in limits)])
    assert (cli.trainer.global_step, cli.trainer.num_val_batches) == (1, [1])


# -- methods that step their optimizers themselves ---------------------------------------------------------------------

GAN = ["--model=HDRGAN", "--model.channels=[4,4]", "--model.discriminator_channels=[4,4,4,4]"]


def test_clipping_reaches_a_method_that_steps_its_optimizers_itself():
    cli = HDRCLI([*GAN, *CPU, "--trainer.gradient_clip_val=0.5"], run=False)
    assert (cli.model.clipping.limit, cli.model.clipping.algorithm) == (0.5, "norm")
    assert cli.trainer.gradient_clip_val is None
    assert HDRCLI(["--model=ToyMethod", *CPU, "--trainer.gradient_clip_val=0.5"], run=False).model.clipping is None


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("--trainer.accumulate_grad_batches=2", "pass --trainer.accumulate_grad_batches 1 and a larger batch_size"),
        ("--trainer.gradient_clip_val=2", "expected one limit of gradients, found 2"),
    ],
)
def test_what_such_a_method_cannot_do_is_told_in_one_line(typed, told, capsys):
    fit = ["fit", *GAN, "--model.clip_value=1", "--data.train=MovingScenes", *CPU]
    assert told in error_of([*fit, typed], capsys)
    assert main([*fit, "--print_config"]) == 0
