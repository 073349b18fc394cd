import math

import numpy as np
import pytest
import torch
import yaml
from pytorch_lightning import Trainer
from torch import nn
from torch.utils.data import DataLoader

from hdrgen.camera import SRGB
from hdrgen.cli.main import main
from hdrgen.data import Brackets
from hdrgen.errors import InputError
from hdrgen.io import read_image, write_image
from hdrgen.methods import HDRGAN
from hdrgen.methods.hdr_gan.loss import discriminator_loss, generator_loss, reconstruction_loss
from hdrgen.tonemap import inverse_mu_law, mu_law
from tests.methods.three_exposures import scenes
from tests.methods.three_exposures.scenes import EV

TINY = {"channels": (4, 6, 8), "discriminator_channels": (4, 4, 4, 4)}


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def stacks(size=64, *more, **changes):
    return scenes.stacks(size, *more, **changes)


def tiny(**changes):
    torch.manual_seed(0)
    return HDRGAN(**TINY | changes)


class TestLosses:
    def test_equation_6(self):
        images, target = [torch.randn(2, 3, 4, 4) for _ in range(2)], torch.randn(2, 3, 4, 4)
        expected = sum(np.abs(image.numpy() - target.numpy()).mean() for image in images)
        assert reconstruction_loss(images, target).item() == pytest.approx(expected, rel=1e-5)

    def test_equation_9(self):
        """With a judge that measures brightness and moments that are its mean."""
        images, target = [torch.full((2, 3, 4, 4), value) for value in (0.2, 0.5)], torch.ones(2, 3, 4, 4)
        judge, moments = (lambda image: image.mean((1, 2, 3))), torch.mean
        assert generator_loss(images, judge, moments).item() == pytest.approx(-0.7)
        assert discriminator_loss(images, target, judge, moments).item() == pytest.approx(0.7 - 2)

    def test_each_player_s_loss_reaches_its_own_network_only(self):
        model = tiny()
        terms = model.losses(stacks())
        for name, own, other in (
            ("adversarial", model.network, model.discriminator),
            ("discriminator", model.discriminator, model.network),
        ):
            gradients = torch.autograd.grad(terms[name], [*other.parameters()], retain_graph=True, allow_unused=True)
            assert all(gradient is None for gradient in gradients)
            gradients = torch.autograd.grad(terms[name], [*own.parameters()], retain_graph=True, allow_unused=True)
            assert all(gradient is not None for gradient in gradients)

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"deep_supervision": False},
            {"merging": False},
            {"channels": (4, 5)},
            {"channels": (4, 5, 6, 7)},
            {"start_near_reference": True},
            {"judged": [0]},
            {"adversarial_weight": 0.0},
        ],
    )
    def test_one_backward_pass_reaches_every_parameter(self, changes):
        model = tiny(**changes)
        sum(model.losses(stacks()).values()).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())

    def test_heads_that_are_judged(self):
        """With three heads: a third of the images, a third of the truths, less noise of the power iteration."""
        model = tiny(channels=(4, 5, 6, 7), judged=[2])
        batch = stacks()
        model.eval()
        alone = model.losses(batch)
        model.judged = (0, 1, 2)
        together = model.losses(batch)
        assert together["reconstruction"].item() == pytest.approx(alone["reconstruction"].item())
        assert together["adversarial"].item() < 2 * alone["adversarial"].item()

    def test_the_truth_is_clipped_where_the_darkest_exposure_is(self):
        model = tiny(adversarial_weight=0.0).eval()
        batch = stacks()
        brighter = batch | {"hdr": torch.where(batch["hdr"] > 3.9, 100.0, batch["hdr"])}
        cut = batch | {"hdr": batch["hdr"].clamp_max(4)}
        first, second = (model.losses(b)["reconstruction"].item() for b in (brighter, cut))
        assert first == pytest.approx(second, abs=1e-3)

    def test_scenes_without_truth(self):
        batch = stacks()
        del batch["hdr"]
        with pytest.raises(InputError, match="true HDR image"):
            tiny().losses(batch)


