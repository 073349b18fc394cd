import math

import pytest
import torch
from torch import nn

from hdrgen.data import ProceduralScenes, RandomPair, StackCamera, collate
from hdrgen.errors import InputError
from hdrgen.methods import MultiExposureGeneration
from hdrgen.methods.evaluation import true_responses
from hdrgen.methods.multi_exposure import MultiExposureNetwork
from hdrgen.methods.multi_exposure.loss import hdr_representation_loss, reconstruction_loss, total_variation

TINY = {"encoder_channels": (4, 6), "exposure_channels": (4, 6), "perceptual_weight": 0.0}


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def pair_batch(size=32, pairs=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    radiance = torch.rand(pairs, 3, size, size, generator=generator)
    ldr = torch.stack([(radiance * 0.5).clamp(0, 1), radiance.clamp(0, 1)], 1) ** (1 / 2.2)
    return {
        "ldr": ldr,
        "ev": torch.tensor([[-1.0, 0.0]]).repeat(pairs, 1),
        "ref": torch.ones(pairs, dtype=torch.long),
        "scene": [f"s{i}" for i in range(pairs)],
    }


class TestNetwork:
    def test_parameter_counts_of_the_paper_s_width(self):
        with torch.device("meta"):  # counts need no memory, and no time to draw 62 million numbers
            net = MultiExposureNetwork()
        assert parameters(net.encoder) == 6_916_131
        assert parameters(net.up) == parameters(net.down) == 27_639_372
        assert parameters(net) == 62_194_875
        assert net.multiple == 64

    def test_one_network_in_place_of_two(self):
        with torch.device("meta"):
            net = MultiExposureNetwork(two_exposure_nets=False)
        assert parameters(net) == 6_916_131 + 27_639_372

    def test_latent_is_the_image_plus_a_correction_cut_at_zero(self):
        net = MultiExposureNetwork((4, 6), (4, 6)).eval()
        image = torch.rand(1, 3, 8, 8)
        correction = torch.tanh(net.encoder.head(net.encoder.unet(image * 0.5)))
        torch.testing.assert_close(net.encode(image, image * 0.5), (image + correction).clamp_min(0))
        net.encoder.residual = False
        torch.testing.assert_close(net.encode(image, image * 0.5), correction.clamp_min(0))

    def test_output_is_a_display_value(self):
        net = MultiExposureNetwork((4, 6), (4, 6)).eval()
        out = net.expose(torch.rand(2, 3, 8, 8) * 30, torch.tensor([16.0, 1.0]), up=True)
        assert out.min() >= 0
        assert out.max() <= 1

    def test_identity_start_is_plain_gain(self):
        net = MultiExposureNetwork((4, 6), (4, 6), identity_start=True).eval()
        image = torch.rand(1, 3, 8, 8)
        latent = net.encode(image, image)
        torch.testing.assert_close(latent, image)
        out = net.expose(latent, torch.tensor([0.5]), up=False)
        torch.testing.assert_close(out, 0.5 * torch.tanh(image - 1) + 0.5)

    def test_head_sees_the_scaled_latent(self):
        """The 1 x 1 head has 3 + width inputs; with zero weights on the features, it is a function of ratio * X."""
        net = MultiExposureNetwork((4, 6), (4, 6)).eval()
        nn.init.zeros_(net.up.head.weight)
        nn.init.zeros_(net.up.head.bias)
        net.up.head.weight.data[:, :3, 0, 0] = torch.eye(3)
        latent = torch.rand(1, 3, 8, 8)
        expected = 0.5 * torch.tanh(3 * latent) + 0.5
        torch.testing.assert_close(net.expose(latent, torch.tensor([3.0]), up=True), expected)


class TestLosses:
    def test_equations_5_and_6_by_hand(self):
        dark, bright, ratio, eps = 0.2, 0.5, 2.0, 0.01
        expected = abs(math.log(dark * ratio + eps) - math.log(bright + eps)) + abs(
            math.log(bright / ratio + eps) - math.log(dark + eps)
        )
        full = [torch.full((2, 3, 4, 4), value) for value in (dark, bright)]
        found = hdr_representation_loss(*full, torch.full((2,), ratio), eps)
        assert found.item() == pytest.approx(expected, rel=1e-5)

    def test_hdr_loss_is_finite_at_zero_and_in_half_precision(self):
        dark = torch.zeros(1, 3, 4, 4, dtype=torch.bfloat16, requires_grad=True)
        loss = hdr_representation_loss(dark, torch.full((1, 3, 4, 4), 2.0).bfloat16(), torch.tensor([16.0]))
        loss.backward()
        assert loss.dtype == torch.float32
        assert torch.isfinite(dark.grad).all()

    def test_equation_7_and_the_mask_of_the_public_code(self):
        image, target = torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 4)
        torch.testing.assert_close(reconstruction_loss(image, target), nn.functional.l1_loss(image, target))
        assert reconstruction_loss(image, target, torch.zeros(1, 1, 4, 4)) == 0

    def test_equations_9_and_10_by_loops(self):
        image = torch.rand(2, 3, 5, 6)
        rows = sum((image[..., i + 1, :] - image[..., i, :]).abs().sum() for i in range(4))
        columns = sum((image[..., j + 1] - image[..., j]).abs().sum() for j in range(5))
        torch.testing.assert_close(total_variation(image), (rows + columns) / 2)


