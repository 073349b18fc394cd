"""A training step of HDR-GAN (Niu et al. 2021) in plain PyTorch, in the order of its authors' TensorFlow code.

The generator's step runs the generator and, for its images, the discriminator; the discriminator's step, which takes
another batch, runs the generator once more. Gradients are clipped to 1. The networks are hdrgen's, which are built of
the authors' layers in the authors' order.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from hdrgen.data import Batch
from hdrgen.methods import HDRGAN
from hdrgen.tonemap import mu_law


def step_of(batch: Batch) -> Callable[[], Tensor]:
    """A step of both networks on three exposures of each scene."""
    model = HDRGAN(clip_value=1.0, tone_mapped_input=True, linear_output=False)
    judge = model.discriminator
    assert judge is not None
    optimizers = [torch.optim.Adam(network.parameters(), lr=1e-4) for network in (model.network, judge)]
    target = 2 * mu_law(model.truth_of(batch, batch["ev"])) - 1

    def update(loss: Tensor, index: int) -> None:
        optimizers[index].zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        parameters = [parameter for group in optimizers[index].param_groups for parameter in group["params"]]
        torch.nn.utils.clip_grad_value_(parameters, 1.0)
        optimizers[index].step()

    def step() -> Tensor:
        judge.requires_grad_(False)
        images = model.images(batch["ldr"], batch["ev"])
        pixels = torch.stack([(image - target).abs().mean() for image in images]).sum()
        loss = pixels - torch.stack([model.measure(judge(image)) for image in images]).sum()
        update(loss, 0)
        judge.requires_grad_(True)
        with torch.no_grad():
            images = model.images(batch["ldr"], batch["ev"])
        true = model.measure(judge(target))
        update(torch.stack([model.measure(judge(image)) - true for image in images]).sum(), 1)
        return loss

    return step
