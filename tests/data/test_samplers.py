import pytest
from torch.utils.data import BatchSampler, DistributedSampler

from hdrgen.data.samplers import EpochSampler, ExactShard


@pytest.mark.parametrize("length", [1, 7, 8])
@pytest.mark.parametrize("world", [1, 2, 3])
def test_ranks_share_the_scenes_evenly_and_disjointly(length, world):
    shards = [list(EpochSampler(length, 5, lambda: 3, rank=rank, world=world)) for rank in range(world)]
    assert len({len(shard) for shard in shards}) == 1
    keys = [key for shard in shards for key in shard]
    assert set(keys) == {(3, index) for index in range(length)}
    assert len(keys) - len(set(keys)) == -length % world


@pytest.mark.parametrize("world", [1, 2])
def test_several_passes_are_shared_out_as_one_epoch(world):
    keys = [key for rank in range(world) for key in EpochSampler(5, 0, lambda: 2, rank=rank, world=world, passes=4)]
    assert sorted(keys) == [(epoch, index) for epoch in range(8, 12) for index in range(5)]


def test_order_changes_with_epoch_and_seed_only():
    epochs = iter((0, 1, 1))
    sampler = EpochSampler(20, 0, lambda: next(epochs))
    first, second, third = (list(sampler) for _ in range(3))
    assert [index for _, index in first] != [index for _, index in second]
    assert second == third == list(EpochSampler(20, 0, lambda: 1))
    assert second != list(EpochSampler(20, 1, lambda: 1))


def test_epoch_is_asked_for_when_the_first_batch_is():
    epoch = [0]
    batches = iter(BatchSampler(EpochSampler(4, 0, lambda: epoch[0]), 2, False))
    epoch[0] = 6
    assert next(batches)[0][0] == 6


@pytest.mark.parametrize("length", [2, 7, 8])
def test_exact_shards_repeat_nothing(length):
    shards = [ExactShard(length, rank=rank, world=3) for rank in range(3)]
    assert sorted(index for shard in shards for index in shard) == list(range(length))
    assert [len(shard) for shard in shards] == [len(list(shard)) for shard in shards]


def test_lightning_leaves_distributed_samplers_alone():
    assert isinstance(EpochSampler(1, 0, int), DistributedSampler)
    assert isinstance(ExactShard(1), DistributedSampler)
