import kornia
import pytest
import torch
from skimage.feature import canny
from torch import nn

from hdrgen.errors import InputError
from hdrgen.methods.deep_synth import DeepSynthNetwork
from hdrgen.methods.deep_synth.blocks import ConditionalInstanceNorm
from hdrgen.methods.deep_synth.edges import canny_edges
from hdrgen.methods.deep_synth.network import State, blend
from hdrgen.methods.deep_synth.recursion import expose_from_truth, expose_outwards
from hdrgen.methods.levels import levels_of
from tests.methods.test_deep_synth import WIDTHS, parameters, stack_batch


class TestNetwork:
    def test_parameter_counts_of_the_paper_s_width(self):
        with torch.device("meta"):  # counts need no memory, and no time to draw 232 million numbers
            network = DeepSynthNetwork()
        for direction in (network.up, network.down):
            assert parameters(direction.tone) == 98_918_403
            assert parameters(direction.edges) == 6_188_815
            assert parameters(direction.refinement) == 11_007_971
        assert parameters(network) == 232_230_378
        assert network.multiple == 32

    def test_shapes_and_ranges_of_one_step(self):
        network = DeepSynthNetwork(**WIDTHS)
        made = network.expose(0, 1, torch.rand(2, 3, 16, 24), torch.ones(2, 1, 16, 24), State())
        assert made.tone.shape == made.image.shape == (2, 3, 16, 24)
        assert made.edges.shape == (2, 1, 16, 24)
        assert made.state.tone.shape == (2, 8, 4, 6)
        assert made.state.edges.shape == (2, 6, 8, 12)
        assert all(each.min() >= 0 and each.max() <= 1 for each in (made.tone, made.edges, made.image))

    def test_the_step_is_told_by_the_normalisation_alone(self):
        torch.manual_seed(0)
        network = DeepSynthNetwork(**WIDTHS)
        image, edges = torch.rand(1, 3, 16, 16), torch.zeros(1, 1, 16, 16)
        first, second = (network.expose(k, k + 1, image, edges, State()).image for k in (0, 1))
        assert torch.equal(first, second)
        for module in network.up.modules():
            if isinstance(module, ConditionalInstanceNorm):
                nn.init.normal_(module.scale)
        first, second = (network.expose(k, k + 1, image, edges, State()).image for k in (0, 1))
        assert not torch.allclose(first, second)

    @pytest.mark.parametrize(("source", "target", "style"), [(-3, -2, 0), (-2, -3, 0), (0, 1, 3), (3, 2, 5), (2, 3, 5)])
    def test_a_transition_has_the_same_normalisation_up_and_down(self, source, target, style):
        network = DeepSynthNetwork(**WIDTHS)
        seen = []
        for direction in (network.up, network.down):
            direction.register_forward_pre_hook(lambda module, args: seen.append((module, args[3])))
        network.expose(source, target, torch.rand(1, 3, 8, 8), torch.zeros(1, 1, 8, 8), State())
        assert seen == [(network.up if target > source else network.down, style)]

    def test_conditional_normalisation_is_torch_s_instance_norm(self):
        norm = ConditionalInstanceNorm(5, 3)
        nn.init.normal_(norm.scale)
        nn.init.normal_(norm.shift)
        oracle = nn.InstanceNorm2d(5, affine=True)
        oracle.weight.data, oracle.bias.data = norm.scale[1].detach(), norm.shift[1].detach()
        x = torch.randn(2, 5, 6, 7)
        torch.testing.assert_close(norm(x, 1), oracle(x))

    def test_the_state_changes_the_next_step(self):
        torch.manual_seed(0)
        network = DeepSynthNetwork(**WIDTHS)
        image, edges = torch.rand(1, 3, 16, 16), torch.zeros(1, 1, 16, 16)
        first = network.expose(0, 1, image, edges, State())
        second = network.expose(0, 1, image, edges, first.state)
        assert not torch.allclose(first.tone, second.tone)
        assert not torch.allclose(first.edges, second.edges)

    def test_the_output_is_the_mean_of_the_base_and_a_tanh_in_the_authors_range(self):
        correction, base = torch.randn(100), torch.rand(100)
        expected = ((torch.tanh(correction) + (2 * base - 1)) / 2 + 1) / 2
        torch.testing.assert_close(blend(correction, base), expected)

    @pytest.mark.parametrize(("target", "gain"), [(1, 2 ** (1 / 2.2)), (-1, 2 ** (-1 / 2.2))])
    def test_gain_start_is_nearly_the_gain(self, target, gain):
        torch.manual_seed(0)
        network = DeepSynthNetwork(**WIDTHS, gain_start=True)
        image, edges = torch.rand(1, 3, 16, 16), (torch.rand(1, 1, 16, 16) > 0.9).float()
        made = network.expose(0, target, image, edges, State())
        assert (made.image - (gain * image).clamp_max(1)).abs().max() < 0.03
        assert (made.edges - edges).abs().max() < 0.05

    def test_one_width_makes_no_network(self):
        with pytest.raises(InputError, match=r"at least one level.*found \[4\]"):
            DeepSynthNetwork(global_channels=(4,))


