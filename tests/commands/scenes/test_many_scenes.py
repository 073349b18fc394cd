"""A folder of mixed scenes in one command, with a summary; nothing loses a file to another."""

import re

import pytest

from hdrgen.cli.main import main
from hdrgen.commands.merge import preview_of
from tests.io.stacks.cards import EXPOSURES, shoot, view

PLAIN = ["--response", "gamma:2.2", "--align", "none"]


@pytest.fixture
def trip(tmp_path, monkeypatch):
    """A card with two brackets and a single photograph, two rooms of nearly one name, a broken bracket, no bracket."""
    monkeypatch.chdir(tmp_path)
    for n in range(6):
        shoot(tmp_path / f"trip/card/IMG_{n}.JPG", view(n // 3), EXPOSURES[n % 3], clock=60 * (n // 3) + n % 3)
    shoot(tmp_path / "trip/card/IMG_6.JPG", view(9), (1, 60), clock=300)
    for seed, name in enumerate(("room.v1", "room.v2", "broken"), 2):
        for n, time in enumerate(EXPOSURES):
            shoot(tmp_path / f"trip/{name}/{n}.jpg", view(seed), time)
    damaged = tmp_path / "trip/broken/1.jpg"
    damaged.write_bytes(damaged.read_bytes()[:900])
    shoot(tmp_path / "trip/lonely/0.jpg", view(8), EXPOSURES[0])
    return tmp_path


def test_each_scene_is_merged_and_a_table_says_which_were_not_and_why(trip, capsys):
    assert main(["merge", "trip", "-o", "out", "--preview", *PLAIN]) == 2
    names = ["card_IMG_0", "card_IMG_3", "room.v1", "room.v2"]
    assert sorted(path.name for path in (trip / "out").iterdir()) == sorted(
        [f"{name}.exr" for name in names] + [f"{name}_preview.jpg" for name in names]
    )
    out, err = capsys.readouterr()
    assert "trip/card: 2 scenes by time, exposures and their number: card_IMG_0 (3), card_IMG_3 (3)" in out
    table = {line.split()[0]: line for line in out.splitlines() if " failed " in line or " done " in line}
    assert list(table) == ["broken", *names[:2], "lonely", *names[2:]]
    assert "1.jpg" in table["broken"]
    assert "expected a stack of at least 2 images, found 1" in table["lonely"]
    assert re.search(r"^6 scenes: 2 failed, 4 done; \d+ s, at most \d\.\d GB of memory$", out, re.MULTILINE)
    assert "1 photograph belongs to no bracket (another size, camera, kind of file or time): IMG_6.JPG" in out
    assert "2 of 6 scenes could not be done" in err


def test_what_is_there_already_is_told_and_results_are_no_scene(trip, capsys):
    main(["merge", "trip", "-o", "trip/out", "--preview", *PLAIN])
    capsys.readouterr()
    assert main(["merge", "trip", "-o", "trip/out", "--preview", "--skip-existing", *PLAIN]) == 2
    assert "6 scenes: 2 failed, 4 there already" in capsys.readouterr().out


def test_merging_again_in_the_same_folder_gives_the_same(trip, capsys):
    room = trip / "trip/room.v1"
    written = []
    for method in ("debevec", "mertens"):
        suffix, extra = (".exr", ["--preview"]) if method == "debevec" else (".png", [])
        for _ in range(2):
            more = PLAIN if method == "debevec" else ["--align", "none"]
            assert main(["merge", str(room), "-o", str(room / f"own{suffix}"), "--overwrite", "--method", method,
                         *more, *extra]) == 0  # fmt: skip
            written.append((room / f"own{suffix}").read_bytes())
    assert main(["tonemap", str(room / "own.exr"), "-o", str(room / "mapped.tif")]) == 0
    assert main(["merge", str(room), "-o", "again.exr", *PLAIN]) == 0
    assert written[0] == written[1] == (trip / "again.exr").read_bytes()
    assert written[2] == written[3]
    capsys.readouterr()
    assert main(["info", str(room)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["file", "0.jpg", "1.jpg", "2.jpg"]


def test_a_curve_of_each_scene(trip, capsys):
    assert main(["crf", "trip/card", "-o", "out", "--plot", "png"]) == 0
    assert sorted(path.stem for path in (trip / "out").glob("*.json")) == ["card_IMG_0_crf", "card_IMG_3_crf"]


def test_a_count_and_one_scene_on_the_command_line(trip, capsys):
    assert main(["merge", "trip/room.v1", "--group", "one", *PLAIN]) == 0
    assert main(["merge", "trip/room.v1", "--group", "2", *PLAIN]) == 2
    assert "expected 2 photographs for each scene, found 3" in capsys.readouterr().err
    assert main(["merge", "trip/room.v1", "--group", "few", *PLAIN]) == 2
    assert "expected auto, one, or the photographs of each scene" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".exr", ".hdr", ".uhdr.jpg", ".tif"])
def test_previews_lose_the_suffix_alone(tmp_path, suffix):
    assert preview_of(tmp_path / f"room.v1{suffix}") == tmp_path / "room.v1_preview.jpg"
