import math
from dataclasses import replace

import pytest
import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader

from hdrgen.camera import Gamma, calibrate_debevec, form_image
from hdrgen.data import EveryStep
from hdrgen.errors import InputError
from hdrgen.fusion import debevec_hat, merge_debevec
from hdrgen.losses import histogram_loss
from hdrgen.methods import DeepSynthHDRI
from hdrgen.methods.deep_synth.edges import canny_edges
from hdrgen.methods.deep_synth.loss import hdr_loss, synthesise, target_radiance
from hdrgen.methods.deep_synth.recursion import expose_outwards
from hdrgen.methods.levels import levels_of
from hdrgen.metrics import match_scale
from hdrgen.optim import GradientCentralizedAdam

WIDTHS = {"global_channels": (4, 6, 8), "local_channels": (4, 6), "refinement_channels": (4, 6)}
TINY = WIDTHS | {"perceptual_weight": 0.0, "refinement_start": 0}


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def scene(size=32, count=2, smooth=False):
    generator = torch.Generator().manual_seed(0)
    x = torch.linspace(-4, 1, size).exp2()
    hdr = (x + x[:, None]) * torch.tensor([1.0, 0.7, 0.4]).view(3, 1, 1)
    noise = 0 if smooth else 0.3 * torch.rand(count, 3, size, size, generator=generator)
    return hdr.expand(count, 3, size, size) * (1 + noise)


def stack_batch(ev=(-2.0, -1.0, 0.0, 1.0, 2.0), **options):
    ev, hdr = torch.tensor(ev), scene(**options)
    return {
        "ldr": form_image(hdr, ev, Gamma(2.2)),
        "ev": ev.repeat(len(hdr), 1),
        "ref": torch.full((len(hdr),), ev.tolist().index(0)),
        "hdr": hdr,
        "scene": [f"s{index}" for index in range(len(hdr))],
    }


def terms_of(model, batch, forced=None, free=0):
    return model.losses(batch, levels_of(batch, model.step), forced, free)


