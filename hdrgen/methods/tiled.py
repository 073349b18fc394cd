"""Images of any size through a method's networks."""

from collections.abc import Callable

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from hdrgen.camera import CameraResponse
from hdrgen.tiling import TileSize, Tiling


class TiledModule(LightningModule):
    """The part of `HDRModule` that pads images, and cuts large ones into tiles.

    Attributes:
        multiple: Both sides of an image are padded to a multiple of this, in pixels.
        context: Whether the network uses statistics of the whole image (`hdrgen.nn.of_whole_image`).
        channels_last_inference: Whether a CPU makes images quicker with the channels of a pixel side by side, see
            `MethodFacts`.
        tile: Side of the tiles in which large images pass the network, in pixels; `auto` as free memory allows, `none`.
        overlap: Of neighbouring tiles, in pixels.
        response: Response with which generated exposures are merged; None estimates it, from the whole image.
        progress: Called with the share that is done of a large image, after each tile.
    """

    multiple: int = 1
    context: bool = False
    channels_last_inference: bool = False
    tile: TileSize = "auto"
    overlap: int = 128
    response: CameraResponse | None
    progress: Callable[[float], None]

    def prepared(self, image: Tensor) -> Tensor:
        """What `expose` or `expand` gets for an image `(B, 3, H, W)`: further channels may follow; here none.

        It is padded and cut into tiles after this, so that what depends on more than a tile sees all.
        """
        return image

    def in_tiles(
        self, function: Callable[[Tensor], Tensor], image: Tensor, prepare: Callable[[Tensor], Tensor] | None = None
    ) -> Tensor:
        """Apply a function of whole images, padded to `multiple`, and in tiles where `image` is large.

        Args:
            function: `(B, C, h, w)` to `(..., h, w)`.
            image: `(B, C, H, W)`.
            prepare: Applied to the image before it is padded and cut into tiles.

        Returns:
            `(..., H, W)`.
        """
        return self._tiling(prepare).apply(function, image, self.tile)

    def check_tile(self) -> None:
        """Raise where `tile` is too small for the overlap of the tiles, before any image is worked on.

        Raises:
            InputError: Tiles of that size would be all overlap.
        """
        self._tiling().check(self.tile)

    def _tiling(self, prepare: Callable[[Tensor], Tensor] | None = None, merges: bool = False) -> Tiling:
        context = self.context or (merges and self.response is None)
        channels_last = self.channels_last_inference and self.device.type == "cpu" and not torch.is_grad_enabled()
        return Tiling(self.multiple, self.overlap, context, prepare or nn.Identity(), self.progress, channels_last)
