"""`hdrgen merge --method NAME` where that is a network."""

import inspect

import numpy as np
import pytest

from hdrgen import configs, methods
from hdrgen.cli import LEARNED_MERGES
from hdrgen.cli.main import main
from hdrgen.commands.merge import _check_network
from hdrgen.errors import InputError
from hdrgen.io import read_image, write_image
from hdrgen.methods import HDRModule
from hdrgen.weights import find_checkpoint
from tests.checkpoint_files import write_checkpoint
from tests.methods.examples import EXAMPLES

WORDS = {name: word for word, name in LEARNED_MERGES.items()}
MERGING = [example for example in EXAMPLES if example.method.input == "bracket"]


@pytest.fixture
def walk(tmp_path, monkeypatch):
    """Five exposures, two stops apart, with their list."""
    monkeypatch.chdir(tmp_path)
    picture = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    for number in range(5):
        write_image(tmp_path / f"walk/{number}.png", np.clip(picture * 2 ** ((number - 2) * 2 / 2.2), 0, 1))
    rows = "".join(f"{number}.png,{4.0**number}\n" for number in range(5))
    (tmp_path / "walk/exposures.csv").write_text(f"file,time\n{rows}")


def test_every_method_that_merges_photographs_has_a_word():
    named = {name: getattr(methods, name) for name in methods.__all__}
    classes = {name: cls for name, cls in named.items() if inspect.isclass(cls) and issubclass(cls, HDRModule)}
    merging = {name for name, cls in classes.items() if cls.input == "bracket" and not cls.baseline}
    assert set(LEARNED_MERGES.values()) == merging
    assert {f"{word}{size}" for word in LEARNED_MERGES for size in ("", "_small")} <= set(configs.names())


@pytest.mark.parametrize("example", MERGING, ids=lambda example: example.method.__name__)
def test_a_network_merges_three_of_five_photographs_and_says_which(example, walk, capsys):
    name = example.method.__name__
    write_checkpoint(example.model(), "net.ckpt")
    assert main(["merge", "walk", "--method", WORDS[name], "--weights", "net.ckpt", "-o", "out.exr"]) == 0
    assert read_image("out.exr").pixels.shape == (40, 50, 3)
    told = capsys.readouterr()
    assert told.out.splitlines() == ["out.exr: 3 of 5 exposures ordered by measured exposure, merged by net.ckpt"]
    assert "takes 3: 1.png (EV -2.0), 2.png (EV +0.0), 3.png (EV +2.0), of 5 photographs" in told.err


@pytest.mark.parametrize(
    ("name", "method", "told"),
    [
        ("AHDRNet", "hdr_gan", "net.ckpt: expected weights of HDRGAN, found AHDRNet; pass --method ahdrnet"),
        ("CEVR", "hdr_gan", "expected weights of HDRGAN, found CEVR; pass others, since these merge no photographs"),
        ("AHDRNet", "debevec", "a network merges by --method hdr_gan, ahdrnet"),
    ],
)
def test_weights_of_another_method_are_refused(name, method, told, walk, capsys):
    write_checkpoint(next(each for each in EXAMPLES if each.method.__name__ == name).model(), "net.ckpt")
    assert main(["merge", "walk", "--method", method, "--weights", "net.ckpt", "-o", "out.exr"]) == 2
    assert told in capsys.readouterr().err


def test_the_header_of_exported_weights_says_which_method_they_are_of(monkeypatch):
    """Their tensors are read once, by what merges."""
    monkeypatch.setattr("hdrgen.weights.read_checkpoint", lambda path: pytest.fail("reads the tensors"))
    _check_network(find_checkpoint("hdr_gan"), "hdr_gan")
    with pytest.raises(InputError, match="expected weights of HDRGAN, found CEVR; pass others"):
        _check_network(find_checkpoint("cevr"), "hdr_gan")
