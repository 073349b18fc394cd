"""What steps when in the training of Kim et al., scenes on their own, and steps that never leave their device."""

import contextlib
import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader

from hdrgen.camera import calibrated_tables
from hdrgen.errors import InputError
from hdrgen.methods import DeepSynthHDRI
from hdrgen.methods.deep_synth import edges as edges_module
from hdrgen.methods.deep_synth.edges import canny_edges
from hdrgen.methods.deep_synth.loss import hdr_loss, synthesise
from hdrgen.methods.deep_synth.network import Exposed, State
from hdrgen.methods.levels import levels_of
from hdrgen.methods.quick_training import fuse
from tests.methods.examples import Ramps
from tests.methods.test_deep_synth import TINY, stack_batch, terms_of


def fit(model, batches, **options):
    options = {"max_steps": len(batches), "max_epochs": None} | options
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = Trainer(accelerator="cpu", num_sanity_val_steps=0, enable_model_summary=False, **quiet, **options)
    trainer.fit(model, DataLoader(batches, batch_size=None))
    return trainer


def alone(batch, index):
    return {key: value[index : index + 1] for key, value in batch.items()}


def loss_and_gradient(model, batch, **starts):
    model.zero_grad()
    terms = terms_of(model, batch, **starts)
    torch.stack(list(terms.values())).sum().backward()
    gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    return {name: term.item() for name, term in terms.items()}, gradient


class TestScenes:
    def test_a_scene_s_losses_and_gradients_are_the_same_alone_and_in_a_batch(self):
        torch.manual_seed(0)
        model, batch = DeepSynthHDRI(**TINY), stack_batch(count=3)
        batch["ldr"][1] = 0.4 + 0.01 * batch["ldr"][1]  # hardly to be calibrated
        batch["ldr"][2] = 0  # not to be calibrated: it takes no other with it
        together, gradient = loss_and_gradient(model, batch, forced=1, free=0)
        each = [loss_and_gradient(model, alone(batch, index), forced=1, free=0) for index in range(3)]
        for name, value in together.items():
            assert value == pytest.approx(np.mean([terms[name] for terms, _ in each]), rel=1e-5), name
        mean = sum(one for _, one in each) / 3
        assert (gradient - mean).norm() < 1e-4 * mean.norm()

    def test_through_its_response_too_a_scene_is_the_same_to_the_bit(self):
        batch = stack_batch(count=2)
        stacks = torch.cat([batch["ldr"], 0.4 + 0.01 * batch["ldr"][:1], torch.zeros_like(batch["ldr"][:1])])
        found = []
        for chosen in (stacks, *stacks.split(1)):
            pixels = chosen.clone().requires_grad_()
            radiance = synthesise(pixels, batch["ev"][0], True, True)
            found.append((radiance.detach(), torch.autograd.grad(radiance.log1p().sum(), pixels)[0]))
        (radiance, gradient), each = found[0], found[1:]
        assert torch.equal(radiance, torch.cat([one for one, _ in each]))
        assert torch.equal(gradient, torch.cat([one for _, one in each]))

    def test_radiance_of_a_stack_that_says_nothing_is_that_of_gamma_2_2(self):
        stack = torch.zeros(2, 3, 3, 16, 16)
        stack[0] = stack_batch(ev=(-1.0, 0.0, 1.0), size=16)["ldr"][0]
        stack[1, 2] = 0.5
        merged = synthesise(stack, torch.tensor([-1.0, 0.0, 1.0]))
        torch.testing.assert_close(merged[1], torch.full_like(merged[1], 0.5**2.2 / 2))
        assert torch.equal(merged[:1], synthesise(stack[:1], torch.tensor([-1.0, 0.0, 1.0])))