class TestModule:
    def test_the_paper_s_optimiser_and_schedule(self):
        configured = MultiExposureGeneration(**TINY).configure_optimizers()
        assert type(configured["optimizer"]) is torch.optim.Adam
        assert configured["optimizer"].defaults["lr"] == 1e-4
        assert configured["lr_scheduler"]["scheduler"].factor == 0.5
        assert configured["lr_scheduler"]["monitor"] == "val/l1"

    @pytest.mark.parametrize("size", [(64, 64), (37, 51), (5, 3)])
    def test_any_size_any_exposure(self, size):
        model = MultiExposureGeneration(**TINY).eval()
        with torch.no_grad():
            out = model.generate(torch.rand(2, 3, *size), torch.tensor([-2.5, 0.3, 3.0]))
        assert out.shape == (2, 3, 3, *size)
        assert torch.isfinite(out).all()

    def test_the_mask_hides_clipped_pixels_from_the_encoder_only_when_asked(self):
        image = torch.rand(1, 3, 16, 16) * 0.5 + 0.2
        image[..., :8] = 1.0
        changed = image.clone()
        changed[..., :8] = 0.999
        masked, plain = (MultiExposureGeneration(**TINY, mask_input=flag).eval() for flag in (True, False))
        plain.load_state_dict(masked.state_dict())
        torch.testing.assert_close(masked.encode(image)[..., 8:], masked.encode(changed)[..., 8:], atol=2e-3, rtol=0)
        assert not torch.equal(masked.encode(image), plain.encode(image))

    def test_ups_go_through_n2_and_downs_through_n3(self):
        model = MultiExposureGeneration(**TINY).eval()
        nn.init.zeros_(model.network.up.head.weight)
        nn.init.constant_(model.network.up.head.bias, 100.0)
        with torch.no_grad():
            down, up = model.generate(torch.rand(1, 3, 8, 8), torch.tensor([-0.5, 0.5]))[0]
        assert (up == 1).all()
        assert not (down == 1).any()

    @pytest.mark.parametrize("apart", [True, False])
    def test_batch_normalisation_sees_darker_and_brighter_images_apart_or_together(self, apart):
        """The running mean after one step is a tenth of the batches' means, one after the other (momentum 0.1)."""
        torch.manual_seed(0)
        model = MultiExposureGeneration(**TINY, mask_input=False, encode_apart=apart)
        model.log = model.log_dict = lambda *args, **kwargs: None
        batch = pair_batch()
        first, norm, *_ = model.network.encoder.unet.encoder[0]
        dark, bright = (first(image).mean((0, 2, 3)).detach() for image in batch["ldr"].unbind(1))
        model.training_step(batch, 0)
        wanted = 0.9 * 0.1 * dark + 0.1 * bright if apart else 0.1 * (dark + bright) / 2
        torch.testing.assert_close(norm.running_mean, wanted)
        assert norm.num_batches_tracked == (2 if apart else 1)

    def test_flags_of_the_ablations(self):
        assert MultiExposureGeneration(**TINY, identity_pairs=True).exposures == RandomPair(identity=True)
        single = MultiExposureGeneration(**TINY, two_exposure_nets=False)
        assert single.network.up is single.network.down

    def test_every_parameter_gets_a_gradient(self, tmp_path):
        model = MultiExposureGeneration(**TINY)
        model.log = model.log_dict = lambda *args, **kwargs: None
        model.training_step(pair_batch(), 0).backward()
        assert all(torch.isfinite(p.grad).all() and p.grad.abs().sum() > 0 for p in model.parameters())

    @pytest.mark.parametrize("weight", ["hdr_weight", "reconstruction_weight", "total_variation_weight"])
    def test_each_weight_scales_its_term(self, weight):
        def loss(**weights):
            torch.manual_seed(0)
            model = MultiExposureGeneration(**TINY, **weights)
            model.log = model.log_dict = lambda *args, **kwargs: None
            return model.training_step(pair_batch(), 0).item()

        off = {"hdr_weight": 0.0, "reconstruction_weight": 0.0, "total_variation_weight": 0.0}
        assert loss(**off) == 0
        assert loss(**off | {weight: 2.0}) == pytest.approx(2 * loss(**off | {weight: 1.0}), rel=1e-4)

    def test_one_batch_is_learned(self):
        torch.manual_seed(0)
        model = MultiExposureGeneration(
            encoder_channels=(4, 8),
            exposure_channels=(4, 8),
            perceptual_weight=0.0,
            total_variation_weight=0.0,
            identity_start=True,
        )
        model.log = model.log_dict = lambda *args, **kwargs: None
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        batch = pair_batch(size=16)
        first = last = model.training_step(batch, 0).item()
        for _ in range(400):
            optimizer.zero_grad()
            loss = model.training_step(batch, 0)
            loss.backward()
            optimizer.step()
            last = loss.item()
            if last < first / 10:
                break
        assert last < first / 10

    def test_mixed_precision(self):
        model = MultiExposureGeneration(**TINY)
        model.log = model.log_dict = lambda *args, **kwargs: None
        with torch.autocast("cpu", torch.bfloat16):
            loss = model.training_step(pair_batch(), 0)
        assert loss.dtype == torch.float32
        assert torch.isfinite(loss)


