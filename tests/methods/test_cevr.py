import math

import pytest
import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from hdrgen.data import FromReference
from hdrgen.errors import InputError
from hdrgen.methods import CEVR
from hdrgen.methods.cevr import CEVRNetwork
from hdrgen.methods.cevr.loss import exposure_losses
from hdrgen.nn import VGGEncoder

TINY = {"channels": (4, 6), "pretrained": False}


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
        assert splits.unique().numel() > 797  # two of 800 numbers of 24 bits are equal under one seed in fifty
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

    def test_validation_is_logged_and_starts_the_cycle(self, tmp_path):
        """Of whole stacks, as the command line validates; nothing of the method stands in its way."""
        model = CEVR(**TINY, cycle_from_psnr=-50.0, scheduler=None)
        silent = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        best = ModelCheckpoint(tmp_path, monitor="val/psnr", mode="max")
        trainer = Trainer(max_epochs=1, accelerator="cpu", num_sanity_val_steps=0, callbacks=[best], **silent)
        train, val = (DataLoader([batch_of()], batch_size=None) for _ in range(2))
        trainer.fit(model, train, val)
        assert model.last_psnr == pytest.approx(trainer.callback_metrics["val/psnr"].item())
        assert best.best_model_path.endswith(".ckpt")
        assert model._cycles

    def test_waiting_without_validation_is_refused(self, tmp_path):
        with pytest.raises(InputError, match=r"at 28 dB, found none; name some, or pass cycle_from_psnr=None"):
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
        with pytest.raises(InputError, match="no such file of vgg16_bn weights"):
            self.fit(tmp_path, encoder_weights=tmp_path / "none.pth")
        with pytest.raises(InputError, match="pretrained=False"):
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
