import pickle
from collections import Counter

import pytest
import torch

from hdrgen.data import EveryStep, RandomPair, Selection, WholeStack
from hdrgen.errors import InputError

EV = torch.arange(9) / 2 - 2


@pytest.mark.parametrize(("identity", "pairs"), [(False, 36), (True, 45)])
def test_every_pair_is_equally_likely(identity, pairs):
    generator = torch.Generator().manual_seed(0)
    select = RandomPair(identity)
    drawn = Counter(tuple(select(EV, 4, generator)) for _ in range(200 * pairs))
    assert len(drawn) == pairs
    assert all(first <= second for first, second in drawn)
    assert min(drawn.values()) > 130
    assert max(drawn.values()) < 280


def test_one_exposure_makes_no_pair():
    with pytest.raises(InputError, match="found 1"):
        RandomPair()(torch.zeros(1), 0, torch.Generator())
    assert RandomPair(identity=True)(torch.zeros(1), 0, torch.Generator()) == [0, 0]


@pytest.mark.parametrize("selection", [WholeStack(), RandomPair(), RandomPair(identity=True), EveryStep()])
def test_selections_are_picklable_and_keep_to_the_protocol(selection):
    assert pickle.loads(pickle.dumps(selection)) == selection
    assert isinstance(selection, Selection)


@pytest.mark.parametrize(
    ("ev", "ref", "step", "reach", "frames"),
    [
        (EV, 4, 1.0, 3, [0, 2, 4, 6, 8]),  # half stops: every second; the stack ends before the reach
        (EV, 4, 0.5, 2, [2, 3, 4, 5, 6]),
        (torch.arange(7.0) - 3, 3, 1.0, 3, list(range(7))),
        (torch.tensor([-3.0, -1.0, 0.0, 1.0, 3.0]), 2, 1.0, 3, [1, 2, 3]),  # a gap ends it
        (torch.tensor([0.0, 1.06, 1.94, 3.0]), 0, 1.0, 3, [0, 1, 2, 3]),  # nominal shutter times
        (torch.tensor([-1.0, 0.0, 1.0]), 0, 1.0, 3, [0, 1, 2]),  # counted from the reference
        (torch.tensor([-4.0, -2.0, 0.0]), 2, 2.0, 3, [0, 1, 2]),
    ],
)
def test_every_step_is_a_run_of_whole_steps_around_the_reference(ev, ref, step, reach, frames):
    assert EveryStep(step, reach)(ev, ref, torch.Generator()) == frames


def test_a_stack_without_a_neighbour_one_step_away_is_refused():
    with pytest.raises(InputError, match=r"1 EV apart, found no neighbour of the reference among EV -0\.5, 0, 0\.5"):
        EveryStep()(torch.tensor([-0.5, 0.0, 0.5]), 1, torch.Generator())
