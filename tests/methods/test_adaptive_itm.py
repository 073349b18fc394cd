import math

import pytest
import torch
from torch import nn

from hdrgen.camera import Gamma
from hdrgen.data import SelectedExposures, collate
from hdrgen.errors import InputError
from hdrgen.fusion import merge_debevec
from hdrgen.methods import AdaptiveITM
from hdrgen.methods.adaptive_itm.estimated_exposure import estimated_ev
from hdrgen.methods.adaptive_itm.loss import (
    discriminator_loss,
    fusion_loss,
    generator_loss,
    mixed_image,
    on_the_scale_of,
    progressive_loss,
)
from tests.methods.examples import Ramps

TINY = {
    "channels": (4, 6, 8),
    "global_channels": 4,
    "global_size": 32,
    "fusion_channels": 4,
    "discriminator_channels": (4, 6, 8),
    "perceptual_weight": 0.0,
}
ABLATIONS = ("exposure_adaptive", "luminance_guided", "cross_attention", "cross_model", "fusion", "progressive")


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def batch(count=2, size=32):
    data = SelectedExposures(Ramps(count, size))
    return collate([data[index] for index in range(count)])


def terms(model, given):
    images = torch.rand(2, 2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    return model.terms(given["ldr"][:, 3], images, given["hdr"])


class Judge(nn.Module):
    """A discriminator that a hand can follow: the mean of the channels, and of the image."""

    def __init__(self, whole=False):
        super().__init__()
        self.gain, self.whole = nn.Parameter(torch.ones(())), whole

    def forward(self, image):
        verdict = self.gain * image.mean(1, keepdim=True)
        return verdict, verdict.mean((1, 2, 3))[:, None] if self.whole else None


class TestLosses:
    def test_equation_12_with_a_distance_in_place_of_vgg(self):
        pictures, target = [torch.rand(1, 3, side, side) for side in (4, 8, 64)], torch.rand(1, 3, 64, 64)
        pixel, deep = progressive_loss(pictures, target, lambda x, y: (x - y).square().sum() / x.shape[-1], 0.5)
        small = [target.unfold(2, 64 // s, 64 // s).unfold(3, 64 // s, 64 // s).mean((-2, -1)) for s in (4, 8, 64)]
        expected = sum((picture - wanted).abs().mean() for picture, wanted in zip(pictures, small, strict=True))
        torch.testing.assert_close(pixel, expected)
        enlarged = [
            [nn.functional.interpolate(x, (32, 32), mode="bilinear") if x.shape[-1] < 32 else x for x in pair]
            for pair in zip(pictures, small, strict=True)
        ]
        torch.testing.assert_close(deep, 0.5 * sum((x - y).square().sum() / x.shape[-1] for x, y in enlarged))

    @pytest.mark.parametrize("whole", [False, True])
    def test_equations_13_and_14(self, whole):
        target, generated, mask = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4), torch.rand(2, 1, 4, 4)
        mixed, judge = mixed_image(generated, target, mask), Judge(whole)
        torch.testing.assert_close(mixed, target + mask * (generated - target))
        real, fake = (x.mean(1, keepdim=True) for x in (target, mixed))
        lost = ((real - 1) ** 2).mean() / 2 + ((fake - (1 - mask)) ** 2).mean() / 2
        gained = ((fake - 1) ** 2).mean() / 2
        if whole:
            lost += ((real.mean((1, 2, 3)) - 1) ** 2).mean() / 2 + (fake.mean((1, 2, 3)) ** 2).mean() / 2
            gained += ((fake.mean((1, 2, 3)) - 1) ** 2).mean() / 2
        torch.testing.assert_close(discriminator_loss(judge, mixed, target, mask), lost)
        torch.testing.assert_close(generator_loss(judge, mixed), gained)

    def test_each_player_gets_its_own_gradient(self):
        judge, made = Judge(), torch.rand(1, 3, 4, 4, requires_grad=True)
        target, mask = torch.rand(1, 3, 4, 4), torch.rand(1, 1, 4, 4)
        mixed = mixed_image(made, target, mask)
        discriminator_loss(judge, mixed, target, mask).backward(retain_graph=True)
        assert made.grad is None
        before = judge.gain.grad.clone()
        generator_loss(judge, mixed).backward()
        assert made.grad.abs().sum() > 0
        assert torch.equal(judge.gain.grad, before)

    def test_equation_15(self):
        expected = abs(math.log(1 + 5000 * 0.1) - math.log(1 + 5000 * 0.4)) / math.log(5001)
        found = fusion_loss(torch.full((1, 3, 2, 2), 0.1), torch.full((1, 3, 2, 2), 0.4))
        assert found.item() == pytest.approx(expected, rel=1e-5)

    def test_negative_radiance_is_pulled_up(self):
        radiance = torch.full((1, 3, 2, 2), -0.1, requires_grad=True)
        fusion_loss(radiance, torch.full((1, 3, 2, 2), 0.1)).backward()
        assert (radiance.grad < 0).all()

    def test_truth_on_the_scale_of_the_photograph(self):
        radiance = torch.rand(2, 3, 8, 8) * 3
        image = radiance.clamp(0, 1) ** (1 / 2.2)
        for factor in (1e-3, 50.0):
            torch.testing.assert_close(on_the_scale_of(image, radiance * factor), radiance, atol=1e-4, rtol=1e-3)
        black = torch.zeros(1, 3, 4, 4)
        assert torch.equal(on_the_scale_of(black, radiance[:1, :, :4, :4]), radiance[:1, :, :4, :4])

    def test_estimated_ev(self):
        radiance = torch.rand(2, 3, 32, 32)
        image, brighter = ((radiance * 2**stops).clamp(0, 1) ** (1 / 2.2) for stops in (0.0, 1.5))
        torch.testing.assert_close(estimated_ev(image, brighter, Gamma(2.2)), torch.full((2,), 1.5), atol=0.02, rtol=0)
        assert estimated_ev(image, torch.ones_like(image), Gamma(2.2)).tolist() == [0, 0]


class TestModule:
    def test_the_paper_s_weights_and_optimisers(self):
        model = AdaptiveITM(**TINY | {"perceptual_weight": 0.5})
        assert (model.perceptual_weight, model.adversarial_weight, model.fusion_weight, model.mu) == (0.5, 0.1, 1, 5000)
        optimizers = [each["optimizer"] for each in model.configure_optimizers()]
        assert [(type(each), each.defaults["lr"]) for each in optimizers] == [(torch.optim.Adam, 2e-4)] * 2
        held = [sum(p.numel() for group in each.param_groups for p in group["params"]) for each in optimizers]
        assert held == [parameters(model.network) + parameters(model.fusion), parameters(model.discriminator)]

    @pytest.mark.parametrize("flag", [None, *ABLATIONS])
    def test_every_parameter_learns(self, flag):
        torch.manual_seed(0)
        model, given = AdaptiveITM(**TINY, **({flag: False} if flag else {})), batch()
        sum(terms(model, given).values()).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
        without = [name for name, p in model.named_parameters() if not p.grad.abs().sum() > 0]
        assert without == []

    def test_weights_scale_their_terms(self):
        def found(**weights):
            torch.manual_seed(0)
            return terms(AdaptiveITM(**TINY | weights), batch())

        base, other = found(), found(adversarial_weight=0.2, fusion_weight=3.0)
        for name, factor in (("pixel", 1), ("adversarial", 2), ("discriminator", 2), ("fusion", 3)):
            assert other[name].item() == pytest.approx(factor * base[name].item(), rel=1e-5)
        assert AdaptiveITM(**TINY | {"adversarial_weight": 0.0}).discriminator is None
        assert set(found(fusion=False, adversarial_weight=0.0)) == {"pixel", "perceptual"}

    def test_the_adversary_judges_highlights_of_the_darker_and_shadows_of_the_brighter_image(self):
        model = AdaptiveITM(**TINY)
        model.discriminator = Judge()
        image = torch.full((1, 3, 4, 4), 0.5)
        image[..., :2], image[..., 3:] = 1.0, 0.0
        made, wanted = torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4)
        losses = model._adversarial(image, made, wanted)
        assert losses["adversarial"].item() == pytest.approx(0.1 * 0.5 * (8 + 4) / 32)

    def test_only_the_finest_picture_counts_when_not_progressive(self):
        torch.manual_seed(0)
        model = AdaptiveITM(**TINY, progressive=False)
        given, images = batch(), torch.rand(2, 2, 3, 32, 32)
        down, up = (side[-1] for side in model.network(given["ldr"][:, 3]))
        expected = (down - images[:, 0]).abs().mean() + (up - images[:, 1]).abs().mean()
        torch.testing.assert_close(model.terms(given["ldr"][:, 3], images, given["hdr"])["pixel"], expected)

    @pytest.mark.parametrize("size", [(32, 32), (37, 51), (5, 3)])
    @pytest.mark.parametrize("fusion", [True, False])
    def test_any_size(self, size, fusion):
        model = AdaptiveITM(**TINY, fusion=fusion).eval()
        given = {"ldr": torch.rand(2, 1, 3, *size), "ref": torch.tensor([0, 0]), "scene": ["a", "b"]}
        with torch.no_grad():
            made = model.predict_step(given, 0)
        assert made["stack"].shape == (2, 3, 3, *size)
        assert made["ev"].tolist() == [-math.inf, 0, math.inf]
        assert made["hdr"].shape == (2, 3, *size)
        assert made["hdr"].isfinite().all()
        assert made["hdr"].min() >= 0

    def test_directions(self):
        model, image = AdaptiveITM(**TINY).eval(), torch.rand(1, 3, 16, 16)
        with torch.no_grad():
            down, up = (side[-1].clamp(0, 1) for side in model.network(image))
            made = model.generate(image, torch.tensor([-2.0, -0.5, 0.0, 3.0]))[0]
        for found, wanted in zip(made, (down, down, image, up), strict=True):
            torch.testing.assert_close(found, wanted[0], rtol=0, atol=1e-6)  # laid out otherwise

    def test_an_image_that_needs_no_adjustment(self):
        """Nothing is clipped: it is its own target twice, and a network that leaves it alone scores full marks."""
        model = AdaptiveITM(**TINY, identity_start=True).eval()
        levels = torch.tensor([0.2, 0.4, 0.5, 0.6, 0.8]).view(1, 5, 1, 1, 1)
        ldr = (levels + torch.rand(1, 1, 3, 16, 16) * 0.1).clamp(0, 1)
        ev, radiance = torch.tensor([[-2.0, -1.0, 0.0, 1.0, 2.0]]), ldr[:, 2] ** 2.2
        given = {"ldr": ldr, "ev": ev, "ref": torch.tensor([2]), "hdr": radiance, "scene": ["a"]}
        with torch.no_grad():
            made, stops, truth = model.generate_targets(given)
            found = model.reconstruct(given)
        assert stops.tolist() == [[0, 0]]
        assert torch.equal(made, truth)
        assert torch.equal(truth[0, 0], ldr[0, 2])
        torch.testing.assert_close(found, radiance, atol=0.02, rtol=0)

    def test_scores_stand_under_the_exposures_that_were_labelled(self):
        given, model = batch(2), AdaptiveITM(**TINY).eval()
        model.log = lambda *_, **__: None
        given["optimal"] = torch.tensor([[1, 5], [0, 4]])
        with torch.no_grad():
            result = model.test_step(given, 0)
        assert result["ev"].tolist() == [[-2, 2], [-3, 1]]
        assert torch.equal(result["truth"], torch.stack([given["ldr"][0, [1, 5]], given["ldr"][1, [0, 4]]]))
        assert {score["ev"] for score in result["scores"]} == {-3, -2, 1, 2, None}

    def test_without_learned_fusion_the_pictures_tell_their_exposure(self):
        model = AdaptiveITM(**TINY, fusion=False)
        radiance = torch.rand(1, 3, 16, 16)
        stack = torch.stack([(radiance * 2**ev).clamp(0, 1) for ev in (-1.5, 0.0, 1.0)], 1) ** (1 / 2.2)
        oracle = merge_debevec(stack, torch.tensor([-1.5, 0.0, 1.0]), Gamma(2.2))
        found = model.merge(stack, torch.tensor([-math.inf, 0, math.inf]))
        torch.testing.assert_close(found, oracle, rtol=0.02, atol=1e-3)


class TestTruth:
    def test_merged_where_the_data_has_none(self):
        from hdrgen.methods.adaptive_itm.module import _truth

        given = batch(1)
        wanted = given.pop("hdr")
        found = _truth(given)
        ratio = (found / wanted).flatten()
        assert ratio.quantile(0.9) / ratio.quantile(0.1) < 1.2

    def test_ranks_need_an_hdr_image_or_no_fusion(self):
        from hdrgen.methods.adaptive_itm.module import _truth

        given = {
            "ldr": torch.rand(1, 3, 3, 8, 8),
            "ev": torch.tensor([[-math.inf, 0, math.inf]]),
            "scene": ["sice_001"],
        }
        with pytest.raises(InputError, match=r"sice_001: .*ranks only; .*pass fusion=False"):
            _truth(given)
