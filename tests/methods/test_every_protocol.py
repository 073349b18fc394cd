"""Any method under any protocol on any data: what cannot be scored is left out, and nothing else."""

import dataclasses
import math

import pytest
import torch

from hdrgen import configs
from hdrgen.data.collation import collate
from hdrgen.methods import LinearGain, PlainMerge, UnchangedInput
from hdrgen.metrics import EvaluationProtocol, load_protocol
from tests.methods.examples import EV, EXAMPLES, Example, Ramps

SIDE = 64
BASELINES = [Example(method, {}) for method in (LinearGain, UnchangedInput, PlainMerge)]


def small(name: str) -> EvaluationProtocol:
    """The packaged protocol on smaller images, each number once; MS-SSIM needs larger ones."""
    protocol = load_protocol(name)
    stack_metrics = {key: metric for key, metric in protocol.stack_metrics.items() if key != "ms_ssim"}
    return dataclasses.replace(
        protocol, resize=protocol.resize and SIDE, stack_metrics=stack_metrics, crf_correction=False
    )


def scenes(ev=EV, count=1, size=SIDE):
    data = Ramps(count, size, ev)
    return collate([data.load(index, range(len(ev)), generator=torch.Generator()) for index in range(count)])


def evaluate(model, protocol, batch):
    model.protocols["test"] = protocol
    with torch.inference_mode():
        return model.eval().evaluate(batch, "test")


def numbers(result):
    assert all(math.isfinite(score["value"]) for score in result["scores"])
    staged = {score["metric"] for score in result["scores"] if score["ev"] is not None}
    whole = {score["metric"] for score in result["scores"] if score["ev"] is None}
    return staged, whole


@pytest.mark.parametrize("example", [*EXAMPLES, *BASELINES], ids=lambda example: example.method.__name__)
@pytest.mark.parametrize("name", configs.protocol_names())
def test_any_method(name, example):
    model, protocol = example.model(), small(name)
    staged, whole = numbers(evaluate(model, protocol, scenes()))
    assert staged == (set(protocol.stack_metrics) if model.generates else set())
    assert whole == protocol.directions().keys() - protocol.stack_metrics.keys()


@pytest.mark.parametrize("name", configs.protocol_names())
def test_ranks_without_truth_have_scores_of_exposures_only(name):
    batch = scenes()
    del batch["hdr"]
    batch["ev"] = torch.tensor([[-torch.inf] * 3 + [0.0] + [torch.inf] * 3])
    example = next(each for each in EXAMPLES if each.method.__name__ == "AdaptiveITM")
    staged, whole = numbers(evaluate(example.model(), small(name), batch))
    assert staged
    assert not whole


@pytest.mark.parametrize(("truth", "scored"), [("dataset", False), ("merged", True), ("dataset_or_merged", True)])
def test_a_truth_may_be_merged_from_the_stack(truth, scored):
    batch = scenes()
    del batch["hdr"]
    protocol = dataclasses.replace(load_protocol("quick"), truth=truth)
    result = evaluate(LinearGain(), protocol, batch)
    assert ("true_hdr" in result) == bool(numbers(result)[1]) == scored


@pytest.mark.parametrize(("truth", "own"), [("dataset", True), ("merged", False), ("dataset_or_merged", True)])
def test_which_truth_where_there_are_two(truth, own):
    batch = scenes()
    result = evaluate(LinearGain(), dataclasses.replace(load_protocol("quick"), truth=truth), batch)
    assert torch.equal(result["true_hdr"], batch["hdr"]) == own


class Asked(LinearGain):
    """Remembers which exposures it is asked for; it has whole stops only."""

    def __init__(self):
        super().__init__(stack_ev=(-1.0, 0.0, 1.0))
        self.asked = []

    def can_generate(self, ev):
        return ev == ev.round()

    def expose(self, image, ev):
        self.asked.append(ev.tolist())
        return super().expose(image, ev)


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"exposures": [-2.0, 0.5, 1.0], "stack_ev": [-2.0, -0.5, 0.0, 2.0]}, [[-2.0, 1.0], [-2.0, 2.0]]),
        ({"exposures": [], "stack_ev": [-0.5, 0.0, 0.5]}, [[-1.0, 1.0]]),  # none of them: the method's own
        ({"exposures": [0.04], "stack_ev": None}, [[-1.0, 1.0]]),  # the input itself is never scored
        (
            {"exposures": None, "stack_ev": [-3.0, 3.0], "input_ev": 2.0},
            [[-5.0, -4.0, -3.0, -2.0, -1.0, 1.0], [-3.0, 3.0]],
        ),
    ],
)
def test_exposures_that_are_made(settings, asked):
    model = Asked()
    evaluate(model, dataclasses.replace(load_protocol("quick"), **settings), scenes())
    assert model.asked == asked


def test_the_protocol_s_merge_is_for_stacks_and_for_the_truth():
    seen = []

    def merge(stack, ev):
        seen.append((tuple(stack.shape[:2]), ev.tolist()))
        return stack.mean(1) ** 2.2

    protocol = dataclasses.replace(load_protocol("quick"), merge=merge, truth="merged", stack_ev=[-1.0, 0.0, 1.0])
    evaluate(LinearGain(), protocol, scenes(count=2))
    assert seen == [((2, 3), [-1.0, 0.0, 1.0]), ((1, 7), list(EV)), ((1, 7), list(EV))]
    seen.clear()
    evaluate(UnchangedInput(), dataclasses.replace(protocol, truth="dataset"), scenes())
    assert not seen  # it linearises its input, and has no stack to merge


def test_what_is_drawn_is_what_the_method_was_given():
    protocol = dataclasses.replace(load_protocol("quick"), resize=(32, 48))
    result = evaluate(LinearGain(), protocol, scenes())
    assert result["batch"]["ldr"].shape[-2:] == result["hdr"].shape[-2:] == result["true_hdr"].shape[-2:] == (32, 48)
