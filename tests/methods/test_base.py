import pytest
import torch
from pytorch_lightning import Trainer
from pytorch_lightning.cli import ReduceLROnPlateau
from torch.utils.data import DataLoader

from hdrgen.camera import Gamma, TabulatedResponse, form_image
from hdrgen.errors import InputError
from hdrgen.methods import HDRModule, LinearGain, UnchangedInput
from hdrgen.methods.base import source_of
from hdrgen.methods.merging import merge_stack
from hdrgen.metrics import load_protocol, psnr

EV = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])


def stack_batch(response=None, scenes=2, size=24):
    """Noise-free stacks of a smooth radiance, through gamma 2.2 unless told otherwise."""
    response = response or Gamma(2.2)
    ramp = torch.logspace(-2.5, 0.5, size * size).view(1, 1, size, size)
    hdr = ramp * torch.tensor([1.0, 0.8, 0.6]).view(1, 3, 1, 1) * torch.arange(1, scenes + 1).view(-1, 1, 1, 1)
    return {
        "ldr": form_image(hdr, EV, response, bits=None),
        "ev": EV.repeat(scenes, 1),
        "ref": torch.full((scenes,), 2),
        "hdr": hdr,
        "scene": [f"s{index}" for index in range(scenes)],
        "inverse_response": response.inverse(torch.linspace(0, 1, 1024)).repeat(scenes, 1),
    }


def quiet(model):
    model.log = model.log_dict = lambda *args, **kwargs: None
    return model.eval()


class Padded(HDRModule):
    """Tells which size it was given."""

    multiple = 16

    def expose(self, image, ev):
        self.seen = image.shape
        return image[:, None].expand(-1, len(ev), -1, -1, -1)


def test_generate_pads_and_crops_back():
    model = Padded()
    image = torch.rand(1, 3, 17, 33)
    out = model.generate(image, torch.tensor([1.0, 2.0]))
    assert model.seen[-2:] == (32, 48)
    assert out.shape == (1, 2, 3, 17, 33)
    assert torch.equal(out[:, 0], image)


def test_a_method_without_exposures_says_so():
    with pytest.raises(InputError, match="HDRModule reconstructs HDR images directly"):
        HDRModule().generate(torch.rand(1, 3, 8, 8), EV)


def test_the_input_itself_stands_at_ev_zero():
    image = torch.rand(1, 3, 8, 8)
    stack, ev = LinearGain().generated_stack(image)
    assert ev.tolist() == EV.tolist()
    assert torch.equal(stack[:, 2], image)


def test_source_is_the_reference_of_each_scene():
    batch = stack_batch()
    batch["ref"] = torch.tensor([0, 4])
    assert torch.equal(source_of(batch), torch.stack([batch["ldr"][0, 0], batch["ldr"][1, 4]]))


def test_generated_exposures_are_merged_by_debevecs_hat():
    """The number behind every result: a mean of log radiance, but for the ends of the stack, which clip here."""
    inner = torch.rand(3, 3, 8, 8) * 0.96 + 0.02
    stack = torch.cat([torch.zeros_like(inner[:1]), inner, torch.ones_like(inner[:1])])
    ev = torch.tensor([-9.0, -3.0, 0.0, 2.0, 9.0])
    hat = torch.minimum(inner - 0.01, 0.99 - inner) / 0.49
    stops = 2.2 * inner.log2() - ev[1:-1, None, None, None]
    expected = ((hat * stops).sum(0) / hat.sum(0)).exp2()
    torch.testing.assert_close(merge_stack(stack[None], ev, Gamma(2.2))[0], expected, rtol=1e-4, atol=0)


