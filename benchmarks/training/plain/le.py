"""A training step of Le et al. 2023 in plain PyTorch, as the authors' is: torch's Mish, all of VGG-19 in its loss."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.camera import well_exposed_mask
from hdrgen.data import Batch

ENCODER = (16, 32, 64, 128, 256, 256, 256)
EXPOSURE = (32, 64, 128, 256, 512, 512, 512)
VGG_19 = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.Mish()]
    return nn.Sequential(*layers)


def enlarging(channels: int) -> nn.Sequential:
    norm = nn.BatchNorm2d(4 * channels)
    return nn.Sequential(nn.Conv2d(channels, 4 * channels, 1, bias=False), norm, nn.Mish(), nn.PixelShuffle(2))


class PlainUNet(nn.Module):
    """Seven levels and a head, which sees the input too if `joined`."""

    def __init__(self, widths: Sequence[int], joined: bool) -> None:
        super().__init__()
        self.down = nn.ModuleList(block(i, o) for i, o in zip((3, *widths[:-1]), widths, strict=True))
        skips = list(widths[-2::-1])
        outs = [*skips[1:], widths[0]]
        ups = [widths[-1], *outs[:-1]]
        self.enlarge = nn.ModuleList(map(enlarging, ups))
        self.up = nn.ModuleList(block(u + s, o) for u, s, o in zip(ups, skips, outs, strict=True))
        self.head = nn.Conv2d(widths[0] + 3 * joined, 3, 1)
        self.joined = joined

    def forward(self, image: Tensor) -> Tensor:
        """From -1 to 1."""
        features, skips = image, []
        for level, layers in enumerate(self.down):
            features = layers(F.max_pool2d(features, 2) if level else features)
            skips.append(features)
        skips.pop()
        for enlarge, layers in zip(self.enlarge, self.up, strict=True):
            features = layers(torch.cat([skips.pop(), enlarge(features)], 1))
        return torch.tanh(self.head(torch.cat([image, features], 1) if self.joined else features))


class WholeTrunk(nn.Module):
    """Differences of three poolings of VGG-19, all of which is run, as piq's ContentLoss does."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.taps: list[int] = []
        channels = 3
        for count, width in VGG_19:
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2))
            self.taps.append(len(layers) - 1)
        self.layers = nn.Sequential(*layers).requires_grad_(False)

    def maps(self, image: Tensor) -> list[Tensor]:
        """Of the first three poolings."""
        features, found = (image - MEAN) / STD, []
        for index, layer in enumerate(self.layers):
            features = layer(features)
            found += [features] if index in self.taps[:3] else []
        return found

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """Averaged over pixels and batch, summed over channels."""
        pairs = zip(self.maps(image), self.maps(target), strict=True)
        return torch.cat([F.l1_loss(a, b, reduction="none").mean((2, 3)) for a, b in pairs], 1).sum(1).mean()


def variation(image: Tensor) -> Tensor:
    across = (image[..., 1:] - image[..., :-1]).abs().sum((1, 2, 3))
    return (across + (image[..., 1:, :] - image[..., :-1, :]).abs().sum((1, 2, 3))).mean()


def step_of(batch: Batch) -> Callable[[], Tensor]:
    """A step on two exposures of each scene."""
    dark, bright = (image.contiguous() for image in batch["ldr"].unbind(1))
    ratio = (batch["ev"][:, 1] - batch["ev"][:, 0]).exp2().view(-1, 1, 1, 1)
    encode, up, down = PlainUNet(ENCODER, False), PlainUNet(EXPOSURE, True), PlainUNet(EXPOSURE, True)
    content = WholeTrunk()
    optimizer = torch.optim.AdamW([p for net in (encode, up, down) for p in net.parameters()], 1e-4, weight_decay=1e-4)

    def image_terms(made: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        pixels = 100 * ((made - target).abs() * mask).mean()
        return pixels + 1e-5 * variation(made) + 0.1 * content(made * mask, target * mask)

    def step() -> Tensor:
        masks = well_exposed_mask(dark), well_exposed_mask(bright)
        first, second = (
            (image + encode(image * mask)).relu() for image, mask in zip((dark, bright), masks, strict=True)
        )
        brighter, darker = (0.5 * net(x) + 0.5 for net, x in ((up, first * ratio), (down, second / ratio)))
        ends = [((first * ratio + 1 / 255).log(), (second + 1 / 255).log())]
        ends.append(((second / ratio + 1 / 255).log(), (first + 1 / 255).log()))
        loss = sum((F.l1_loss(*pair) for pair in ends), start=torch.zeros(()))
        loss = loss + image_terms(brighter, bright, masks[1]) + image_terms(darker, dark, masks[0])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss

    return step
