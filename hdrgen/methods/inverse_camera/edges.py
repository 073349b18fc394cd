"""What edges tell of a curve: where two colours meet, pixels are blends of them in radiance."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from hdrgen.methods.inverse_camera.curve import BASIS, LEVELS, CurveFamily

LINES = 96
"""Rows, and columns, that edges are looked for in, evenly spaced; all of a smaller picture."""
POSITIONS = 512
"""Places along each line, evenly spaced."""
PROFILES = 384
"""Edges that are kept of a photograph: those that tell most."""
REACH = 2
"""Pixels on either side of the middle of a profile."""
CODES = (5, 247)
"""Least and largest code, of 255, of a blend's ends: what is nearly black or white is not on a line any more."""
CONTRAST = 14
"""Least difference of the ends, in codes, of the channel that differs most."""
TELLING = 0.1
"""Score, about codes of bend across the line, from which on an edge counts; a grey one has that of rounding."""
ENOUGH = 48
"""Edges from which on what they tell counts in full."""
SIGMAS = (0.4, 1.2)
"""Standard deviations, in codes, that a distance from the line is measured in: of rounding, and of noise and JPEG."""
OUTLIER = 8.0
"""Squared distance at which an edge counts half: most are no blend of two colours."""
CANDIDATES = 64
CENTRE = (-0.5, -0.2, -0.1, -0.1, 0.0, 0.0, 0.0, 0.0)
SPREAD = (0.9, 0.5, 0.35, 0.3, 0.2, 0.15, 0.1, 0.1)
"""Mean and standard deviation of the candidates' coefficients: a fifth wider than those of drawn curves."""
FEATURES = 2 * len(SIGMAS) * (CANDIDATES + 3) + 3
"""Of `MixingEvidence`."""


class MixingEvidence(nn.Module):
    r"""How far each of 64 candidate curves is from explaining the blends at the edges of a photograph.

    Light adds up: a pixel p on the edge between colours a and b receives :math:`(1 - t) a + t b`, with one t for the
    three channels. So the inverse response g of the camera puts g(p) on the line from g(a) to g(b), and another curve
    does not, unless the edge is grey (Lin, Gu, Yamazaki and Shum, "Radiometric calibration from a single image", CVPR
    2004; here without a search for regions: any three pixels in a line are tried, and many are outliers). No statistics
    of scenes are needed. JPEG, sharpening and a picture that was made smaller in display values move blends, which is
    why a network weighs the evidence.
    """

    candidates: Tensor

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        drawn = torch.randn(CANDIDATES, BASIS, generator=generator)
        coefficients = torch.tensor(CENTRE) + torch.tensor(SPREAD) * drawn
        self.register_buffer("candidates", CurveFamily()(coefficients), persistent=False)

    @torch.no_grad()
    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Features `(B, 271)` of display values `(B, 3, H, W)`, and how far there are enough edges `(B, 1)`, 0 to 1."""
        profiles, found = profiles_of(image)
        count = found.sum(-1, keepdim=True)
        features = [energy_features(energies) for energies in self.energies(profiles, found)]
        told = torch.cat([*features, sharpness(profiles, found), (count + 1).log() / 6], -1)
        return told.to(image), (count / ENOUGH).clamp_max(1).to(image)

    def energies(self, profiles: Tensor, found: Tensor) -> list[Tensor]:
        """Mean robust squared distances `(B, 64)`: for both widths of an edge, for each of `SIGMAS`."""
        middle, means = profiles[:, :, REACH], []
        for width in (1, REACH):
            ends = profiles[:, :, REACH - width], profiles[:, :, REACH + width]
            squared = line_distances(self.candidates.float(), ends[0], middle, ends[1]).square().sum(-1)
            for sigma in SIGMAS:
                error = squared / (sigma / (LEVELS - 1)) ** 2
                means.append(_mean(error / (1 + error / OUTLIER), found[:, None]))
        return means


def line_distances(curves: Tensor, a: Tensor, p: Tensor, b: Tensor) -> Tensor:
    """How far, in display values, g(p) is from the line through g(a) and g(b), for each curve g.

    Args:
        curves: `(K, 256)`, sensor exposures of the codes.
        a: Codes of one end, integers `(B, N, 3)`.
        p: Of what lies between.
        b: Of the other end.

    Returns:
        `(B, K, N, 3)`: by channel, over the slope of the curve at p and over what one code of error in each of the
        three pixels would make.
    """
    slopes = _slopes(curves)
    exposures = [curves[:, code].transpose(0, 1) for code in (a, p, b)]
    slope = [slopes[:, code].transpose(0, 1) for code in (a, p, b)]
    to_p, to_b = ((exposures[i] - exposures[0]) / slope[1] for i in (1, 2))
    share = (to_p * to_b).sum(-1, keepdim=True) / to_b.square().sum(-1, keepdim=True).clamp_min(1e-9)
    share = share.clamp(-0.2, 1.2)
    noise = 1 + ((1 - share) * slope[0] / slope[1]).square() + (share * slope[2] / slope[1]).square()
    return (to_p - share * to_b) / noise.sqrt()


def profiles_of(image: Tensor) -> tuple[Tensor, Tensor]:
    """Five pixels in a row or column across each of the edges that tell most.

    Args:
        image: `(B, 3, H, W)`, display values.

    Returns:
        Codes `(B, 384, 5, 3)`, and `(B, 384)` which of them are edges: 1, or 0 where there are not so many.
    """
    rows, columns = _along_rows(image), _along_rows(image.transpose(-1, -2))
    profiles, once = (torch.cat(each, -1) for each in zip(rows[:2], columns[:2], strict=True))
    score = _scores(profiles)
    if torch.compiler.is_compiling():
        score, index = (score * once).topk(PROFILES, dim=-1)
    else:
        place = torch.cat([rows[2], columns[2] + rows[0].shape[-1]])
        score, index = (score[:, place] * once).topk(PROFILES, dim=-1)
        index = place[index]
    chosen = profiles.gather(-1, index[:, None, None].expand(-1, 3, 2 * REACH + 1, -1))
    return chosen.permute(0, 3, 2, 1).long(), (score > TELLING).float()


def _along_rows(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Profiles along evenly spaced rows.

    Returns:
        Codes `(B, 3, 5, n)`; `(N,)` whether each of N profiles is the first of its place; and `(N,)` which of the codes
        are its own. Where shapes may depend on the picture, none are there several times.
    """
    height, width = image.shape[-2:]
    rows, row, new_rows = _evenly(height, LINES, image.device)
    starts, start, new_starts = _evenly(width - 2 * REACH, POSITIONS, image.device)
    lines = (image[:, :, rows].float().clamp(0, 1) * (LEVELS - 1)).round()
    places = [lines[..., (starts + step).clamp_max(width - 1)] for step in range(2 * REACH + 1)]
    once, place = new_rows[:, None] * new_starts, row[:, None] * len(starts) + start
    return torch.stack(places, 2).flatten(-2), once.flatten(), place.flatten()


