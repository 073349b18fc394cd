import math

import pytest
import torch
import torch.nn.functional as F
from pytorch_lightning import Trainer
from torch import nn
from torch.utils.data import DataLoader

from hdrgen.data import FromReference
from hdrgen.errors import InputError
from hdrgen.methods import CEVR
from hdrgen.methods.cevr import CEVRNetwork
from hdrgen.methods.cevr.loss import exposure_losses
from hdrgen.methods.cevr.network import DecoderBlock, DirectOutput, ImplicitModule, Neck, convolve_enlarged
from hdrgen.nn import VGGEncoder

TINY = {"channels": (4, 6), "pretrained": False}


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def batch_of(steps=((-2.0, 1.0), (-0.5, 0.0)), size=16, seed=0):
    """Scenes through gamma 2.2, each with a darker exposure, the reference and a brighter one."""
    radiance = torch.rand(len(steps), 1, 3, size, size, generator=torch.Generator().manual_seed(seed))
    ev = torch.tensor([[dark, 0.0, bright] for dark, bright in steps])
    return {
        "ldr": (radiance * ev.exp2()[..., None, None, None]).clamp(0, 1) ** (1 / 2.2),
        "ev": ev,
        "ref": torch.ones(len(steps), dtype=torch.long),
        "scene": [f"s{index}" for index in range(len(steps))],
    }


def quiet(**arguments):
    torch.manual_seed(0)
    model = CEVR(**TINY | arguments)
    model.logged = {}
    model.log = lambda name, value, **_: model.logged.update({name: value})
    model.log_dict = lambda values, **_: model.logged.update(values)
    return model


