import pickle
from collections import Counter

import pytest
import torch

from hdrgen.data import RandomPair, Selection, WholeStack
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


@pytest.mark.parametrize("selection", [WholeStack(), RandomPair(), RandomPair(identity=True)])
def test_selections_are_picklable_and_keep_to_the_protocol(selection):
    assert pickle.loads(pickle.dumps(selection)) == selection
    assert isinstance(selection, Selection)