class TestEdges:
    def test_they_are_kornia_s(self):
        noise = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        image = ((kornia.filters.gaussian_blur2d(noise, (9, 9), (2.0, 2.0)) - 0.5) * 5 + 0.5).clamp(0, 1)
        _, expected = kornia.filters.canny(image, kernel_size=(13, 13), sigma=(2.0, 2.0))
        assert 100 < expected.sum() < 3000
        assert not torch.equal(expected, kornia.filters.canny(image, 0.1999, 0.2, (13, 13), (2.0, 2.0))[1])
        assert torch.equal(canny_edges(image), expected)

    def test_they_are_near_scikit_image_s(self):
        y, x = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 64), indexing="ij")
        image = 0.2 + 0.6 * ((x**2 + y**2) < 0.4).float() + 0.1 * (x > 0.9).float()
        found = canny_edges(image.expand(1, 3, 64, 64))[0, 0]
        wanted = torch.from_numpy(canny(image.numpy(), sigma=2)).float()
        near = nn.functional.max_pool2d(torch.stack([found, wanted])[None], 3, 1, 1)[0]
        assert (found * near[1]).sum() > 0.95 * found.sum()
        assert (wanted * near[0]).sum() > 0.95 * wanted.sum()

    def test_a_picture_too_small_to_blur_has_none(self):
        assert canny_edges(torch.rand(1, 3, 5, 40)).sum() == 0


class Recorder(nn.Module):
    """A network that adds 1 per step up, and remembers what it was given."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def expose(self, source, target, image, edges, state, refine=True):
        from hdrgen.methods.deep_synth.network import Exposed

        self.calls.append((source, target, image.mean().item(), edges.mean().item(), state.tone))
        return Exposed(image, edges + 0.5, image + (target - source), State(torch.tensor(target), torch.tensor(target)))


class TestRecursion:
    def test_free_running_feeds_on_its_own_images_edges_and_state(self):
        network = Recorder()
        made = expose_outwards(network, range(-1, 3), 0, torch.zeros(1, 3, 2, 2), torch.zeros(1, 1, 2, 2))
        assert [call[:4] for call in network.calls] == [(0, 1, 0, 0), (1, 2, 1, 0.5), (0, -1, 0, 0)]
        assert [call[4] for call in network.calls] == [None, 1, None]
        assert {level: one.image.mean().item() for level, one in made.items()} == {1: 1, 2: 2, -1: -1}

    @pytest.mark.parametrize("carry", [True, False])
    def test_teacher_forcing_feeds_the_truth_and_its_own_state(self, carry):
        network = Recorder()
        stack = torch.arange(4.0).view(1, 4, 1, 1, 1).expand(1, 4, 3, 2, 2) * 10
        expose_from_truth(network, range(-1, 3), 1, stack, stack[:, :, :1], carry_gradient=carry)
        assert [call[:4] for call in network.calls] == [(1, 2, 20, 20), (1, 0, 20, 20), (0, -1, 10, 10)]
        assert [call[4] for call in network.calls] == [None, None, 0]

    def test_levels_count_from_the_reference(self):
        batch = stack_batch(ev=(-1.0, 0.0, 1.0, 2.0))
        assert levels_of(batch, 1.0) == range(-1, 3)
        assert levels_of(batch | {"ref": torch.tensor([0, 0])}, 1.0) == range(4)

    def test_scenes_of_different_exposures_need_batches_of_one(self):
        batch = stack_batch(ev=(-1.0, 0.0, 1.0))
        batch["ref"] = torch.tensor([0, 1])
        with pytest.raises(InputError, match=r"the same in all scenes.*batch_size=1"):
            levels_of(batch, 1.0)

    def test_half_steps_are_refused(self):
        with pytest.raises(InputError, match=r"1 EV apart"):
            levels_of(stack_batch(ev=(-0.5, 0.0, 0.5)), 1.0)
