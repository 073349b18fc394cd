"""A training step of Kim et al. 2020 in plain PyTorch, as the authors' is after its step 10,000.

Of each teacher-forced transition a backward pass for edges, tone and refined image, the last through all three
networks, and an update of each network; then the recursion over the stack with four backward passes, for edges, tone,
refined images and the HDR image. Six optimizers; gradients are centralised before Adam's step. The networks upsample
before they fuse, have a convolution for each gate, an instance normalisation for each transition, and Swish as a
product.

The authors' loop steps optimizers between backward passes of one graph, which torch refuses since 1.5; here all of them
come first, which takes the same time. Histogram, edges and HDR synthesis are hdrgen's: the authors' synthesis
runs in NumPy and takes seconds. The contextual loss, which needs VGG's weights, is left out.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from hdrgen.data import Batch
from hdrgen.methods.deep_synth.loss import Terms
from hdrgen.methods.deep_synth.network import Exposed, State
from hdrgen.methods.deep_synth.recursion import paths
from hdrgen.methods.deep_synth.training import edges_of

STYLES = 6
REACH = 3
LEVELS = range(-REACH, REACH + 1)


class Layer(nn.Module):
    """Convolution, perhaps an instance normalisation (one for each of `styles`), Swish."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, styles: int = 0) -> None:
        super().__init__()
        self.convolve = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
        self.norms = nn.ModuleList(nn.InstanceNorm2d(outputs, affine=True) for _ in range(styles))

    def forward(self, features: Tensor, style: int) -> Tensor:
        """Of features `(B, C, H, W)` in a transition."""
        features = self.convolve(features)
        if len(self.norms):
            features = self.norms[min(style, len(self.norms) - 1)](features)
        return features * features.sigmoid()


class Memory(nn.Module):
    """A gated recurrent unit of three convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reset, self.update, self.out = (nn.Conv2d(2 * width, width, 3, padding=1) for _ in range(3))

    def forward(self, features: Tensor, state: Tensor | None) -> Tensor:
        """The new state."""
        before = torch.zeros_like(features) if state is None else state
        both = torch.cat([features, before], 1)
        update, reset = self.update(both).sigmoid(), self.reset(both).sigmoid()
        new = self.out(torch.cat([features, before * reset], 1)).tanh()
        return before * (1 - update) + new * update


class PlainUNet(nn.Module):
    """The U-Net of all three networks.

    Args:
        inputs: Channels of the input.
        widths: Of the stem and of each level.
        pool: Halves the image.
        mode: Of the upsampling.
        kernel: Of the convolution that fuses a level with its skip connection.
        styles: Of the normalisations, in the encoder and in the decoder.
        recurrent: Whether the bottleneck remembers.
    """

    def __init__(
        self,
        inputs: int,
        widths: Sequence[int],
        pool: nn.Module,
        mode: str,
        kernel: int,
        styles: tuple[int, int],
        recurrent: bool,
    ) -> None:
        super().__init__()
        steps = list(pairwise(widths))
        self.stem, self.pool = Layer(inputs, widths[0]), pool
        self.down = nn.ModuleList(nn.ModuleList([Layer(i, o), Layer(o, o, styles=styles[0])]) for i, o in steps)
        self.memory = Memory(widths[-1]) if recurrent else None
        self.middle = nn.ModuleList(Layer(widths[-1], widths[-1]) for _ in range(1 + recurrent))
        self.enlarge = nn.Upsample(scale_factor=2, mode=mode)
        self.up = nn.ModuleList(
            nn.ModuleList([Layer(2 * o, i, kernel), Layer(i, i, styles=styles[1])]) for i, o in reversed(steps)
        )

    def forward(self, image: Tensor, state: Tensor | None = None, style: int = 0) -> tuple[Tensor, Tensor | None]:
        """Features of twice the stem's width, and the new state."""
        features = self.stem(image, style)
        skips = [features]
        for first, second in self.down:  # type: ignore[misc]
            features = self.pool(second(first(features, style), style))
            skips.append(features)
        if self.memory is not None:
            features = state = self.memory(features, state)
        for layer in self.middle:
            features = layer(features, style)
        for first, second in self.up:  # type: ignore[misc]
            features = self.enlarge(torch.cat([features, skips.pop()], 1))
            features = second(first(features, style), style)
        return torch.cat([features, skips.pop()], 1), state