class TestBaselines:
    def test_gain_with_the_right_gamma_is_the_truth_below_clipping(self):
        batch = stack_batch()
        made = LinearGain().generate(source_of(batch), EV[EV < 0])
        kept = batch["hdr"][:, None].expand_as(made) < 1
        torch.testing.assert_close(made[kept], batch["ldr"][:, :2][kept], atol=1e-4, rtol=0)

    def test_unchanged_input_is_unchanged(self):
        image = torch.rand(2, 3, 8, 8)
        assert torch.equal(UnchangedInput().generate(image, EV)[:, 3], image)
        hdr = UnchangedInput().reconstruct({"ldr": image[:, None], "ref": torch.zeros(2, dtype=torch.long)})
        torch.testing.assert_close(hdr, image**2.2)

    def test_the_oracle_knows_the_curve_and_blind_gain_does_not(self):
        x = torch.linspace(0, 1, 64)
        batch = stack_batch(TabulatedResponse(x, (1.6 * x**0.9) / (x**0.9 + 0.6)), scenes=1)
        blind, oracle = (quiet(LinearGain(oracle=flag)).evaluate(batch, "test") for flag in (False, True))

        def at(result, ev):
            return next(s["value"] for s in result["scores"] if s["metric"] == "psnr" and s["ev"] == ev)

        assert at(oracle, 2.0) > at(blind, 2.0) + 10

    def test_the_oracle_takes_one_scene_at_a_time(self):
        with pytest.raises(InputError, match="found 2"):
            quiet(LinearGain(oracle=True)).evaluate(stack_batch(), "test")


class TestEvaluation:
    def test_scores_of_every_exposure_but_the_input(self):
        batch = stack_batch()
        result = quiet(LinearGain()).evaluate(batch, "test")
        assert result["stack"].shape == (2, 4, 3, 24, 24)
        assert result["ev"].tolist() == [[-2.0, -1.0, 1.0, 2.0]] * 2
        scores = {(s["scene"], s["ev"]) for s in result["scores"] if s["metric"] == "psnr"}
        assert scores == {(scene, ev) for scene in ("s0", "s1") for ev in (-2.0, -1.0, 1.0, 2.0)}
        assert {s["metric"] for s in result["scores"] if s["ev"] is None} == {"psnr_mu", "tm_psnr", "tm_ssim"}

    def test_ev_counts_from_the_input_whatever_the_reference(self):
        batch = stack_batch(scenes=1)
        batch["ref"] = torch.tensor([1])
        assert quiet(LinearGain()).evaluate(batch, "test")["ev"].tolist() == [[-1.0, 1.0, 2.0, 3.0]]

    def test_scores_do_not_depend_on_the_batch(self):
        batch = stack_batch()
        together = quiet(LinearGain()).evaluate(batch, "test")["scores"]
        alone = []
        for index in range(2):
            one = {k: v[index : index + 1] for k, v in batch.items()}
            alone += quiet(LinearGain()).evaluate(one, "test")["scores"]
        key = {(s["scene"], s["ev"], s["metric"]): s["value"] for s in alone}
        assert all(s["value"] == pytest.approx(key[s["scene"], s["ev"], s["metric"]], rel=1e-4) for s in together)

    def test_a_stack_without_truth_is_scored_without_it(self):
        batch = stack_batch()
        del batch["hdr"]
        assert all(s["ev"] is not None for s in quiet(LinearGain()).evaluate(batch, "test")["scores"])

    def test_stack_scores_pair_the_right_images(self):
        stack, truth = torch.rand(2, 3, 3, 16, 16), torch.rand(2, 3, 3, 16, 16)
        scores = load_protocol("quick").judge_stack(["a", "b"], stack, truth, torch.tensor([[-1.0, 1.0, 2.0]] * 2))
        found = next(s["value"] for s in scores if (s["scene"], s["ev"], s["metric"]) == ("b", -1.0, "psnr"))
        assert found == pytest.approx(psnr(stack[1, :1], truth[1, :1]).item())

    def test_equal_hdr_images_score_highest(self):
        hdr = torch.rand(1, 3, 16, 16)
        _, _, told = load_protocol("quick").judge_hdr(["a"], hdr, hdr)
        values = {s["metric"]: s["value"] for s in told.scores}
        assert values == {"psnr_mu": 100.0, "tm_psnr": 100.0, "tm_ssim": pytest.approx(1.0)}


class TestMerging:
    def test_known_response_recovers_radiance_on_the_absolute_scale(self):
        batch = stack_batch(scenes=1)
        hdr = merge_stack(batch["ldr"], EV, Gamma(2.2))
        torch.testing.assert_close(hdr, batch["hdr"], rtol=1e-3, atol=1e-5)

    def test_a_black_picture_is_merged_with_gamma(self):
        hdr = merge_stack(torch.zeros(1, 5, 3, 16, 16), EV)
        assert hdr.shape == (1, 3, 16, 16)
        assert torch.isfinite(hdr).all()

    def test_stays_in_float32_under_autocast(self):
        with torch.autocast("cpu", torch.bfloat16):
            hdr = merge_stack(stack_batch(scenes=1)["ldr"].bfloat16(), EV, Gamma(2.2))
        assert hdr.dtype == torch.float32