class TestLosses:
    def test_hdr_loss_by_hand(self):
        assert hdr_loss(torch.tensor([0.5, 1.0]), torch.tensor([0.25, 1.0])).item() == pytest.approx(
            math.log(2501 / 1251) / 2, rel=1e-5
        )

    def test_the_layer_recovers_radiance(self):
        batch = stack_batch(smooth=True, size=64)
        found = synthesise(batch["ldr"], batch["ev"][0])
        target = target_radiance(batch["ldr"], batch["ev"][0], 1000 * batch["hdr"])  # a truth of unknown scale
        assert hdr_loss(found, target).item() < 0.03
        torch.testing.assert_close(target, batch["hdr"].clamp_max(4), rtol=0.05, atol=0)

    @pytest.mark.parametrize("through_response", [True, False])
    def test_the_layer_s_gradient_against_finite_differences(self, through_response):
        batch = stack_batch(smooth=True, count=1)
        ev, generator = batch["ev"][0], torch.Generator().manual_seed(1)
        stack = form_image(batch["hdr"].double(), ev, Gamma(2.2), bits=None) * 0.9 + 0.05
        towards = torch.rand(stack.shape, generator=generator).double() - 0.5
        point, given = stack.clone().requires_grad_(), calibrate_debevec(stack, ev)

        def brightness(pixels):
            response = calibrate_debevec(pixels, ev) if through_response else given
            return merge_debevec(pixels, ev, response, weight=debevec_hat).log().mean()

        radiance = synthesise(point, ev, through_response, through_weights=True)

        # The layer itself is float32 and linear only between two levels; in float64, a step can be small enough.
        slope = (torch.autograd.grad(radiance.log().mean(), point)[0] * towards).sum()
        numeric = (brightness(stack + 1e-7 * towards) - brightness(stack - 1e-7 * towards)) / 2e-7
        assert slope.item() == pytest.approx(numeric.item(), rel=0.05)

    def test_a_black_stack_has_a_finite_loss(self):
        stack = torch.zeros(2, 5, 3, 16, 16, requires_grad=True)
        loss = hdr_loss(synthesise(stack, torch.arange(5.0) - 2), torch.ones(2, 3, 16, 16))
        loss.backward()
        assert loss.isfinite()
        assert stack.grad.isfinite().all()

    def test_the_response_can_be_taken_as_given(self):
        batch = stack_batch(count=1)
        stack, ev = batch["ldr"].clone().requires_grad_(), batch["ev"][0]
        gradients = [torch.autograd.grad(synthesise(stack, ev, flag).sum(), stack)[0] for flag in (True, False)]
        torch.testing.assert_close(synthesise(stack, ev, True), synthesise(stack, ev, False))
        assert not torch.allclose(*gradients)

    def test_terms_of_equations_4_to_7(self):
        torch.manual_seed(0)
        model = DeepSynthHDRI(**TINY)
        batch = stack_batch(ev=(-1.0, 0.0, 1.0))
        stack, ev = batch["ldr"], batch["ev"][0]
        with torch.no_grad():
            terms = terms_of(model, batch)
            edges = canny_edges(stack.flatten(0, 1)).unflatten(0, (2, 3))
            made = expose_outwards(model.network, range(-1, 2), 0, stack[:, 1], edges[:, 1])
        pairs = [(made[-1], 0), (made[1], 2)]
        expected = {
            "l1": sum((one.tone - stack[:, place]).abs().mean() for one, place in pairs) / 2,
            "histogram": 0.1 * sum(histogram_loss(one.tone, stack[:, p], 256, "values") for one, p in pairs) / 2,
            "edge": sum((one.edges - edges[:, place]).abs().mean() for one, place in pairs) / 2,
            "refinement": sum((one.image - stack[:, place]).abs().mean() for one, place in pairs) / 2,
        }
        shown = torch.stack([made[-1].image, stack[:, 1], made[1].image], 1)
        radiance, truth = synthesise(shown, ev), target_radiance(stack, ev, batch["hdr"])
        expected["hdr"] = hdr_loss(match_scale(radiance, truth), truth)
        assert terms.keys() == expected.keys()
        for name, term in terms.items():
            torch.testing.assert_close(term, expected[name], msg=name)
        model.terms = replace(model.terms, up_to_scale=False)
        with torch.no_grad():
            torch.testing.assert_close(terms_of(model, batch)["hdr"], hdr_loss(radiance, truth))

    def test_two_schedules_are_summed(self):
        model, batch = DeepSynthHDRI(**TINY), stack_batch()
        with torch.no_grad():
            forced, free = terms_of(model, batch, 1, None), terms_of(model, batch, None, 0)
            both = terms_of(model, batch, 1, 0)
        torch.testing.assert_close(both["edge"], forced["edge"] + free["edge"])
        torch.testing.assert_close(both["hdr"], free["hdr"])

    def test_the_contextual_loss_sees_the_refined_images(self, tmp_path):
        model = DeepSynthHDRI(**TINY | {"perceptual_weight": 0.5})
        model.contextual = lambda image, truth: (image - truth).square().mean()
        batch = stack_batch()
        terms = terms_of(model, batch)
        assert terms["contextual"].item() > 0
        assert "contextual" not in terms_of(DeepSynthHDRI(**TINY), batch)

    def test_without_the_hdr_loss_nothing_is_calibrated(self):
        assert "hdr" not in terms_of(DeepSynthHDRI(**TINY, hdr_weight=0.0), stack_batch())


