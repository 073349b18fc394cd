"""What a method notes in its checkpoints, and what it takes from them."""

import warnings
from pathlib import Path
from typing import Any, NoReturn

from pytorch_lightning import LightningModule
from pytorch_lightning.callbacks import ModelCheckpoint

from hdrgen.camera import CameraResponse
from hdrgen.errors import InputError
from hdrgen.weights import EARLIER, Best, best_known, checked_loops, own_states, resumable


class CheckpointedModule(LightningModule):
    """Checkpoints that say which method they are of, and that name no file outside their run's own folder.

    Attributes:
        response: See `HDRModule`.
        initial_weights: See `HDRModule`.
        resumed: Whether weights of a checkpoint have been taken up.
        earlier_best: The best checkpoint of the run that this one goes on from.
    """

    response: CameraResponse | None
    initial_weights: str | None
    resumed: bool = False
    earlier_best: Best | None = None

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: Any, *_: Any, **__: Any) -> NoReturn:
        """Refused: Lightning would hand what the file says to a parser that imports classes and opens addresses.

        Raises:
            InputError: With what to call instead.
        """
        raise InputError(
            f"{cls.__name__}.load_from_checkpoint lets a file name what is imported and opened; load {checkpoint_path}"
            f" as data by hdrgen.load({str(checkpoint_path)!r}).method"
        )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Note the class, so that a checkpoint alone is enough to load the method.

        A response that was passed as an object, not on the command line, cannot be noted, which raises a warning.
        """
        if self.response is not None and "response" not in self.hparams:
            name = self.response.name
            warnings.warn(
                f"checkpoints do not hold the response {name}; pass it again with the checkpoint", stacklevel=2
            )
        fit_loop = checkpoint.get("loops", {}).get("fit_loop", {})
        fit_loop.get("state_dict", {}).pop("combined_loader", None)  # of our loaders it says nothing
        checkpoint["hdrgen"] = {"class_path": f"{type(self).__module__}.{type(self).__qualname__}"}
        folder = next(iter(self._folders()), None)
        if self.earlier_best is not None and folder:
            checkpoint["hdrgen"][EARLIER] = self.earlier_best.noted(Path(folder))

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Forget files outside the run's own folders: callbacks take up their states after this, and remove files.

        The best checkpoint of the run that this one goes on from is noted, for reading alone. Training goes on where it
        was saved, wherever that was.

        Raises:
            InputError: It was saved at a place where no training is.

        A method that has more to take up calls this as well.
        """
        self.resumed = True
        if "callbacks" in checkpoint and self._trainer is not None:
            folder = Path(self._trainer.ckpt_path).parent if self._trainer.ckpt_path else None
            if folder is not None:
                known = best_known(checkpoint, folder)
                self.earlier_best = next((best for best in known if best.path.is_file()), None)
            checkpoint["callbacks"] = own_states(checkpoint["callbacks"], self._folders(), folder)
        if "loops" in checkpoint:
            checked_loops(checkpoint["loops"])
            checkpoint["loops"] = resumable(checkpoint["loops"])

    def load_first_weights(self) -> None:
        """Load what training starts from that neither goes on nor has `initial_weights`; here nothing."""

    def on_fit_start(self) -> None:
        """Load the first weights of a training from its start."""
        super().on_fit_start()
        if not self.resumed and self.initial_weights is None:
            self.load_first_weights()

    def _folders(self) -> list[str]:
        """Where this run keeps its checkpoints."""
        writers = self._trainer.checkpoint_callbacks if self._trainer is not None else []
        return [str(each.dirpath) for each in writers if isinstance(each, ModelCheckpoint) and each.dirpath]
