"""Where memory runs out in spite of all estimates, one line says so."""

import numpy as np
import pytest
import torch

from hdrgen.cli.main import BAD_INPUT, main


def allocate(kind: str) -> None:
    """Ask for more than any machine has."""
    if kind == "numpy":
        np.empty(2**58, np.uint8)
    elif kind == "torch":
        torch.empty(2**58, dtype=torch.uint8)
    elif kind == "cuda":
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    else:
        raise MemoryError


@pytest.mark.parametrize("kind", ["numpy", "torch", "cuda", "python"])
def test_no_memory_is_one_line(kind, monkeypatch, capsys):
    monkeypatch.setattr("hdrgen.commands.metrics.run", lambda verb, arguments: allocate(kind))
    assert main(["metrics"]) == BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hdrgen: error: expected to fit into memory, found more than the memory that is free")
