"""Checkpoints as `hdrgen fit` leaves them, without training."""

import os
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer

from hdrgen.exporting import export_weights
from hdrgen.methods import HDRModule
from tests.methods.examples import EXAMPLES, Example

SILENT: dict[str, Any] = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


def example_of(name: str) -> Example:
    """The example of a method, by its class name."""
    return next(example for example in EXAMPLES if example.method.__name__ == name)


def perturbed(method: HDRModule) -> HDRModule:
    """The method with weights that all matter: some networks start as the identity."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return method.eval()


def write_checkpoint(method: HDRModule, path: Path) -> Path:
    """Save it as Lightning does."""
    trainer = Trainer(**SILENT)
    trainer.strategy.connect(method)
    trainer.save_checkpoint(path)
    return path


def write_weights(method: HDRModule, path: Path, half: bool = False) -> Path:
    """Save it as `hdrgen export -o NAME.safetensors` does, with a card."""
    checkpoint = write_checkpoint(method, path.with_name("last.ckpt"))
    export_weights(checkpoint, path, half=half)
    checkpoint.unlink()
    return path


def write_malicious(path: Path, target: Path) -> Path:
    """A checkpoint that makes the folder `target` when it is unpickled."""

    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(target),)

    torch.save({"state_dict": {}, "x": Evil()}, path)
    return path
