"""`--skip-existing`: an interrupted folder goes on where it ended."""

from pathlib import Path

import numpy as np
import pytest

import hdrgen
from hdrgen.cli.main import main

VERBS = {
    "tonemap": (["tonemap", "hdr", "-o", "made"], ["a_reinhard2002.jpg", "b_reinhard2002.jpg"]),
    "expose": (
        ["expose", "hdr", "-o", "made", "--ev", "-1,1", "--noise"],
        ["a_ev+1.0.png", "a_ev-1.0.png", "b_ev+1.0.png", "b_ev-1.0.png"],
    ),
    "merge": (
        ["merge", "scenes", "-o", "made", "--align", "none", "--response", "srgb", "--preview"],
        ["a.exr", "a_preview.jpg", "b.exr", "b_preview.jpg"],
    ),
}


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0)
    for name in "ab":
        hdrgen.write(f"hdr/{name}.exr", noise.random((16, 20, 3), np.float32) + 0.1)
        for ev in (0, 2):
            hdrgen.write(f"scenes/{name}/{name}_ev{ev:+d}.png", noise.random((16, 20, 3), np.float32))


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_there_stays_and_the_rest_is_made(verb, inputs, capsys):
    arguments, names = VERBS[verb]
    assert main(arguments) == 0
    whole = contents("made")
    assert list(whole) == names
    missing = Path("made", names[-1])
    missing.unlink()
    missing.with_name(f".{missing.stem}.0123{missing.suffix}").write_bytes(b"half")  # as a killed process leaves it
    kept = Path("made", names[0])
    kept.write_bytes(b"not made again")
    capsys.readouterr()
    assert main([*arguments, "--skip-existing"]) == 0
    assert "1 of 2 " in capsys.readouterr().out.splitlines()[0]
    assert contents("made")[names[-1]] == whole[names[-1]]
    assert kept.read_bytes() == b"not made again"
    assert main([*arguments, "--skip-existing"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("exist already; nothing is left to do")
    assert main([*arguments, "--skip-existing", "--overwrite"]) == 2
    assert "--skip-existing and --overwrite contradict each other; leave one out" in capsys.readouterr().err


def test_a_part_of_a_result_is_completed_and_what_is_there_of_it_stays(inputs):
    arguments, _ = VERBS["merge"]
    assert main(arguments) == 0
    Path("made/b_preview.jpg").unlink()
    Path("made/b.exr").write_bytes(b"mine")
    assert main([*arguments, "--skip-existing"]) == 0
    assert Path("made/b_preview.jpg").is_file()
    assert Path("made/b.exr").read_bytes() == b"mine"


def test_a_learned_merge_of_what_exists_needs_no_network(inputs, capsys):
    assert main(["merge", "scenes/a", "scenes/b", "-o", "made", "--response", "srgb"]) == 0
    learned = ["merge", "scenes/a", "scenes/b", "-o", "made", "--method", "hdr_gan", "--ckpt_path", "none.ckpt"]
    assert main([*learned, "--skip-existing"]) == 0
    assert "2 of 2 scenes exist already; nothing is left to do" in capsys.readouterr().out