def _evenly(count: int, number: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """`number` of 0 to `count` - 1.

    Returns:
        Those, or without repetition all that there are; `(number,)` which of them each is; and `(number,)`, 0 for those
        that are there already.
    """
    index = (torch.arange(number, device=device) * count // number).clamp_min(0)
    new = functional.pad((index.diff() > 0).float(), (1, 0), value=1.0)
    if not torch.compiler.is_compiling() and count < number:  # a program's shapes depend on no picture
        return torch.arange(max(1, count), device=device), index, new
    return index, torch.arange(number, device=device), new


def _scores(profiles: Tensor) -> Tensor:
    """How much each profile `(B, 3, 5, N)` may tell, 0 where it is no edge.

    Of a power law, the blend is bent away from the straight line by (p - a)(b - p) / p in each channel, up to a factor;
    only what of this is across the direction from a to b tells one power from another.
    """
    a, p, b = (profiles[:, :, REACH + step] for step in (-1, 0, 1))
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    inside = (p >= low - 2) & (p <= high + 2) & (low >= CODES[0]) & (high <= CODES[1])
    edge = inside.all(1) & ((high - low).amax(1) >= CONTRAST)
    bend, way = (p - a) * (b - p) / p.clamp_min(1), b - a
    along = (bend * way).sum(1, keepdim=True) / way.square().sum(1, keepdim=True).clamp_min(1)
    across: Tensor = bend - along * way
    return across.square().sum(1).sqrt() * edge


def energy_features(energies: Tensor) -> Tensor:
    """Of the distances `(B, K)`: their pattern over the candidates, its size, and their mean `(B, K + 3)`."""
    mean = energies.mean(-1, keepdim=True)
    pattern = energies - mean
    spread = pattern.square().mean(-1, keepdim=True).sqrt() + 1e-3
    return torch.cat([pattern / spread, spread.log(), mean, energies.amin(-1, keepdim=True)], -1)


def sharpness(profiles: Tensor, found: Tensor) -> Tensor:
    """How profiles go on beyond their inner three pixels `(B, 2)`: in the mean, and back, as sharpening makes them."""
    values = profiles.float()
    way = values[:, :, REACH + 1] - values[:, :, REACH - 1]
    size = way.square().sum(-1).clamp_min(1)
    before, after = values[:, :, REACH - 1] - values[:, :, 0], values[:, :, -1] - values[:, :, REACH + 1]
    on = torch.stack([(each * way).sum(-1) / size for each in (before, after)], 1).clamp(-1, 1)
    return torch.stack([_mean(on.mean(1), found), _mean(on.clamp_max(0).mean(1), found)], -1)


def _mean(values: Tensor, found: Tensor) -> Tensor:
    return (values * found).sum(-1) / found.sum(-1).clamp_min(1)


def _slopes(curves: Tensor) -> Tensor:
    """By display value, at each code, `(K, 256)`."""
    steps = curves.diff(dim=-1) * (LEVELS - 1)
    between = (steps[:, 1:] + steps[:, :-1]) / 2
    return torch.cat([steps[:, :1], between, steps[:, -1:]], -1).clamp_min(1e-3)