class TestNetwork:
    def test_parameter_counts_of_the_papers_width(self):
        """The official model counts 3,291,592; without intensity transformation, three colours replace six maps."""
        with torch.device("meta"):
            net, direct = CEVRNetwork(), CEVRNetwork(intensity_transformation=False)
            both = CEVR(pretrained=False)
        assert parameters(net) == 3_291_592
        assert parameters(both) == 6_583_184
        maps = 2 * (9 * 256 + 1) + 2 * (9 * 128 + 1) + 2 * (65 + 1)
        assert parameters(direct) == 3_291_592 - maps + 3 * (65 + 1)
        assert net.multiple == 8

    @pytest.mark.parametrize("size", [(8, 8), (16, 24)])
    def test_shapes(self, size):
        net = CEVRNetwork((4, 6, 8)).eval()
        image, ev = torch.rand(2, 3, *size), torch.tensor([0.3, 2.0])
        features = net.encode(image)
        assert [tuple(f.shape[1:]) for f in features] == [
            (width, size[0] >> level, size[1] >> level) for level, width in enumerate((4, 6, 8, 8))
        ]
        assert net(image, ev).shape == image.shape

    def test_implicit_module_is_an_mlp_of_each_pixel_and_the_step(self):
        """Equation 2, pixel by pixel with matrices; the hidden activation is the paper's, not the authors' code's."""
        for hidden in (True, False):
            module = ImplicitModule((3, 5, 2), hidden_activation=hidden)
            x, ev = torch.randn(2, 3, 2, 2), torch.tensor([0.7, -1.5])
            first, second = ((layer.weight[:, :, 0, 0], layer.bias) for layer in module.layers)
            out = module(x, ev)
            for b, p, q in [(0, 0, 1), (1, 1, 0)]:
                inner = first[0] @ torch.cat([x[b, :, p, q], ev[b : b + 1]]) + first[1]
                inner = torch.where(inner > 0, inner, 0.01 * inner) if hidden else inner
                outer = second[0] @ inner + second[1]
                torch.testing.assert_close(out[b, :, p, q], torch.where(outer > 0, outer, 0.01 * outer))

    def test_without_hidden_activations_the_module_is_affine_but_for_its_end(self):
        module = ImplicitModule((3, 5, 4), hidden_activation=False)
        x, y = torch.randn(2, 1, 3, 1, 1)
        s = torch.ones(1)

        def before(features):
            out = module(features, s)
            return torch.where(out > 0, out, 100 * out)

        torch.testing.assert_close(before((x + y) / 2), (before(x) + before(y)) / 2, atol=1e-5, rtol=1e-5)

    def test_neck_and_block_pass_their_input_beside_the_implicit_modules(self):
        x, ev = torch.randn(2, 4, 3, 3), torch.tensor([1.0, -2.0])
        neck = Neck(4)
        flat = x.view(2, 2, 2, 3, 3)  # two groups of two channels
        normal = (flat - flat.mean((2, 3, 4), keepdim=True)) / (flat.var((2, 3, 4), False, True) + 1e-5).sqrt()
        torch.testing.assert_close(neck(x, ev), x + neck.implicit(normal.view_as(x), ev))
        block = DecoderBlock(4, 6)
        skip = torch.randn(2, 6, 6, 6)
        larger = block.up(F.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False))
        merged = block.merge(torch.cat([skip, larger], 1), ev)
        normal = F.group_norm(merged, 2)
        torch.testing.assert_close(block(x, skip, ev), merged + block.second(block.first(normal, ev), ev))

    def test_convolution_after_enlarging_in_either_order(self):
        convolution, features = nn.Conv2d(5, 2, 3, padding=1), torch.randn(2, 5, 3, 4, requires_grad=True)
        size = (12, 16)
        expected = convolution(F.interpolate(features, size=size, mode="bicubic", align_corners=False))
        found = convolve_enlarged(features, convolution, size)
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
        weight = torch.randn_like(expected)
        wanted = torch.autograd.grad((expected * weight).sum(), [features, *convolution.parameters()])
        gradients = torch.autograd.grad((found * weight).sum(), [features, *convolution.parameters()])
        torch.testing.assert_close(gradients, wanted, atol=1e-4, rtol=1e-4)

    def test_maps_are_applied_one_after_the_other(self):
        net = CEVRNetwork((4, 6, 8), identity_start=True).eval()
        image, ev = torch.rand(1, 3, 16, 16), torch.tensor([1.5])
        torch.testing.assert_close(net(image, ev), image)
        pairs = [(2.0, 0.1), (0.5, -0.2), (1.5, 0.3)]
        for output, pair in zip(net.outputs, pairs, strict=True):
            output.maps.bias.data = torch.tensor(pair)
        expected = image.clone()
        for alpha, beta in pairs:
            expected = alpha * expected + beta
        torch.testing.assert_close(net(image, ev), expected)

    def test_red_green_and_blue_share_their_maps(self):
        net = CEVRNetwork((4, 6)).eval()
        image = torch.rand(1, 3, 8, 8)
        out = net(image, torch.tensor([1.0]))
        slope = (out[:, 0] - out[:, 1]) / (image[:, 0] - image[:, 1])
        torch.testing.assert_close((out[:, 0] - out[:, 2]) / (image[:, 0] - image[:, 2]), slope, rtol=1e-2, atol=1e-3)

    def test_without_intensity_transformation_features_alone_make_the_image(self):
        net = CEVRNetwork((4, 6), intensity_transformation=False).eval()
        assert isinstance(net.outputs[0], DirectOutput)
        image, ev = torch.rand(1, 3, 8, 8), torch.tensor([1.0])
        features = net.encode(image)
        assert torch.equal(net.decode(features, image, ev), net.decode(features, 1 - image, ev))

    def test_the_output_depends_on_the_step_of_each_image(self):
        net = CEVRNetwork((4, 6)).eval()
        image = torch.rand(1, 3, 8, 8).expand(3, -1, -1, -1)
        out = net(image, torch.tensor([1.0, 1.0, 1.01]))
        torch.testing.assert_close(out[0], out[1])
        assert not torch.equal(out[0], out[2])


