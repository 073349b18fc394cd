"""From one exposure to a stack, step by step."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from hdrgen.methods.deep_synth.network import DeepSynthNetwork, Exposed, State


def expose_outwards(
    network: DeepSynthNetwork, levels: Sequence[int], start: int, image: Tensor, edges: Tensor, refine: bool = True
) -> dict[int, Exposed]:
    """Generate a stack from one exposure; each step is fed what the step before it made (free-running).

    Args:
        network: Both directions.
        levels: Consecutive levels (steps from the middle exposure) of the stack, ascending.
        start: The level of `image`, one of them.
        image: `(B, 3, H, W)`, display values in [0, 1].
        edges: `(B, 1, H, W)`, of the image.
        refine: Whether the refinement networks take part.

    Returns:
        Every level but the start.
    """
    generated: dict[int, Exposed] = {}
    for path in paths(levels, start):
        image_now, edges_now, state = image, edges, State()
        for source, target in path:
            generated[target] = network.expose(source, target, image_now, edges_now, state, refine)
            image_now, edges_now, state = generated[target].image, generated[target].edges, generated[target].state
    return generated


def expose_from_truth(
    network: DeepSynthNetwork,
    levels: Sequence[int],
    start: int,
    stack: Tensor,
    edges: Tensor,
    refine: bool = True,
    carry_gradient: bool = True,
) -> dict[int, Exposed]:
    """Generate each exposure from its true neighbour nearer to the start (teacher-forced); the state is carried along.

    Args:
        network: Both directions.
        levels: Consecutive levels of the stack, ascending.
        start: One of them.
        stack: `(B, S, 3, H, W)`, the true exposures of all levels, display values in [0, 1].
        edges: `(B, S, 1, H, W)`, theirs.
        refine: Whether the refinement networks take part.
        carry_gradient: Whether the gradient passes along the state from step to step.

    Returns:
        Every level but the start.
    """
    generated: dict[int, Exposed] = {}
    for path in paths(levels, start):
        generated |= dict(steps_from_truth(network, levels, path, stack, edges, refine, carry_gradient))
    return generated


def steps_from_truth(
    network: DeepSynthNetwork,
    levels: Sequence[int],
    path: Sequence[tuple[int, int]],
    stack: Tensor,
    edges: Tensor,
    refine: bool = True,
    carry_gradient: bool = True,
) -> Iterator[tuple[int, Exposed]]:
    """The steps of one of the `paths`, one by one, so that the network may change between them.

    Yields:
        Level and exposure; arguments as those of `expose_from_truth`.
    """
    state = State()
    for source, target in path:
        place = source - levels[0]
        exposed = network.expose(source, target, stack[:, place], edges[:, place], state, refine)
        state = exposed.state if carry_gradient else exposed.state.detached()
        yield target, exposed


def paths(levels: Sequence[int], start: int) -> list[list[tuple[int, int]]]:
    """The way up and the way down from `start`, as steps from level to level.

    >>> paths([-1, 0, 1, 2], start=0)
    [[(0, 1), (1, 2)], [(0, -1)]]
    """
    up = [(level, level + 1) for level in range(start, levels[-1])]
    down = [(level, level - 1) for level in range(start, levels[0], -1)]
    return [up, down]
