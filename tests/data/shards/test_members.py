"""What a sample is after it was put into an archive and taken out again."""

import io
import tarfile

import numpy as np
import pytest
import torch

from hdrgen.data import Sample
from hdrgen.data.shards.members import files_in, fragment_of, sample_in
from hdrgen.errors import InputError


def sample(levels=255, **more):
    ldr = torch.randint(levels + 1, (3, 3, 5, 7)) / levels
    return Sample(ldr=ldr, ev=torch.tensor([-2.0, 0.0, 2.0]), ref=torch.tensor(1), scene="sky ü.1", **more)


def again(one, frames=(0, 1, 2), radiance="half"):
    return sample_in(fragment_of(one, "000000007", radiance), list(frames))


@pytest.mark.parametrize(("levels", "suffix"), [(255, "png"), (65535, "npy")])
def test_display_values_come_back_bit_for_bit_and_8_bits_are_pictures(levels, suffix):
    one = sample(levels)
    assert torch.equal(again(one)["ldr"], one["ldr"])
    assert {f"{frame}.{suffix}" for frame in range(3)} <= files_in(fragment_of(one, "0", "half")).keys()


def test_display_values_that_are_no_codes_come_back_bit_for_bit():
    one = sample() | {"ldr": torch.rand(3, 3, 5, 7)}
    assert torch.equal(again(one)["ldr"], one["ldr"])


@pytest.mark.parametrize("top", [1.0, 65504.0, 65519.0, 65536.0, 1e7, 3e38])
def test_truth_is_within_half_a_unit_of_float16_at_any_scale(top):
    radiance = top * torch.cat([torch.ones(1), torch.exp2(-29 * torch.rand(104))]).view(3, 5, 7)
    error = (again(sample(hdr=radiance))["hdr"].double() - radiance.double()).abs()
    scale = 2.0 ** max(0, np.ceil(np.log2(top / 65504)))
    assert (error <= torch.maximum(radiance * 2.0**-11, torch.tensor(2.0**-25 * scale))).all()


def test_truth_may_be_kept_as_it_is():
    radiance = torch.rand(3, 5, 7) * 1e6
    assert torch.equal(again(sample(hdr=radiance), radiance="float")["hdr"], radiance)


def test_truth_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="finite radiance"):
        fragment_of(sample(hdr=torch.full((3, 5, 7), torch.inf)), "0", "half")


def test_the_other_keys_come_back_for_the_frames_that_are_asked_for():
    one = sample(inverse_response=torch.rand(1024), optimal=torch.tensor([0, 2]))
    one["ev"] = torch.tensor([-torch.inf, 0.0, torch.inf])
    some = again(one, (0, 2, 2))
    assert torch.equal(some["ldr"], one["ldr"][[0, 2, 2]])
    assert some["ev"].tolist() == [-torch.inf, torch.inf, torch.inf]
    assert (some["ref"], some["scene"], some["optimal"].tolist()) == (0, "sky ü.1", [0, 1])
    assert torch.equal(some["inverse_response"], one["inverse_response"])
    assert "optimal" not in again(one, (0, 1))
    assert again(one, (0, 1))["ref"] == 1


def test_the_archive_is_one_that_every_program_reads():
    content = fragment_of(sample(hdr=torch.rand(3, 5, 7)), "000000007", "half") + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        names = archive.getnames()
        truth = np.load(io.BytesIO(archive.extractfile("000000007.hdr.npy").read()))
    assert names[:2] == ["000000007.json", "000000007.0.png"]
    assert (truth.shape, truth.dtype) == ((5, 7, 3), np.float16)


@pytest.mark.parametrize("size", [-512, -1, 2**62])
def test_a_size_that_cannot_be_is_damage(size):
    info = tarfile.TarInfo("0.json")
    info.size = size
    with pytest.raises(InputError, match=f"damaged shard .0.json of {size} bytes"):
        files_in(info.tobuf(tarfile.GNU_FORMAT) + bytes(512))


@pytest.mark.parametrize("cut", [3, 512, 1500, -600])
def test_a_damaged_archive_is_said_to_be_one(cut):
    with pytest.raises(InputError, match="damaged shard"):
        sample_in(fragment_of(sample(), "0", "half")[:cut], [0, 1, 2])