class TestLosses:
    def setup_method(self):
        torch.manual_seed(0)
        self.network = CEVRNetwork((4, 6)).eval()
        batch = batch_of()
        self.image, self.target, self.ev = batch["ldr"][:, 1], batch["ldr"][:, 2], batch["ev"][:, 2]

    def test_equation_3_is_a_sum(self):
        out = self.network(self.image, self.ev)
        expected = sum((self.target[n] - out[n]).abs().sum() for n in range(2))
        found, cycle = exposure_losses(self.network, self.image, self.target, self.ev, None)
        torch.testing.assert_close(found, expected)
        assert cycle == 0

    @pytest.mark.parametrize("mean", [False, True])
    def test_equation_4_goes_in_two_steps_that_add_up(self, mean):
        a = torch.tensor([0.25, 0.6])
        steps = torch.tensor([0.25 * 1.0, 0.0]), torch.tensor([0.75 * 1.0, 0.0])
        out = self.network(self.network(self.image, steps[0]), steps[1])
        expected = (self.target - out).abs().mean() if mean else (self.target - out).abs().sum()
        found = exposure_losses(self.network, self.image, self.target, self.ev, a, mean)[1]
        torch.testing.assert_close(found, expected)

    def test_the_first_half_of_the_cycle_gets_a_gradient(self):
        network = CEVRNetwork((4, 6))
        image = self.image.clone().requires_grad_()
        loss = exposure_losses(network, image, self.target, self.ev, torch.tensor([0.5, 0.5]))[1]
        assert torch.autograd.grad(loss, image)[0].abs().sum() > 0


class TestModule:
    def test_the_authors_optimiser_and_the_papers_schedule(self):
        configured = CEVR(**TINY).configure_optimizers()
        assert type(configured["optimizer"]) is torch.optim.Adam
        assert configured["optimizer"].defaults["lr"] == 2e-4
        schedule, rates = configured["lr_scheduler"], []
        assert schedule["interval"] == "step"
        for _ in range(4_000):
            rates.append(configured["optimizer"].param_groups[0]["lr"])
            schedule["scheduler"].step()
        restarts = [index for index in range(1, len(rates)) if rates[index] > rates[index - 1]]
        assert restarts == [48 * 10 * (2**k - 1) for k in range(1, 4)]

    @pytest.mark.parametrize("size", [(16, 16), (13, 21), (3, 2)])
    def test_any_size_any_exposure(self, size):
        model = CEVR(**TINY).eval()
        with torch.no_grad():
            out = model.generate(torch.rand(2, 3, *size), torch.tensor([-2.71, 0.0, 0.3, 3.5]))
        assert out.shape == (2, 4, 3, *size)
        assert out.min() >= 0
        assert out.max() <= 1

    def test_each_direction_has_its_network(self):
        model = CEVR(**TINY, identity_start=True).eval()
        model.dark.outputs[-1].maps.bias.data = torch.tensor([0.0, 0.1])
        model.bright.outputs[-1].maps.bias.data = torch.tensor([0.0, 0.9])
        with torch.no_grad():
            out = model.generate(torch.rand(1, 3, 8, 8), torch.tensor([0.5, -0.5, -3.0, 0.0]))[0]
        assert [round(float(image.mean()), 3) for image in out] == [0.9, 0.1, 0.1, 0.9]
        assert out.std((1, 2, 3)).max() < 1e-6

    def test_exposing_many_at_once_is_exposing_one_by_one(self):
        model = CEVR(**TINY).eval()
        image, ev = torch.rand(2, 3, 8, 8), torch.tensor([1.0, -1.0, 0.25])
        with torch.no_grad():
            together = model.expose(image, ev)
            for index, stops in enumerate(ev):
                torch.testing.assert_close(together[:, index : index + 1], model.expose(image, stops[None]))

    def test_the_stack_of_the_paper(self):
        stack, ev = CEVR(**TINY).eval().generated_stack(torch.rand(1, 3, 8, 8))
        assert stack.shape[1] == 13
        assert ev.diff().tolist() == [0.5] * 12

    def test_every_parameter_gets_a_gradient(self):
        model = quiet()
        model.training_step(batch_of(), 0).backward()
        silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
        assert all(n.endswith("bias") and "features" in n for n in silent), silent  # of what is normalised

    def test_the_loss_is_the_sum_over_both_networks(self):
        model = quiet(cycle_split=(0.5, 0.5)).eval()
        batch = batch_of()
        dark, image, bright = batch["ldr"].unbind(1)
        half = torch.full((2,), 0.5)
        down = exposure_losses(model.dark, image, dark, batch["ev"][:, 0], half)
        up = exposure_losses(model.bright, image, bright, batch["ev"][:, 2], half)
        torch.testing.assert_close(model.training_step(batch, 0), down[0] + up[0] + 0.1 * (down[1] + up[1]))
        torch.testing.assert_close(model.logged["train/cycle"], 0.1 * (down[1] + up[1]).detach())

    def test_steps_count_from_the_reference(self):
        model, batch = quiet().eval(), batch_of()
        expected = model.training_step(batch, 0)
        torch.testing.assert_close(model.training_step(batch | {"ev": batch["ev"] - 4}, 0), expected)

    def test_without_its_weight_the_cycle_is_not_run(self, monkeypatch):
        model = quiet(cycle_weight=0.0)
        monkeypatch.setattr(model, "_splits", None)
        model.training_step(batch_of(), 0)
        assert model.logged["train/cycle"] == 0

    def test_held_out_exposures_are_never_chosen(self):
        assert CEVR(**TINY, held_out=(-1, 1)).exposures == FromReference(without=(-1, 1))

    def test_in_bfloat16_maps_are_applied_in_float32(self):
        model = quiet()
        with torch.autocast("cpu", torch.bfloat16):
            loss = model.training_step(batch_of(), 0)
            shown = model.generate(torch.rand(1, 3, 8, 8), torch.tensor([1.0]))
        assert loss.dtype == shown.dtype == torch.float32
        assert torch.isfinite(loss)