class TestHDRLoss:
    def test_equation_7_in_numpy(self):
        made, truth = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
        ratio = (1 + 5000 * made.double().numpy()) / (1 + 5000 * truth.double().numpy())
        assert hdr_loss(made, truth).item() == pytest.approx(np.abs(np.log(ratio)).mean(), rel=1e-5)
        authors = np.abs(np.log1p(100 * made.numpy()) - np.log1p(100 * truth.numpy())).mean() / math.log(101)
        assert 0.21668 * hdr_loss(made, truth, 100.0).item() == pytest.approx(authors, rel=1e-4)

    def test_equation_3_is_the_slope_of_the_response_between_two_levels(self):
        """One frame of full weight: the gradient of ln E is g(Z) - g(Z - 1) per level, in display units times 255."""
        stack, ev = stack_batch(size=64, smooth=True, count=1)["ldr"], torch.arange(-2.0, 3.0)
        table = synthesise_table(stack, ev)
        stack = stack.clone()
        stack[..., 0, 0] = torch.tensor([0.0, 0.0, 100.5 / 255, 1.0, 1.0])[None, :, None]
        for factor in (1.0, 1 / 255):
            pixels = stack.clone().requires_grad_()
            radiance = synthesise(pixels, ev, gradient=factor)[..., 0, 0]
            slope = torch.autograd.grad(radiance.log().sum(), pixels)[0][0, 2, :, 0, 0]
            middle = (table[0, :, 100] + table[0, :, 101]) / 2
            expected = factor * 255 * (table[0, :, 101] - table[0, :, 100]) / middle
            torch.testing.assert_close(slope, expected, rtol=0.02, atol=0)

    def test_the_scale_is_taken_as_given(self):
        model, batch = DeepSynthHDRI(**TINY), stack_batch(count=1)
        levels, generated = levels_of(batch, 1.0), {}
        pixels = (0.9 * batch["ldr"] + 0.02).requires_grad_()
        for place, level in enumerate(levels):
            generated[level] = Exposed(pixels[:, place], pixels[:, place, :1], pixels[:, place], State())
        loss = model.terms.of_radiance(generated, batch["ldr"], levels, 1.0, batch["hdr"])
        gradient = torch.autograd.grad(loss, pixels)[0].abs()
        assert gradient.max() < 0.02 * gradient.sum()  # before, the pixel at the median had a fifth of all


def synthesise_table(stack, ev):
    return calibrated_tables(stack, ev)[0]