class PlainDirection(nn.Module):
    """Tone, edges and refinement of one direction."""

    def __init__(self, tone: Sequence[int], edges: Sequence[int], refinement: Sequence[int]) -> None:
        super().__init__()
        average = nn.AvgPool2d(2)
        self.tone = PlainUNet(3, tone, average, "bilinear", 1, (0, STYLES), True)
        self.tone.head = nn.Conv2d(2 * tone[0], 3, 3, padding=1)
        self.edges = PlainUNet(2, edges, nn.MaxPool2d(2), "nearest", 1, (STYLES, STYLES), True)
        self.edges.reduce = Layer(2 * edges[0], 2, styles=STYLES)
        self.edges.head = nn.Conv2d(4, 1, 3, padding=1)
        self.refinement = PlainUNet(7, refinement, average, "bilinear", 3, (0, 1), False)
        self.refinement.head = nn.Conv2d(2 * refinement[0], 3, 3, padding=1)

    def forward(self, image: Tensor, edges: Tensor, state: State, style: int) -> Exposed:
        """One transition; images in [-1, 1] inside, in [0, 1] outside."""
        image = 2 * image - 1
        features, tone_state = self.tone(image, state.tone, style)
        tone = (self.tone.head(features).tanh() + image) / 2
        known = torch.cat([image.mean(1, keepdim=True), edges], 1)
        features, edge_state = self.edges(known, state.edges, style)
        reduced = self.edges.reduce(features, style)
        outlines = self.edges.head(torch.cat([reduced, known], 1)).sigmoid()
        features, _ = self.refinement(torch.cat([image, tone, outlines], 1))
        refined = (self.refinement.head(features).tanh() + tone) / 2
        return Exposed((tone + 1) / 2, outlines, (refined + 1) / 2, State(tone_state, edge_state))


class PlainStep:
    """The authors' loop over a batch of one stack.

    Args:
        batch: The stack.
        terms: The losses.
        widths: Of the three networks of a direction.
        start: Level at which the teacher-forced schedule starts.
    """

    def __init__(self, batch: Batch, terms: Terms, widths: Sequence[Sequence[int]], start: int = 0) -> None:
        self.batch, self.terms, self.start = batch, terms, start
        self.directions = [PlainDirection(*widths) for _ in range(2)]
        self.optimizers = {
            part: torch.optim.Adam(part.parameters(), lr=1e-4, betas=(0.5, 0.999))
            for each in self.directions
            for part in (each.tone, each.edges, each.refinement)
        }

    def __call__(self) -> Tensor:
        """One iteration."""
        stack, edges = self.batch["ldr"], edges_of(self.batch["ldr"])
        for path, direction in zip(paths(LEVELS, self.start), self.directions, strict=True):
            state = State()
            for source, target in path:
                place = source + REACH
                made = direction(stack[:, place], edges[:, place], state, min(source, target) + REACH)
                terms = self.terms.of_images({target: made}, stack, edges, -REACH, True)
                self._learn([direction], terms)
                state = made.state.detached()
        generated = self._recursion(stack, edges)
        terms = self.terms.of_images(generated, stack, edges, -REACH, True)
        terms["hdr"] = self.terms.of_radiance(generated, stack, LEVELS, 1.0, self.batch["hdr"])
        self._learn(self.directions, terms)
        return terms["hdr"].detach()

    def _recursion(self, stack: Tensor, edges: Tensor) -> dict[int, Exposed]:
        generated: dict[int, Exposed] = {}
        for path, direction in zip(paths(LEVELS, 0), self.directions, strict=True):
            image, outlines, state = stack[:, REACH], edges[:, REACH], State()
            for source, target in path:
                made = direction(image, outlines, state, min(source, target) + REACH)
                generated[target] = made
                image, outlines, state = made.image, made.edges, made.state
        return generated

    def _learn(self, directions: list[PlainDirection], terms: dict[str, Tensor]) -> None:
        """A backward pass for each network's loss, and one for the HDR image, then the updates."""
        losses: list[tuple[list[Any], Tensor]] = [
            ([each.edges for each in directions], terms["edge"]),
            ([each.tone for each in directions], terms["l1"] + terms["histogram"]),
            ([each.refinement for each in directions], terms["refinement"]),
        ]
        if "hdr" in terms:
            losses.append(([part for parts, _ in losses for part in parts], terms["hdr"]))
        updates: list[tuple[nn.Module, list[Tensor | None]]] = []
        for number, (parts, loss) in enumerate(losses):
            for optimizer in self.optimizers.values():
                optimizer.zero_grad()
            loss.backward(retain_graph=number + 1 < len(losses))  # type: ignore[no-untyped-call]
            updates += [(part, [p.grad for p in part.parameters()]) for part in parts]
        for part, gradients in updates:
            for parameter, gradient in zip(part.parameters(), gradients, strict=True):
                if gradient is not None and gradient.ndim == 4:
                    gradient.add_(-gradient.mean((1, 2, 3), keepdim=True))
                parameter.grad = gradient
            self.optimizers[part].step()


def step_of(batch: Batch, terms: Terms, widths: Sequence[Sequence[int]]) -> Callable[[], Tensor]:
    """The loop on seven exposures of a scene, from the middle one."""
    return PlainStep(batch, terms, widths)