class TestSplit:
    scenes = tuple(f"s{index}" for index in range(400))

    def test_every_image_draws_its_own_between_zero_and_one(self):
        splits = CEVR(**TINY)._splits(self.scenes)
        assert splits.shape == (2, 400)
        assert splits.unique().numel() == 800
        assert splits.min() < 0.02
        assert splits.max() > 0.98
        assert abs(splits.mean() - 0.5) < 0.05

    def test_forks(self):
        half = CEVR(**TINY, cycle_split=(0.5, 0.5))._splits(self.scenes)
        assert (half == 0.5).all()
        batchwise = CEVR(**TINY, cycle_split=(0.1, 0.9), cycle_split_per_image=False)
        drawn = torch.stack([batchwise._splits([f"scene{index}", "other"]) for index in range(300)])
        assert torch.equal(drawn[..., 0], drawn[..., 1])
        assert 0.1 <= drawn.min() < 0.15
        assert 0.85 < drawn.max() <= 0.9

    def test_the_draw_follows_from_seed_and_scenes(self):
        torch.manual_seed(3)
        model = CEVR(**TINY)
        first = model._splits(["a", "b"])
        torch.rand(5)
        assert torch.equal(model._splits(["a", "b"]), first)
        assert not torch.equal(model._splits(["a", "c"]), first)
        torch.manual_seed(4)
        assert not torch.equal(model._splits(["a", "b"]), first)

    @pytest.mark.parametrize("split", [(-0.1, 0.5), (0.6, 0.4), (0.0, 1.1)])
    def test_no_part_of_a_step_is_refused(self, split):
        with pytest.raises(InputError, match="two parts of a step"):
            CEVR(**TINY, cycle_split=split)