class TestFormation:
    def test_equation_2(self):
        """L^gamma / t, with the time of the darkest exposure as 1."""
        batch = stacks(8)
        ldr, ev = batch["ldr"], batch["ev"]
        times = 2 ** (ev - ev[:, :1]).numpy()[..., None, None, None]
        np.testing.assert_allclose(tiny().linearised(ldr, ev).numpy(), ldr.numpy() ** 2.2 / times, rtol=1e-4)

    def test_another_response(self):
        ldr = torch.rand(1, 3, 3, 8, 8)
        torch.testing.assert_close(tiny(response=SRGB()).linearised(ldr, EV[None])[:, 0], SRGB().inverse(ldr[:, 0]))

    @pytest.mark.parametrize("tone_mapped", [True, False])
    def test_six_channels_in_minus_one_to_one(self, tone_mapped):
        model = tiny(tone_mapped_input=tone_mapped)
        model.network = Recorder()
        batch = stacks(8)
        model.images(batch["ldr"], batch["ev"])
        linear = model.linearised(batch["ldr"], batch["ev"])
        second = mu_law(linear, 5000.0) if tone_mapped else linear
        torch.testing.assert_close(model.network.seen, torch.cat([batch["ldr"], second], 2) * 2 - 1)

    def test_outputs(self):
        image = torch.linspace(-1, 1, 9).view(1, 1, 1, 9)
        linear, coded = tiny(), tiny(linear_output=False)
        torch.testing.assert_close(linear.radiance(image), (image + 1) / 2)
        torch.testing.assert_close(coded.radiance(image), inverse_mu_law((image + 1) / 2, 5000.0))
        torch.testing.assert_close(coded.tone_mapped(image), image)
        torch.testing.assert_close((linear.tone_mapped(image) + 1) / 2, mu_law(linear.radiance(image), 5000.0))

    @pytest.mark.parametrize("linear", [True, False])
    def test_start_near_the_reference(self, linear):
        batch = stacks(16)
        hdr = tiny(start_near_reference=True, linear_output=linear).eval().reconstruct(batch)
        known = batch["hdr"].amax(1, keepdim=True).expand_as(hdr) < 0.75
        torch.testing.assert_close(hdr[known], batch["hdr"][known], rtol=0.02, atol=1e-3)
        clipped = (batch["hdr"].amax(1, keepdim=True) > 1).expand_as(hdr) & (batch["hdr"] < 3.9)
        torch.testing.assert_close(hdr[clipped], batch["hdr"][clipped], rtol=0.02, atol=1e-3)


class Recorder(nn.Module):
    """In place of the generator: keeps what it is shown."""

    def forward(self, exposures, start):
        self.seen = exposures
        return [exposures[:, 1, :3]]


class TestReconstruct:
    def test_three_of_nine_exposures(self):
        batch = stacks(8, ev=torch.arange(9) / 2 - 2)
        ldr, ev = tiny().three_of(batch)
        assert ev.tolist() == [[-2, 0, 2]] * 2
        assert torch.equal(ldr, batch["ldr"][:, [0, 4, 8]])

    def test_three_of_scenes_that_differ(self):
        batch = stacks(8, ev=torch.tensor([-4.0, -2.0, 0.0, 2.0, 4.0]))
        batch["ref"] = torch.tensor([2, 3])
        assert tiny().three_of(batch)[1].tolist() == [[-2, 0, 2], [0, 2, 4]]

    @pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 30), (5, 40), (1, 1)])
    def test_any_size(self, height, width):
        batch = stacks(40)
        batch["ldr"] = batch["ldr"][..., :height, :width]
        hdr = tiny().eval().reconstruct(batch)
        assert hdr.shape == (2, 3, height, width)
        assert hdr.isfinite().all()
        assert hdr.min() >= 0

    def test_a_stop_more_exposure_is_half_the_radiance(self):
        model, batch = tiny().eval(), stacks(16)
        first, second = (model.reconstruct(batch | {"ev": batch["ev"] + stops}) for stops in (0, 1))
        torch.testing.assert_close(first, 2 * second)

    def test_outputs_to_choose_from(self):
        batch = stacks(16)
        last, first = (tiny(output=output).eval().reconstruct(batch) for output in (-1, 0))
        assert not torch.equal(first, last)
        assert torch.equal(last, tiny(output=1).eval().reconstruct(batch))

    @pytest.mark.parametrize("changes", [{"output": 2}, {"judged": [2]}, {"judged": []}, {"output": -3}])
    def test_heads_that_are_not_there(self, changes):
        with pytest.raises(InputError, match="expected a head"):
            tiny(**changes)

    def test_exposures_are_not_generated(self):
        with pytest.raises(InputError, match="HDRGAN reconstructs HDR images directly; it does not generate exposures"):
            tiny().generate(torch.rand(1, 3, 8, 8), EV)


