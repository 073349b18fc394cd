"""Weights spread over two processes (FSDP2): the same steps, half of the memory, the same checkpoints."""

from pathlib import Path

import pytest
import torch

from hdrgen.cli.main import main
from hdrgen.methods import DeepSynthHDRI, MultiExposureGeneration, load_method
from tests.ddp.processes import run_twice_over


@pytest.fixture(scope="module")
def fits(tmp_path_factory) -> Path:
    """One start for all trainings, since starting takes longest."""
    return run_twice_over("tests.ddp.sharded_run", tmp_path_factory.mktemp("sharded"), timeout=140)


def weights(folder: Path, name: str) -> dict[str, torch.Tensor]:
    return torch.load(folder / name / "last.ckpt", weights_only=True)["state_dict"]


@pytest.mark.ddp
@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    "pair", [("le_whole", "le_parts"), ("kim_whole", "kim_parts"), ("kim_whole_on", "kim_parts_on")]
)
def test_steps_in_parts_are_those_of_whole_networks(fits, pair):
    whole, parts = (weights(fits, name) for name in pair)
    assert whole.keys() == parts.keys()
    for name, expected in whole.items():
        torch.testing.assert_close(parts[name], expected, rtol=1e-5, atol=1e-7, msg=name)
    moved = weights(fits, pair[0].removesuffix("_on")) if pair[0].endswith("_on") else None
    assert moved is None or any(not torch.equal(moved[name], whole[name]) for name in whole)


@pytest.mark.ddp
@pytest.mark.timeout(150)
@pytest.mark.parametrize("method", ["le", "kim"])
def test_each_process_holds_half_of_the_weights_and_moments(fits, method):
    (all_weights, all_moments, scores), *_ = [torch.load(fits / f"{method}_whole_{rank}.pt") for rank in (0, 1)]
    parts = [torch.load(fits / f"{method}_parts_{rank}.pt") for rank in (0, 1)]
    assert sum(held for held, _, _ in parts) == all_weights
    assert sum(moments for _, moments, _ in parts) == all_moments == 2 * all_weights
    assert all(held == pytest.approx(all_weights / 2, rel=0.02) for held, _, _ in parts)
    assert all(found == pytest.approx(scores, rel=1e-5) for _, _, found in parts)


@pytest.mark.ddp
@pytest.mark.timeout(150)
@pytest.mark.parametrize(("name", "method"), [("le_parts", MultiExposureGeneration), ("kim_parts", DeepSynthHDRI)])
def test_their_checkpoints_are_those_of_one_process(fits, name, method):
    loaded = load_method(fits / name / "last.ckpt")
    assert type(loaded) is method
    assert all(torch.equal(value, loaded.state_dict()[key]) for key, value in weights(fits, name).items())


@pytest.mark.parametrize(
    ("method", "strategy", "told"),
    [
        (
            "CEVR",
            "sharded",
            "a method whose networks can be sharded, found CEVR, which names none; pass --trainer.strategy ddp",
        ),
        ("HDRGAN", "sharded", "a method whose networks can be sharded, found HDRGAN, which names none"),
        ("DeepSynthHDRI", "fsdp", "one by one, found fsdp, which wraps it whole; pass --trainer.strategy sharded"),
        ("ExpandNet", "deepspeed_stage_2", "found deepspeed_stage_2, which wraps it whole"),
    ],
)
def test_what_would_not_learn_is_refused_in_a_line(method, strategy, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit = ["fit", f"--model={method}", "--data.train=ProceduralScenes", f"--trainer.strategy={strategy}"]
    assert main([*fit, "--trainer.accelerator=cpu", "--trainer.devices=2"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert told in said[-1]
    assert sum("error" in line for line in said) == 1
