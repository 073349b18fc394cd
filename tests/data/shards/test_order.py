"""The order in which shards and samples come."""

from collections import Counter

import numpy as np
import pytest

from hdrgen.data.samplers import OrderedSampler
from hdrgen.data.shards.order import Ahead, shard_order

SHARD = np.repeat(np.arange(9), [4, 4, 4, 4, 4, 4, 4, 4, 3])  # 35 samples


def shares(world, epoch=0, buffer=2):
    return [shard_order(SHARD, 0, epoch, rank, world, buffer) for rank in range(world)]


@pytest.mark.parametrize("world", [1, 2, 5, 7, 36])
def test_processes_take_every_sample_and_none_more_often_than_evenness_asks(world):
    taken = shares(world)
    assert {len(share) for share in taken} == {-(-35 // world)}
    counts = Counter(np.concatenate(taken).tolist())
    assert set(counts) == set(range(35))
    assert sum(counts.values()) - 35 == -35 % world


def test_epochs_and_seeds_differ_and_nothing_else_does():
    assert shares(2)[1].tolist() == shares(2)[1].tolist()
    assert shares(2)[1].tolist() != shares(2, epoch=1)[1].tolist()
    assert shard_order(SHARD, 1, 0, 0, 1, 2).tolist() != shares(1)[0].tolist()


def test_so_many_shards_are_mixed_at_a_time_and_no_more():
    shards = SHARD[shares(1)[0]]
    windows = [set(shards[start : start + 8]) for start in (0, 8)]
    assert all(len(window) == 2 for window in windows)
    assert not windows[0] & windows[1]
    assert np.count_nonzero(np.diff(shards[:8])) > 1


def test_within_a_window_every_order_is_as_likely():
    first = Counter(int(shard_order(np.zeros(4), 0, epoch, 0, 1, 4)[0]) for epoch in range(400))
    assert all(60 <= first[sample] <= 140 for sample in range(4))


class Packed:
    def __len__(self):
        return 35

    def order(self, seed, epoch, rank, world):
        return Ahead(shard_order(SHARD, seed, epoch, rank, world, 2), lambda index: None, 0)


@pytest.mark.parametrize("done", [0, 5, 18, 20, 36])
@pytest.mark.parametrize("rank", [0, 1])
def test_an_epoch_goes_on_where_it_was(rank, done):
    def keys(done):
        return list(OrderedSampler(Packed(), 3, lambda: 2, lambda: done, rank=rank, world=2, passes=2))

    assert keys(done) == keys(0)[done:]
    assert len(OrderedSampler(Packed(), 3, int, world=2, passes=2)) == len(keys(0)) == 36
    assert [epoch for epoch, _ in keys(0)] == [4] * 18 + [5] * 18


def test_what_comes_soon_is_told_before_it_comes():
    told, order = [], np.array([3, 1, 2, 0, 5, 4])
    for position, index in enumerate(Ahead(order, told.append, 2)[1:]):
        assert told == order[1 : position + 4].tolist()
        assert index == order[1 + position]