def quiet(**options):
    silent = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return Trainer(accelerator="cpu", max_epochs=1, enable_checkpointing=False, **silent, **options)


class TestTraining:
    def test_schedule_of_the_paper(self):
        settings = HDRGAN(**TINY).configure_optimizers()
        assert [type(s["optimizer"]).__name__ for s in settings] == ["Adam", "Adam"]
        for setting in settings:
            schedule = setting["lr_scheduler"]["scheduler"]
            assert sorted(schedule.milestones) == [114_300, 706_400]
            assert schedule.get_last_lr() == [1e-4]
        assert HDRGAN(**TINY).interval == "step"

    def test_a_batch_is_a_step_of_both(self):
        model = tiny()
        before = [p.detach().clone() for p in model.parameters()]
        trainer = quiet()
        trainer.fit(model, DataLoader([stacks()], batch_size=None))
        assert trainer.global_step == 2
        assert all(not torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
        logged = set(trainer.callback_metrics)
        assert {"train/loss", "train/reconstruction", "train/adversarial", "train/discriminator"} <= logged
        expected = sum(trainer.callback_metrics[f"train/{name}"] for name in ("reconstruction", "adversarial"))
        assert trainer.callback_metrics["train/loss"].item() == pytest.approx(expected.item(), rel=1e-5)

    def test_without_discriminator_there_is_one_optimiser(self):
        model = tiny(adversarial_weight=0.0)
        trainer = quiet()
        trainer.fit(model, DataLoader([stacks(32)], batch_size=None))
        assert model.discriminator is None
        assert trainer.global_step == 1

    def test_gradients_are_clipped_by_value(self):
        model = tiny(clip_value=1e-3, optimizer=lambda p: torch.optim.SGD(p, lr=1.0), scheduler=None)
        before = [p.detach().clone() for p in model.parameters()]
        quiet().fit(model, DataLoader([stacks()], batch_size=None))
        steps = [(old - new).abs().max() for old, new in zip(before, model.parameters(), strict=True)]
        assert max(steps).item() == pytest.approx(1e-3, rel=1e-3)


class TestCommand:
    """As a user would, with random weights."""

    @pytest.fixture
    def photographs(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        batch = stacks(30, 1)
        for name, frame in zip(("a", "b", "c"), batch["ldr"][0], strict=True):
            write_image(tmp_path / "walk" / f"{name}.png", frame.permute(1, 2, 0).numpy())
        (tmp_path / "walk" / "exposures.csv").write_text("file,time\na.png,1\nb.png,4\nc.png,16\n")
        return tmp_path / "walk"

    COMMAND = ("predict", "--config", "hdr_gan_small", "--trainer.accelerator=cpu", "--data.predict")

    @pytest.mark.filterwarnings("ignore:HDRGAN has random weights")
    def test_three_photographs_become_one_image(self, photographs, capsys):
        files = [str(photographs / name) for name in ("c.png", "a.png", "b.png")]
        assert main([*self.COMMAND, *files, "-o", "out"]) == 0
        assert "walk: 3 files in out/walk" in capsys.readouterr().out
        assert read_image("out/walk/walk.exr").pixels.shape == (30, 30, 3)

    def test_one_photograph_says_what_to_pass(self, photographs, capsys):
        assert main([*self.COMMAND, str(photographs / "b.png"), "-o", "out"]) == 2
        assert "found one photograph; pass a darker, a middle and a brighter one" in capsys.readouterr().err

    def test_the_schedule_is_in_the_configuration(self, capsys):
        assert main(["fit", "--config", "hdr_gan", "--print_config"]) == 0
        printed = yaml.safe_load(capsys.readouterr().out)["model"]["init_args"]
        assert printed["scheduler"]["class_path"].endswith("TwoDrops")
        assert printed["scheduler"]["init_args"] == {"milestones": [114_300, 706_400], "gamma": 0.1}

    def test_files_of_a_scene_are_grouped(self):
        assert HDRGAN(**TINY).photographs.func is Brackets
        assert math.isclose(HDRGAN(**TINY, exposure_step=3.0).exposures.step, 3.0)
