"""Packed stacks in a real object store: a server of its own on this machine, spoken to in S3's protocol."""

from collections import Counter

import pytest

from hdrgen.data import PackedStacks, check_packed
from hdrgen.errors import InputError
from tests.data.shards.packed_sets import packed, trained

pytest.importorskip("s3fs", reason="pip install 'hdrgen[stream]'")
server = pytest.importorskip("moto.server", reason="an object store for the tests; of the extra `test`")


@pytest.fixture(scope="module")
def store():
    """An empty bucket; its variables are those that a user sets."""
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*running.get_host_and_port()))
        patch.setenv("AWS_ACCESS_KEY_ID", "tests")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        import s3fs

        s3fs.S3FileSystem().mkdir("scenes")
        yield "s3://scenes"
    running.stop()


def test_packing_and_training_there_are_as_in_a_folder(store, tmp_path):
    address = f"{store}/packed"
    assert not packed(address, share=(1, 2), jobs=2).complete
    with pytest.raises(InputError, match="found 3 of 5 shards"):
        PackedStacks(address)
    assert packed(address, share=(2, 2)).complete
    assert check_packed(address).plan.samples == 14
    packed(tmp_path / "near")
    near, far = (PackedStacks(str(place)).manifest for place in (tmp_path / "near", address))
    assert far.shards == near.shards
    straight = trained(tmp_path / "near", tmp_path, every=3)
    assert trained(address, workers=2, cache=str(tmp_path / "cache")) == straight
    later = trained(address, ckpt_path=tmp_path / "step=9.ckpt", cache=str(tmp_path / "cache"))
    assert later == (straight[0][9:], straight[1])
    assert set(Counter(scene for batch in straight[0] for scene in batch[1:]).values()) == {2}


def test_a_place_that_is_not_there_is_said_in_a_line(store):
    with pytest.raises(InputError, match=r"s3://nothing/here: expected packed stacks .* found none; check the address"):
        PackedStacks("s3://nothing/here")
    with pytest.raises(InputError, match=r"s3://nothing/here: cannot be written .*; check address, network and cred"):
        packed("s3://nothing/here")