class TestInitialWeights:
    def test_training_starts_from_them(self, tmp_path):
        taught = MultiExposureGeneration(**TINY)
        torch.save({"state_dict": taught.state_dict()}, tmp_path / "taught.ckpt")
        model = MultiExposureGeneration(**TINY, initial_weights=str(tmp_path / "taught.ckpt"))
        model.setup("fit")
        assert all(torch.equal(a, b) for a, b in zip(model.parameters(), taught.parameters(), strict=True))

    def test_nothing_is_read_for_prediction(self):
        MultiExposureGeneration(**TINY, initial_weights="gone.ckpt").setup("predict")

    def test_weights_of_another_size_are_refused_in_one_line(self, tmp_path):
        other = MultiExposureGeneration(**TINY | {"encoder_channels": (4, 8)})
        torch.save({"state_dict": other.state_dict()}, tmp_path / "other.ckpt")
        model = MultiExposureGeneration(**TINY, initial_weights=str(tmp_path / "other.ckpt"))
        with pytest.raises(InputError, match=r"other\.ckpt: expected weights of this MultiExposureGeneration"):
            model.setup("fit")


class TestTheEncoderAgainstTheTrueResponse:
    """Table 5: the input beside g(N1(I)), where g is the scene's own response."""

    @pytest.fixture
    def batch(self):
        scenes = ProceduralScenes(2, 32, camera=StackCamera(evs=(-1.0, 0.0, 1.0)))
        return collate([scenes[0], scenes[1]])

    def test_a_perfect_encoder_scores_full_marks(self, batch, monkeypatch):
        model = MultiExposureGeneration(**TINY, score_encoder=True).eval()
        responses = iter(true_responses(batch) * 2)
        monkeypatch.setattr(model, "encode", lambda image: torch.stack([next(responses).inverse(x) for x in image]))
        with torch.no_grad():
            told = model._encoder_scores(batch, model.protocol("test"))
        scores = {(score["scene"], score["metric"]): score["value"] for score in told}
        assert {metric for _, metric in scores} == {"encoder_psnr", "encoder_ssim", "encoder_l1"}
        for scene in batch["scene"]:
            assert scores[scene, "encoder_psnr"] > 60
            assert scores[scene, "encoder_l1"] < 1e-3

    def test_scenes_without_a_response_are_refused(self, batch):
        del batch["inverse_response"]
        with torch.no_grad(), pytest.raises(InputError, match="expected a scene that knows its camera response"):
            MultiExposureGeneration(**TINY, score_encoder=True).eval().evaluate(batch, "test")