class TestGradients:
    @pytest.mark.parametrize("through_response", [True, False])
    def test_the_hdr_loss_reaches_every_network_of_both_directions(self, through_response):
        torch.manual_seed(0)
        model = DeepSynthHDRI(**TINY, through_response=through_response)
        terms_of(model, stack_batch())["hdr"].backward()
        for direction in (model.network.up, model.network.down):
            for network in (direction.tone, direction.edges, direction.refinement):
                gradients = [parameter.grad for parameter in network.parameters()]
                assert all(gradient.isfinite().all() for gradient in gradients)
                assert sum(gradient.abs().sum() for gradient in gradients) > 0

    def test_following_the_hdr_loss_alone_lowers_it(self):
        torch.manual_seed(0)
        model, batch = DeepSynthHDRI(**TINY, gain_start=True), stack_batch()
        optimizer = GradientCentralizedAdam(model.parameters(), lr=3e-3)
        values = []
        for _ in range(12):
            term = terms_of(model, batch)["hdr"]
            optimizer.zero_grad()
            term.backward()
            optimizer.step()
            values.append(term.item())
        assert min(values[-3:]) < 0.7 * values[0]

    def test_apart_each_network_learns_from_its_own_equation(self):
        torch.manual_seed(0)
        model, batch = DeepSynthHDRI(**TINY, end_to_end=False), stack_batch()
        own = {"l1": "tone", "histogram": "tone", "edge": "edges", "refinement": "refinement", "hdr": "refinement"}
        for name, network in own.items():
            model.zero_grad()
            terms_of(model, batch)[name].backward()
            reached = {
                part
                for direction in (model.network.up, model.network.down)
                for part in ("tone", "edges", "refinement")
                for parameter in getattr(direction, part).parameters()
                if parameter.grad is not None
            }
            assert reached == {network}, name


def fit(model, batch, steps=1):
    trainer = Trainer(
        max_steps=steps, accelerator="cpu", logger=False, barebones=True, num_sanity_val_steps=0, max_epochs=None
    )
    trainer.fit(model, DataLoader([batch] * steps, batch_size=None))
    return trainer


class TestTraining:
    def test_the_paper_s_optimiser(self):
        configured = DeepSynthHDRI(**TINY).configure_optimizers()
        defaults = configured["optimizer"].defaults
        assert type(configured["optimizer"]) is GradientCentralizedAdam
        assert (defaults["lr"], defaults["betas"], defaults["weight_decay"]) == (1e-4, (0.5, 0.999), 0)
        assert "lr_scheduler" not in configured

    def test_a_learning_rate_of_its_own_for_refinement(self):
        model = DeepSynthHDRI(**TINY, refinement_learning_rate=1e-5)
        first, second = model.configure_optimizers()["optimizer"].param_groups
        late = parameters(model.network.up.refinement) + parameters(model.network.down.refinement)
        assert (first["lr"], second["lr"]) == (1e-4, 1e-5)
        assert sum(p.numel() for p in second["params"]) == late
        assert sum(p.numel() for p in first["params"]) == parameters(model) - late

    def test_one_step_counts_as_one_and_moves_all_networks(self):
        model = DeepSynthHDRI(**TINY)
        before = {name: value.clone() for name, value in model.named_parameters()}
        assert fit(model, stack_batch()).global_step == 1
        moved = {name.split(".")[2] for name, value in model.named_parameters() if not torch.equal(value, before[name])}
        assert moved == {"tone", "edges", "refinement"}

    def test_refinement_waits_for_its_step_in_training_and_in_use(self):
        torch.manual_seed(0)
        model, batch = DeepSynthHDRI(**TINY | {"refinement_start": 2}), stack_batch()
        before = [p.clone() for p in model.network.up.refinement.parameters()]
        assert "refinement" not in terms_of(model, batch)
        fit(model, batch, steps=2)
        assert all(torch.equal(a, b) for a, b in zip(before, model.network.up.refinement.parameters(), strict=True))
        image = batch["ldr"][:, 2]
        coarse = expose_outwards(model.network, range(2), 0, image, canny_edges(image), refine=False)[1].image
        torch.testing.assert_close(model.generate(image, torch.ones(1))[:, 0], coarse)
        trained = DeepSynthHDRI(**TINY | {"refinement_start": 2})
        fit(trained, batch, steps=3)
        assert bool(trained.refining)
        other = DeepSynthHDRI(**TINY | {"refinement_start": 2})
        other.load_state_dict(trained.state_dict())
        assert bool(other.refining)

    def test_a_direction_that_takes_no_part_keeps_its_weights(self):
        model = DeepSynthHDRI(**TINY, free_running=True, teacher_forced=False, start_jitter=0)
        before = [p.clone() for p in model.network.down.parameters()]
        fit(model, stack_batch(ev=(0.0, 1.0, 2.0)))
        assert all(torch.equal(a, b) for a, b in zip(before, model.network.down.parameters(), strict=True))

    def test_starts_vary_within_the_stack_and_repeat(self):
        model = DeepSynthHDRI(**TINY)
        drawn = []
        for step in range(60):
            type(model).global_step = property(lambda _, step=step: step)
            try:
                drawn.append((model._starts(range(-2, 3)), model._starts(range(-2, 3))))
            finally:
                del type(model).global_step
        assert all(first == second for first, second in drawn)
        assert {first[0] for first, _ in drawn} == {-2, -1, 0, 1, 2}
        assert {first[1] for first, _ in drawn} == {-1, 0, 1}

    def test_frames_are_whole_steps(self):
        assert DeepSynthHDRI(**TINY, reach=2, step=0.5).exposures == EveryStep(0.5, 2)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"reach": 0}, "at least 1 step"),
            ({"step": 0.0}, "at least 1 step"),
            ({"reach": 2**31}, "at most 32 steps"),
            ({"histogram_levels": 2**31}, "2 to 65536 levels"),
            ({"teacher_forced": False, "free_running": False}, "expected a schedule"),
        ],
    )
    def test_arguments_that_make_no_sense(self, arguments, message):
        with pytest.raises(InputError, match=message):
            DeepSynthHDRI(**TINY | arguments)


