"""No verb writes its result in place of what it is made of, whatever that is called, replaced or not."""

import os
from pathlib import Path

import numpy as np
import pytest

import hdrgen
from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.plain_files import refuse_inputs
from tests.checkpoint_files import example_of, perturbed, write_checkpoint
from tests.commands.brackets import write_bracket


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    """A bracket, a folder of HDR images, and other names of them."""
    monkeypatch.chdir(tmp_path)
    write_bracket(Path("room"), side=(32, 40))
    noise = np.random.default_rng(0)
    for name in "ab":
        hdrgen.write(f"hdr/{name}.exr", noise.random((16, 20, 3), np.float32) + 0.1)
    Path("link.jpg").symlink_to("room/a_mid.jpg")
    os.link("room/a_mid.jpg", "hard.jpg")
    Path("same").symlink_to("room")
    Path("room/side_preview.jpg").write_bytes(Path("room/b_dark.jpg").read_bytes())
    hdrgen.write("hdr/a_ev+0.0.tif", noise.random((16, 20, 3), np.float32))
    hdrgen.write("shots/a.uhdr.jpg", noise.random((16, 20, 3), np.float32) + 0.1).rename("shots/a.jpg")


def everything() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(Path().rglob("*")) if path.is_file()}


MERGE = ["merge", "room/a_mid.jpg", "room/b_dark.jpg", "--align", "none", "--response", "srgb", "-o"]
COMMANDS = {
    "itself": [*MERGE, "room/a_mid.jpg"],
    "another spelling": [*MERGE, "room/../room/./a_mid.jpg"],
    "through a linked folder": [*MERGE, "same/a_mid.jpg"],
    "a link": [*MERGE, "link.jpg"],
    "a hard link": [*MERGE, "hard.jpg"],
    "absolute": [*MERGE, str(Path("room/a_mid.jpg"))],
    "fused": [*MERGE[:-3], "-o", "room/a_mid.jpg", "--method", "mertens"],
    "of a folder": ["merge", "room", "--align", "none", "-o", "room/c_bright.jpg"],
    "the preview": ["merge", *(f"room/{n}.jpg" for n in ("a_mid", "side_preview")), "--preview", "-o", "room/side.exr"],
    "whose scale it takes": ["merge", "room", "-o", "hdr/a.exr", "--scale-like", "hdr/../hdr/a.exr"],
    "a plot": ["crf", "room/a_mid.png", "room/b_dark.png", "--ev=0,-3", "--plot", "png", "-o", "room/a_mid.json"],
    "exposures": ["expose", "hdr", "-o", "hdr", "--ev=0,1", "--format", "tif"],
    "a picture": ["tonemap", "shots/a.jpg", "-o", "shots/../shots/a.jpg"],
}


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("name", COMMANDS)
def test_an_input_is_never_replaced(name, overwrite, inputs, capsys):
    if name == "a plot":
        for stem in ("a_mid", "b_dark"):
            hdrgen.write(f"room/{stem}.png", hdrgen.read(f"room/{stem}.jpg"))
    before = everything()
    assert main([*COMMANDS[name], *(["--overwrite"] if overwrite else [])]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "is one of the inputs, which would be lost; choose another name or folder" in line
    assert everything() == before


def test_of_several_photographs_one_may_be_what_another_makes(inputs, tmp_path, capsys):
    """`expand` writes expanded/NAME/NAME.exr and NAME_preview.jpg."""
    checkpoint = str(write_checkpoint(perturbed(example_of("InverseCamera").model()), tmp_path / "a.ckpt"))
    for name in ("expanded/a/a_preview.jpg", "expanded/a/a.exr", "out.exr"):
        hdrgen.write(name, np.full((16, 20, 3), 0.3, np.float32))
    Path("a.jpg").write_bytes(Path("room/a_mid.jpg").read_bytes())
    before = everything()
    commands = {
        "expanded/a/a_preview.jpg": ["a.jpg", "-o", "expanded"],
        "expanded/a/a.exr": ["-o", "expanded"],
        "out.exr": ["-o", "out.exr"],
    }
    for other, options in commands.items():
        assert main(["expand", other, *options, "--ckpt_path", checkpoint, "--overwrite"]) == 2
        assert f"{other} is one of the inputs" in capsys.readouterr().err
        assert everything() == before


def test_weights_are_not_exported_over_themselves(inputs, tmp_path, capsys):
    checkpoint = write_checkpoint(perturbed(example_of("InverseCamera").model()), tmp_path / "a.ckpt")
    assert main(["export", "--ckpt_path", str(checkpoint), "-o", "a.safetensors"]) == 0
    before = everything()
    assert main(["export", "--weights", "a.safetensors", "-o", "./a.safetensors", "--overwrite"]) == 2
    assert "is one of the inputs" in capsys.readouterr().err
    assert everything() == before


def test_a_sidecar_of_another_photograph_is_not_replaced(inputs, capsys):
    packet = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    packet += '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="{}"/></rdf:RDF></x:xmpmeta>'
    for name in ("a_mid", "b_dark", "c_bright"):
        Path(f"room/{name}.xmp").write_text(packet.format(name))
    before = everything()
    typed = ["merge", *(f"room/{name}.jpg" for name in ("b_dark", "a_mid", "c_bright")), "--align", "none"]
    assert main([*typed, "-o", "room/c_bright.exr", "--overwrite"]) == 0
    assert "sidecar c_bright.xmp is that of c_bright.jpg, a_mid.xmp is not copied" in capsys.readouterr().out
    assert {name: content for name, content in everything().items() if name != "room/c_bright.exr"} == before


def test_what_is_not_there_is_nobodys_input(tmp_path):
    (tmp_path / "a").write_text("a")
    refuse_inputs([tmp_path / "b", Path("zero\0")], [tmp_path / "a", tmp_path / "gone", Path("zero\0")])
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputError, match=r"b \(.*a\) is one of the inputs"):
        refuse_inputs([tmp_path / "b"], [tmp_path / "a"])
