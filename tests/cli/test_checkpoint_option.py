from pathlib import Path

import pytest

from hdrgen.cli.checkpoint_option import trained
from hdrgen.errors import InputError
from tests.checkpoint_files import example_of, write_checkpoint


def test_the_newest_run_is_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("HDRGAN", "CEVR"):
        write_checkpoint(example_of(name).model(), tmp_path / f"runs/{name}/version_0/checkpoints/last.ckpt")
    assert trained("last").parts[1] == "CEVR"
    assert trained("last", "HDRGAN").parts[1] == "HDRGAN"
    assert trained("other.ckpt") == Path("other.ckpt")


def test_no_run_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"no best.ckpt of HDRGAN below runs; pass --ckpt_path FILE"):
        trained("best", "HDRGAN")