class Fractional(Padded):
    """Generates whole stops only."""

    multiple = 1

    def can_generate(self, ev):
        return ev == ev.round()


def test_exposures_that_a_method_does_not_offer_are_left_out():
    batch = stack_batch()
    batch["ev"] = torch.tensor([[-1.5, -1.0, 0.0, 0.5, 2.0]] * 2)
    stack, ev, truth = Fractional().generate_targets(batch)
    assert ev.tolist() == [[-1.0, 2.0]] * 2
    assert stack.shape == truth.shape == (2, 2, 3, 24, 24)
    assert torch.equal(truth, batch["ldr"][:, [1, 4]])


def test_a_stack_without_any_offered_exposure_is_no_error():
    batch = stack_batch(scenes=1)
    batch["ev"] = batch["ev"] / 10
    stack, _, truth = Fractional().generate_targets(batch)
    assert stack.shape == truth.shape == (1, 0, 3, 24, 24)
    result = quiet(Fractional()).evaluate(batch, "test")
    assert "stack" not in result
    assert {score["ev"] for score in result["scores"]} == {None}


def test_scenes_with_different_numbers_of_offered_exposures_need_batches_of_one():
    batch = stack_batch()
    batch["ev"] = torch.stack([EV, EV / 4])
    with pytest.raises(InputError, match=r"found \[4, 0\].*eval_batch_size=1"):
        Fractional().generate_targets(batch)


class ByHand(HDRModule):
    """Two optimisers, stepped by hand."""

    def __init__(self, interval):
        super().__init__(torch.optim.SGD, lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.5), interval)
        self.automatic_optimization = False
        self.weights = torch.nn.ParameterList([torch.nn.Parameter(torch.ones(())) for _ in range(2)])

    def configure_optimizers(self):
        return [self.scheduled(self.optimizer([weight], lr=1.0)) for weight in self.weights]

    def training_step(self, batch, batch_idx):
        for optimizer in self.optimizers():
            optimizer.step()


@pytest.mark.parametrize(("interval", "rate"), [("step", 0.5**6), ("epoch", 0.5**2)])
def test_schedules_go_on_under_manual_optimisation(interval, rate):
    model = ByHand(interval)
    trainer = Trainer(max_epochs=2, accelerator="cpu", logger=False, barebones=True)
    trainer.fit(model, DataLoader(range(3)))
    assert [optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers] == [rate, rate]


def test_a_plateau_schedule_goes_by_its_monitor_under_manual_optimisation():
    model = ByHand("epoch")
    model.scheduler = lambda o: ReduceLROnPlateau(o, monitor="loss", patience=0, factor=0.5)
    model.training_step = lambda batch, batch_idx: model.log("loss", 1.0)
    trainer = Trainer(max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False)
    trainer.fit(model, DataLoader(range(1)))
    assert trainer.optimizers[0].param_groups[0]["lr"] == 0.25


def test_a_response_that_checkpoints_cannot_hold_is_told(recwarn):
    Padded().on_save_checkpoint({})
    assert not recwarn
    with pytest.warns(UserWarning, match=r"checkpoints do not hold the response gamma 1\.8; pass it again"):
        Padded(response=Gamma(1.8)).on_save_checkpoint({})
    noted = Padded(response=Gamma(1.8))
    noted.hparams["response"] = {"class_path": "Gamma"}  # as the command line does
    noted.on_save_checkpoint({})
    assert not recwarn


def test_a_hook_that_leaves_out_what_every_method_needs_is_refused():
    with pytest.raises(
        InputError, match=r"Scores.on_validation_epoch_end replaces .* super\(\).on_validation_epoch_end"
    ):

        class Scores(HDRModule):
            def on_validation_epoch_end(self) -> None:
                pass

    class Adds(HDRModule):
        def on_validation_epoch_end(self) -> None:
            super().on_validation_epoch_end()

        def on_fit_end(self) -> None:  # of which the base makes nothing
            pass

    assert Adds().generates
