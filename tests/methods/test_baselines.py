import pytest
import torch

from hdrgen.camera import Gamma, form_image
from hdrgen.errors import InputError
from hdrgen.fusion import ghost_masks, merge_debevec, merge_photographs
from hdrgen.methods import DeghostedMerge, PlainMerge
from hdrgen.metrics import match_scale, psnr_mu


@pytest.fixture
def batch():
    """Two smooth scenes of nine exposures in half stops, through gamma 1.8."""
    torch.manual_seed(0)
    coarse = torch.rand(2, 3, 6, 8) * 8 - 6
    hdr = torch.nn.functional.interpolate(coarse, scale_factor=8, mode="bicubic").exp2()
    ev = torch.arange(-4, 5) / 2
    stack = form_image(hdr, ev, Gamma(1.8))
    return {"ldr": stack, "ev": ev.expand(2, -1), "ref": torch.tensor([4, 4]), "hdr": hdr, "scene": ["a", "b"]}


def test_all_frames_are_merged_with_the_given_response(batch):
    expected = merge_debevec(batch["ldr"], batch["ev"], Gamma(1.8))
    assert torch.equal(PlainMerge(Gamma(1.8)).reconstruct(batch), expected)


def test_only_chosen_frames_are_merged(batch):
    chosen = [0, 4, 8]
    expected = merge_debevec(batch["ldr"][:, chosen], batch["ev"][:, chosen], Gamma(1.8))
    found = PlainMerge(Gamma(1.8), frames=[-2, 0, 2]).reconstruct(batch)
    assert torch.equal(found, expected)


def test_an_estimated_response_beats_a_wrong_one(batch):
    """The scenes went through gamma 1.8; what is assumed is 2.2."""
    assumed, estimated = (PlainMerge(estimate=estimate).reconstruct(batch) for estimate in (False, True))
    scores = [psnr_mu(match_scale(hdr, batch["hdr"]), batch["hdr"]) for hdr in (assumed, estimated)]
    assert (scores[1] > scores[0] + 5).all()


def test_a_black_stack_is_merged_nevertheless(batch):
    batch["ldr"] = torch.zeros_like(batch["ldr"])
    assert PlainMerge(estimate=True).reconstruct(batch).isfinite().all()


def test_a_missing_frame_is_named(batch):
    with pytest.raises(InputError, match=r"expected exposures at EV \[-3, 0\], found EV -2, -1.5"):
        PlainMerge(frames=[-3, 0]).reconstruct(batch)


def test_a_deghosted_merge_is_that_of_merge_deghost(batch):
    batch["ldr"][:, 8, :, 8:24, 8:24] = 0.02  # something stood before the brightest exposure
    found = DeghostedMerge(response=Gamma(1.8)).reconstruct(batch)
    frames = [frame.permute(1, 2, 0).contiguous().numpy() for frame in batch["ldr"][1]]
    masks = ghost_masks(frames, batch["ev"][1].tolist(), Gamma(1.8), 4)
    wanted = merge_photographs(frames, batch["ev"][1].tolist(), Gamma(1.8), masks=masks)
    assert masks[8].left_out > 0.05
    assert torch.equal(found[1], torch.from_numpy(wanted).permute(2, 0, 1))
