import pickle
from collections import Counter

import pytest
import torch

from hdrgen.data import EveryStep, FromReference, RandomPair, Selection, ThreeExposures, WholeStack
from hdrgen.data.selection import EV_TOLERANCE, TheseExposures, whole_steps
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


@pytest.mark.parametrize(
    "selection", [WholeStack(), RandomPair(), RandomPair(identity=True), EveryStep(), FromReference(without=(-1.0,))]
)
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


def test_each_side_of_the_reference_is_drawn_evenly_and_with_the_reference():
    generator = torch.Generator().manual_seed(0)
    drawn = [FromReference()(torch.arange(7.0) - 3, 3, generator) for _ in range(2000)]
    assert {middle for _, middle, _ in drawn} == {3}
    for side, frames in ((0, range(4)), (2, range(3, 7))):
        counts = Counter(chosen[side] for chosen in drawn)
        assert sorted(counts) == list(frames)
        assert 430 < min(counts.values()) <= max(counts.values()) < 570
    pairs = Counter((dark, bright) for dark, _, bright in drawn)
    assert len(pairs) == 16, "both sides are drawn independently"


def test_what_is_held_out_is_never_drawn():
    """The stops count from the reference, and a measured one need not be exact."""
    generator = torch.Generator().manual_seed(0)
    select = FromReference(without=(-1, 1))
    ev = torch.tensor([-3.0, -2.0, -0.94, 0.0, 1.0, 1.5, 2.0]) + 4
    drawn = {frame for _ in range(300) for frame in select(ev, 3, generator)}
    assert drawn == {0, 1, 3, 5, 6}


def test_the_darkest_exposure_may_be_the_reference():
    drawn = [FromReference()(torch.tensor([0.0, 1.0]), 0, torch.Generator().manual_seed(seed)) for seed in range(20)]
    assert {tuple(frames) for frames in drawn} == {(0, 0, 0), (0, 0, 1)}


@pytest.mark.parametrize("ev", [torch.tensor([-1.0, 0.0, 1.0]), torch.tensor([0.0]), torch.tensor([0.0, torch.nan])])
def test_nothing_beside_the_reference_is_refused(ev):
    with pytest.raises(InputError, match="hold out fewer, or add frames"):
        FromReference(without=(-1.0, 1.0))(ev, ev.tolist().index(0), torch.Generator())


@pytest.mark.parametrize(
    ("ev", "ref", "step", "frames"),
    [
        (EV, 4, 2.0, [0, 4, 8]),
        (EV, 4, 1.0, [2, 4, 6]),
        (torch.tensor([-3.0, 0.0, 3.0]), 1, 2.0, [0, 1, 2]),
        (torch.tensor([0.0, 2.0, 4.0]), 1, 2.0, [0, 1, 2]),
        (torch.tensor([-4.0, -2.2, 0.0, 0.3, 5.0]), 2, 2.0, [1, 2, 3]),
    ],
)
def test_three_exposures_are_those_nearest_to_the_step(ev, ref, step, frames):
    assert ThreeExposures(step)(ev, ref, torch.Generator()) == frames


@pytest.mark.parametrize(
    ("ev", "ref"), [(EV, 0), (EV, 8), (torch.tensor([0.0]), 0), (torch.tensor([-torch.inf, 0.0, torch.inf]), 1)]
)
def test_three_exposures_need_one_on_either_side(ev, ref):
    with pytest.raises(InputError, match="one darker and one brighter than the reference"):
        ThreeExposures()(ev, ref, torch.Generator())


def test_exposures_that_are_missing_are_told_beside_those_that_are_there():
    choose = TheseExposures((2.0, -2.0, 0.0))
    assert choose(torch.tensor([-1.06, 0.0, 1.0, 3.05]), 2, torch.Generator()) == [0, 2, 3]
    with pytest.raises(InputError, match=r"expected exposures at EV \[2\.0, -2\.0, 0\.0\], found EV -1, 0, 2; ask for"):
        choose(torch.tensor([0.0, 1.0, 3.0]), 1, torch.Generator())


@pytest.mark.parametrize("step", [0.5, 1.0, 2.0])
def test_a_tenth_of_a_step_off_is_taken_for_none_and_no_more(step):
    within = torch.tensor([-EV_TOLERANCE, 0.0, EV_TOLERANCE, 1 - EV_TOLERANCE / 2])
    steps, whole = whole_steps(within * step, step)
    assert (steps.tolist(), whole.tolist()) == ([0, 0, 0, 1], [True] * 4)
    beyond = torch.tensor([-0.1001, 0.1001, 0.5, 1.8999, torch.nan]) * step
    assert not whole_steps(beyond, step)[1].any()


@pytest.mark.parametrize(("off", "taken"), [(0.0999, True), (0.1001, False)])
def test_an_exposure_a_tenth_of_a_stop_off_is_the_one_asked_for(off, taken):
    for sign in (-1, 1):
        ev = torch.tensor([-2.0, 0.0, 2.0 + sign * off])
        if taken:
            assert TheseExposures((-2.0, 0.0, 2.0))(ev, 1, torch.Generator()) == [0, 1, 2]
            continue
        with pytest.raises(InputError, match="expected exposures at EV"):
            TheseExposures((-2.0, 0.0, 2.0))(ev, 1, torch.Generator())
