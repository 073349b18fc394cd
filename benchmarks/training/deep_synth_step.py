"""A training step of Kim et al. beside a plain loop that is written as the authors' code is.

Both run the same networks on the same stack with the same losses. The plain loop (`plain_step`) does what the authors'
`solver.py` does after its step 10,000: of each teacher-forced transition a backward pass for edges, tone and refined
image, the last through all three networks, and an optimizer for each network; then the recursion over the stack with
four backward passes, tone, edges, refined images and HDR image. It sees contiguous tensors, one optimizer per network
and torch's plain Adam after the gradients are centralised. Theirs steps optimizers between backward passes of one
graph, which torch refuses since 1.5; here all backward passes come first, which takes the same time. The contextual
loss, which needs VGG's weights, is left out of both.

Processor seconds of one thread, the two alternated in one process; peak memory in processes of their own (--alone).
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning import Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks.shared.environment import print_environment
from hdrgen.data import ProceduralScenes, SelectedExposures, StackCamera, collate
from hdrgen.methods import DeepSynthHDRI
from hdrgen.methods.deep_synth.network import RecurrentNetwork, State
from hdrgen.methods.deep_synth.recursion import expose_outwards, paths
from hdrgen.methods.deep_synth.training import edges_of

LEVELS = range(-3, 4)
WIDTHS: dict[str, dict[str, Any]] = {
    "paper": {},
    "quarter": {
        "global_channels": (8, 16, 32, 64, 128, 256),
        "local_channels": (4, 8, 16, 32, 64),
        "refinement_channels": (4, 8, 16, 32, 64, 128),
    },
}


class Plain:
    """The authors' loop.

    Args:
        model: Whose networks and losses it takes.
        start: Level at which the teacher-forced schedule starts.
    """

    def __init__(self, model: DeepSynthHDRI, start: int) -> None:
        self.model, self.start = model, start
        self.optimizers = {
            part: torch.optim.Adam(part.parameters(), lr=1e-4, betas=(0.5, 0.999), foreach=False)
            for direction in (model.network.up, model.network.down)
            for part in (direction.tone, direction.edges, direction.refinement)
        }

    def __call__(self, batch: Any) -> None:
        """One iteration."""
        stack, edges = batch["ldr"], edges_of(batch["ldr"])
        for path in paths(LEVELS, self.start):
            state = State()
            for source, target in path:
                network = self.model.network.up if target > source else self.model.network.down
                place = source + 3
                made = self.model.network.expose(source, target, stack[:, place], edges[:, place], state)
                terms = self.model.terms.of_images({target: made}, stack, edges, -3, True)
                self._learn(network, terms)
                state = made.state.detached()
        made_all = expose_outwards(self.model.network, LEVELS, 0, stack[:, 3], edges[:, 3])
        terms = self.model.terms.of_images(made_all, stack, edges, -3, True)
        terms["hdr"] = self.model.terms.of_radiance(made_all, stack, LEVELS, 1.0, batch["hdr"])
        self._learn(None, terms)

    def _learn(self, network: RecurrentNetwork | None, terms: dict[str, Tensor]) -> None:
        directions = [self.model.network.up, self.model.network.down] if network is None else [network]
        losses = [
            ([each.edges for each in directions], terms["edge"]),
            ([each.tone for each in directions], terms["l1"] + terms["histogram"]),
            ([each.refinement for each in directions], terms["refinement"]),
        ]
        if "hdr" in terms:
            every = [part for each in directions for part in (each.edges, each.tone, each.refinement)]
            losses.append((every, terms["hdr"]))
        gradients: list[tuple[Any, list[Tensor | None]]] = []
        for number, (parts, loss) in enumerate(losses):
            for optimizer in self.optimizers.values():
                optimizer.zero_grad()
            loss.backward(retain_graph=number + 1 < len(losses))  # type: ignore[no-untyped-call]
            gradients += [(part, [p.grad for p in part.parameters()]) for part in parts]
        for part, found in gradients:
            for parameter, gradient in zip(part.parameters(), found, strict=True):
                if gradient is not None and gradient.ndim == 4:
                    gradient = gradient - gradient.mean((1, 2, 3), keepdim=True)
                parameter.grad = gradient
            self.optimizers[part].step()


def fitted_step(model: DeepSynthHDRI, batch: Any, start: int) -> Callable[[Any], None]:
    """A step of hdrgen's as Lightning runs it, without its data loader."""
    model._starts = lambda levels: (start, 0)  # type: ignore[method-assign]
    trainer = Trainer(
        max_steps=1, max_epochs=-1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, accelerator="cpu",
    )  # fmt: skip
    trainer.fit(model, DataLoader([batch], batch_size=None))  # type: ignore[arg-type]
    model.log = model.log_dict = lambda *_, **__: None  # type: ignore[method-assign]
    return lambda batch: model.training_step(batch, 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=128, help="side of the images (%(default)s)")
    parser.add_argument("--width", choices=WIDTHS, default="paper", help="of the networks (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of both, after one that is not counted (%(default)s)")
    parser.add_argument("--start", type=int, default=0, help="of the teacher-forced schedule (%(default)s)")
    parser.add_argument("--alone", choices=("hdrgen", "plain"), help="one of them, in this process, for its memory")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if not options.alone:
        print_environment()
    make = {"hdrgen": fitted, "plain": plain}
    steps = {name: build(options) for name, build in make.items() if options.alone in (None, name)}
    batch, times = scene(options.size), {name: [] for name in steps}  # type: dict[str, Any], dict[str, list[float]]
    for _ in range(options.repeats + 1):
        for name, step in steps.items():
            start = time.process_time()
            step(batch)
            times[name].append(time.process_time() - start)
    if options.alone:
        print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f}")
        return 0
    seconds = {name: statistics.median(values[1:]) for name, values in times.items()}
    print("| | seconds | peak memory |\n|---|---|---|")
    for name, value in seconds.items():
        words = [sys.executable, "-W", "ignore", "-m", "benchmarks.training.deep_synth_step", f"--size={options.size}"]
        words += [f"--width={options.width}", f"--start={options.start}", "--repeats=1", f"--alone={name}"]
        memory = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()[-1]
        print(f"| {name} | {value:.2f} | {memory} GiB |", flush=True)
    print(f"ratio: {seconds['plain'] / seconds['hdrgen']:.2f}")
    return 0


def scene(size: int) -> Any:
    """A batch of one stack."""
    evs = tuple(float(ev) for ev in LEVELS)
    scenes = SelectedExposures(ProceduralScenes(1, size, camera=StackCamera(evs=evs)), DeepSynthHDRI.exposures)
    return collate([scenes[0]])


def built(options: argparse.Namespace, **more: Any) -> DeepSynthHDRI:
    """The networks, the same for both."""
    torch.manual_seed(0)
    return DeepSynthHDRI(**WIDTHS[options.width], perceptual_weight=0.0, refinement_start=0, **more)


def fitted(options: argparse.Namespace) -> Callable[[Any], None]:
    """A step of hdrgen."""
    return fitted_step(built(options), scene(options.size), options.start)


def plain(options: argparse.Namespace) -> Callable[[Any], None]:
    """A step of the plain loop."""
    return Plain(built(options), options.start)


if __name__ == "__main__":
    sys.exit(main())
