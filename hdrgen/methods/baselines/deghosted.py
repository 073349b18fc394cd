"""What `hdrgen merge --deghost` makes, as a method that stands in tables beside networks."""

import numpy as np
import torch
from torch import Tensor

from hdrgen.camera import CameraResponse, Gamma
from hdrgen.data import Batch
from hdrgen.fusion import ghost_masks, merge_photographs, still_frames
from hdrgen.methods.base import HDRModule


class DeghostedMerge(HDRModule):
    """A merged exposure stack, of each exposure without what contradicts the reference.

    Args:
        patches: Whether patches of each exposure stand in the place of what is left out (Sen et al. 2012).
        response: Response that linearises the exposures; None: gamma 2.2.
    """

    input = "bracket"
    generates = False
    baseline = True

    def __init__(self, patches: bool = False, response: CameraResponse | None = None) -> None:
        super().__init__(response=response or Gamma(2.2))
        self.save_hyperparameters(ignore=["response"])
        self.patches = patches

    def reconstruct(self, batch: Batch) -> Tensor:
        """Each stack, merged as photographs are."""
        scenes = zip(batch["ldr"], batch["ev"], batch["ref"], strict=True)
        return torch.stack([self._deghosted(*scene) for scene in scenes]).to(batch["ldr"])

    def _deghosted(self, stack: Tensor, ev: Tensor, reference: Tensor) -> Tensor:
        """Radiance `(3, H, W)` of one stack `(S, 3, H, W)`."""
        assert self.response is not None
        frames = [np.ascontiguousarray(frame.permute(1, 2, 0).cpu().numpy()) for frame in stack]
        stops = ev.tolist()
        masks = ghost_masks(frames, stops, self.response, int(reference))
        if self.patches:
            still = still_frames(frames, stops, self.response, int(reference), masks)
            merged = merge_photographs(still, stops, self.response)
        else:
            merged = merge_photographs(frames, stops, self.response, masks=masks)
        return torch.from_numpy(merged).permute(2, 0, 1)