class TestUse:
    @pytest.mark.parametrize("size", [(32, 32), (37, 51), (5, 3)])
    def test_any_size(self, size):
        model = DeepSynthHDRI(**TINY).eval()
        with torch.no_grad():
            out = model.generate(torch.rand(2, 3, *size), torch.tensor([-2.0, 3.0, 1.0]))
        assert out.shape == (2, 3, 3, *size)
        assert out.isfinite().all()

    def test_the_order_of_exposures_is_the_caller_s(self):
        model = DeepSynthHDRI(**TINY).eval()
        image = torch.rand(1, 3, 16, 16)
        with torch.no_grad():
            one, two = (
                model.generate(image, torch.tensor([2.0, -1.0, 0.0])),
                model.generate(image, torch.tensor([-1.0])),
            )
        torch.testing.assert_close(one[:, 1:2], two)
        assert torch.equal(one[:, 2], image)

    @pytest.mark.parametrize("stops", [0.5, 4.0, -3.5])
    def test_exposures_between_and_beyond_its_steps_are_refused_in_one_line(self, stops):
        with pytest.raises(InputError) as error:
            DeepSynthHDRI(**TINY).generate(torch.rand(1, 3, 16, 16), torch.tensor([1.0, stops]))
        assert f"whole multiples of 1 EV from -3 to +3, found {stops:+g} EV; ask" in str(error.value)
        assert "\n" not in str(error.value)

    def test_what_it_can_generate(self):
        ev = torch.tensor([-4.0, -3.0, -0.5, 0.0, 1.0, 1.06, 2.5])
        assert DeepSynthHDRI(**TINY).can_generate(ev).tolist() == [False, True, False, True, True, True, False]
        assert DeepSynthHDRI(**TINY, step=0.5).can_generate(ev).tolist() == [
            False,
            False,
            True,
            True,
            True,
            False,
            False,
        ]

    def test_the_stack_for_the_hdr_image(self):
        assert DeepSynthHDRI(**TINY).stack_ev == (-3, -2, -1, 0, 1, 2, 3)
        assert DeepSynthHDRI(**TINY, reach=2, step=1.5).stack_ev == (-3, -1.5, 0, 1.5, 3)
        assert DeepSynthHDRI(**TINY, stack_ev=(-1, 0, 1)).stack_ev == (-1, 0, 1)
        hdr = DeepSynthHDRI(**TINY, gain_start=True).eval().reconstruct(stack_batch())
        assert hdr.shape == (2, 3, 32, 32)
        assert hdr.isfinite().all()