class Scored(CEVR):
    """Validation gives the scores that it is told, one after the other."""

    def __init__(self, scores, **arguments):
        super().__init__(**arguments)
        self.scores = iter(scores)
        self.cycles = []

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        self.cycles.append(bool(self.trainer.callback_metrics["train/cycle"] > 0))
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("val/psnr", next(self.scores), batch_size=1)


class TestGate:
    def fit(self, scores, folder, ckpt_path=None, validate=True):
        model = Scored(scores, **TINY, cycle_from_psnr=28.0, scheduler=None)
        train = DataLoader([batch_of(), batch_of()], batch_size=None)
        silent = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        trainer = Trainer(max_epochs=3, accelerator="cpu", num_sanity_val_steps=1, default_root_dir=folder, **silent)
        trainer.fit(model, train, DataLoader(range(1)) if validate else None, ckpt_path=ckpt_path)
        return model, trainer

    def test_the_cycle_waits_for_the_last_validation(self, tmp_path):
        model, _ = self.fit([40.0, 27.0, 28.5, 0.0], tmp_path)  # the first is Lightning's own check, which is no score
        assert model.cycles == [False, False, False, False, True, True]

    def test_a_training_that_goes_on_remembers(self, tmp_path):
        _, trainer = self.fit([0.0, 27.0, 27.0, 28.5], tmp_path)
        trainer.save_checkpoint(tmp_path / "three.ckpt")
        model = Scored([], **TINY, cycle_from_psnr=28.0)
        assert model.last_psnr == -math.inf
        model.on_load_checkpoint(torch.load(tmp_path / "three.ckpt", weights_only=True))
        assert model.last_psnr == 28.5
        assert model._cycles

    def test_waiting_without_validation_is_refused(self, tmp_path):
        with pytest.raises(InputError, match=r"at 28 dB, found none; pass --data\.val"):
            self.fit([], tmp_path, validate=False)


class TestPretrained:
    def fit(self, tmp_path, ckpt_path=None, **arguments):
        model = CEVR(**TINY | {"pretrained": True, "channels": (64,)} | arguments)
        silent = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        trainer = Trainer(max_steps=0, accelerator="cpu", default_root_dir=tmp_path, **silent)
        trainer.fit(model, DataLoader([batch_of(size=4)], batch_size=None), ckpt_path=ckpt_path)
        trainer.save_checkpoint(tmp_path / "here.ckpt")
        return model

    def test_both_encoders_start_from_the_file(self, tmp_path):
        taught = VGGEncoder((64,))
        torch.save(taught.state_dict(), tmp_path / "vgg.pth")
        model = self.fit(tmp_path, encoder_weights=tmp_path / "vgg.pth")
        for network in (model.dark, model.bright):
            assert torch.equal(network.encoder.features[3].weight, taught.features[3].weight)

    def test_a_random_start_is_asked_for_and_never_happens_by_itself(self, tmp_path):
        self.fit(tmp_path, pretrained=False)
        with pytest.raises(InputError, match="no such file of VGG weights"):
            self.fit(tmp_path, encoder_weights=tmp_path / "none.pth")
        with pytest.raises(InputError, match=r"--model\.pretrained false"):
            self.fit(tmp_path, channels=(4, 6))

    def test_other_initial_weights_need_no_vgg(self, tmp_path):
        torch.save({"state_dict": CEVR(**TINY).state_dict()}, tmp_path / "mine.ckpt")
        self.fit(tmp_path, channels=(4, 6), initial_weights=str(tmp_path / "mine.ckpt"))

    def test_a_training_that_goes_on_needs_no_vgg(self, tmp_path):
        first = self.fit(tmp_path, pretrained=False)
        resumed = self.fit(tmp_path, ckpt_path=tmp_path / "here.ckpt", encoder_weights=tmp_path / "none.pth")
        assert all(torch.equal(a, b) for a, b in zip(resumed.parameters(), first.parameters(), strict=True))

    def test_prediction_needs_no_vgg(self):
        CEVR().setup("predict")