class TestUpdates:
    def test_each_transition_is_an_update_and_an_iteration_is_a_step(self, monkeypatch):
        model, batch = DeepSynthHDRI(**TINY), stack_batch(count=1)
        updates = []
        original = DeepSynthHDRI._descend

        def counting(self, terms, idle, counted=True):
            updates.append((counted, self.network.up in idle, self.network.down in idle))
            original(self, terms, idle, counted)

        monkeypatch.setattr(DeepSynthHDRI, "_descend", counting)
        monkeypatch.setattr(DeepSynthHDRI, "_starts", lambda self, levels: (-1, 0))
        assert fit(model, [batch] * 2).global_step == 2
        up, down, both = (False, False, True), (False, True, False), (True, False, False)
        assert updates == 2 * [*3 * [up], down, both]  # from -1 up to 2 and down to -2, then the recursion

    def test_without_the_recursion_the_last_transition_is_the_step(self):
        model = DeepSynthHDRI(**TINY, free_running=False)
        assert fit(model, [stack_batch(count=1)] * 2).global_step == 2

    @pytest.mark.parametrize(("updates", "has"), [("iteration", True), ("transition", False)])
    def test_the_hdr_loss_of_the_teacher_forced_schedule_alone_needs_one_update(self, updates, has):
        model = DeepSynthHDRI(**TINY, free_running=False, updates=updates)
        trainer = fit(model, [stack_batch(count=1)])
        assert ("train/hdr" in trainer.callback_metrics) == has

    @pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
    def test_updates_are_those_of_a_plain_loop(self, precision, monkeypatch):
        """The teacher-forced schedule written out: forward, backward, step for each transition, the state detached."""
        torch.manual_seed(0)
        model, batch = DeepSynthHDRI(**TINY), stack_batch(count=1)
        plain = DeepSynthHDRI(**TINY)
        plain.load_state_dict(model.state_dict())
        monkeypatch.setattr(DeepSynthHDRI, "_starts", lambda self, levels: (0, None))
        fit(model, [batch], precision=precision)
        optimizer = plain.configure_optimizers()["optimizer"]
        fuse(optimizer)  # as training does: of a gradient that is rounding alone, Adam makes a whole step
        stack, edges = batch["ldr"], canny_edges(batch["ldr"].flatten(0, 1)).unflatten(0, (1, 5))
        for places in ((2, 3, 4), (2, 1, 0)):
            state = State()
            for source, target in itertools.pairwise(places):
                with torch.autocast("cpu", torch.bfloat16, enabled=precision != "32-true"):
                    made = plain.network.expose(source - 2, target - 2, stack[:, source], edges[:, source], state)
                    terms = plain.terms.of_images({target - 2: made}, stack, edges, -2, True)
                optimizer.zero_grad()
                sum(terms.values()).backward()
                optimizer.step()
                state = made.state.detached()
        for (name, one), other in zip(model.named_parameters(), plain.parameters(), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-6, msg=name)

    def test_end_to_end_hdr_gives_each_network_its_own_loss_and_all_of_them_the_hdr_loss(self, monkeypatch):
        torch.manual_seed(0)
        batch, gradients = stack_batch(count=1), {}
        models = {mode: DeepSynthHDRI(**TINY, end_to_end=mode, teacher_forced=False) for mode in ("hdr", True)}
        models[True].load_state_dict(models["hdr"].state_dict())
        monkeypatch.setattr(torch.optim.Adam, "step", lambda *_: None)
        fit(models["hdr"], [batch])
        for name, parameter in models["hdr"].named_parameters():
            gradients[name] = parameter.grad
        terms = terms_of(models[True], batch, free=models[True]._starts(levels_of(batch, 1.0))[1])
        own = {"tone": ["l1", "histogram"], "edges": ["edge"], "refinement": ["refinement"]}
        for part, names in own.items():
            chosen = {n: p for n, p in models[True].named_parameters() if f".{part}." in n}
            loss = sum(terms[name] for name in [*names, "hdr"])
            expected = torch.autograd.grad(loss, list(chosen.values()), retain_graph=True)
            for name, value in zip(chosen, expected, strict=True):
                torch.testing.assert_close(_centred(gradients[name]), _centred(value), rtol=1e-3, atol=1e-6, msg=name)

    def test_several_processes_must_have_the_same_exposures(self, monkeypatch):
        model = DeepSynthHDRI(**TINY)
        monkeypatch.setattr(DeepSynthHDRI, "trainer", type("Two", (), {"world_size": 2}))
        monkeypatch.setattr(model, "all_gather", lambda own: torch.stack([own, own + torch.tensor([1, -1])]))
        with pytest.raises(InputError, match="the same exposures in the scenes of all processes"):
            model._check_alike(range(-2, 3))
        model.end_to_end = "hdr"
        with pytest.raises(InputError, match="one process"):
            model._check_alike(range(-2, 3))


def _centred(gradient):
    return gradient - gradient.mean((1, 2, 3), keepdim=True) if gradient.ndim == 4 else gradient


class TestDevice:
    def test_no_loss_and_no_gradient_waits_for_its_device(self, monkeypatch):
        """Tensors of `meta` have no values: whoever looks at one, copies it to the CPU or branches on it, fails."""
        monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())
        model = DeepSynthHDRI(**TINY, through_response=True, through_weights=True).to("meta")
        batch = {key: value.to("meta") for key, value in stack_batch(count=2).items() if torch.is_tensor(value)}
        edges = torch.zeros(2, 5, 1, 32, 32, device="meta")
        terms = model.losses(batch, range(-2, 3), 1, 0, True, edges)
        torch.stack(list(terms.values())).sum().backward()
        assert all(p.grad is not None and p.grad.device.type == "meta" for p in model.parameters())

    def test_edges_stay_on_their_device_and_are_those_of_the_cpu(self, monkeypatch):
        image = Ramps(1, 96).load(0, range(7), generator=torch.Generator())["ldr"]
        expected = canny_edges(image)
        monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())
        assert canny_edges(image.to("meta")).device.type == "meta"
        monkeypatch.setattr(edges_module, "_joined", edges_module._joined_on_device)
        assert torch.equal(canny_edges(image), expected)
        assert expected.any()

    def test_losses_are_in_float32_whatever_surrounds_them(self):
        model, batch = DeepSynthHDRI(**TINY), stack_batch(count=1)
        with torch.autocast("cpu", torch.bfloat16):
            terms = terms_of(model, batch)
        assert {term.dtype for term in terms.values()} == {torch.float32}
        assert replace(model.terms, mu=1.0).mu == 1.0
