from pathlib import Path

import numpy as np
import pytest
import torch

from hdrgen.data import DrTMO, DrTMOPairs, RandomPair, SelectedExposures, write_pairs
from hdrgen.errors import InputError
from hdrgen.io import write_image


@pytest.fixture
def root(tmp_path):
    for name in ("lake_0_10_20_gamma+1.4", "room_1_2_3_Gold-200CDBlue"):
        for index, letter in enumerate("abcdefghi"):
            folder = tmp_path / "training_data" / "Train" / "Bracketed_images" / name
            write_image(folder / f"{letter}.png", np.full((8, 8, 3), 20 * index, np.uint8))
    return tmp_path


def test_stacks_of_nine_half_stops(root):
    data = DrTMO(str(root))
    assert [data.scene(index) for index in range(2)] == ["lake_0_10_20_gamma+1.4", "room_1_2_3_Gold-200CDBlue"]
    sample = data[0]
    assert sample["ev"].tolist() == [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]
    assert int(sample["ref"]) == 4
    torch.testing.assert_close(sample["ldr"][:, 0, 0, 0] * 255, torch.arange(9) * 20.0)
    assert len(DrTMO(str(root / "training_data"))) == 2


def test_a_split_may_be_written_as_that_of_other_data_sets(root):
    (root / "training_data" / "Train").rename(root / "training_data" / "Test")
    assert len(DrTMO(str(root), split="test")) == len(DrTMO(str(root), split="Test")) == 2
    with pytest.raises(InputError, match="expected <root>/training_data/Train"):
        DrTMO(str(root), split="train")


def test_a_part_keeps_all_views_of_an_image_together(root):
    folder = root / "training_data" / "Train" / "Bracketed_images"
    for name in ("lake_3_4_5_Gold-200CDBlue", "lake_9_10_11_gamma+1.4"):
        (folder / name).mkdir()
    train, val = (DrTMO(str(root), scenes=part) for part in ((0.0, 0.5), (0.5, 1.0)))
    assert {train.scene(index).partition("_")[0] for index in range(len(train))} == {"lake"}
    assert [val.scene(index) for index in range(len(val))] == ["room_1_2_3_Gold-200CDBlue"]


def test_only_the_pair_is_read(root, monkeypatch):
    from hdrgen.data.datasets import photographed

    read, names = photographed.read_frame, []
    monkeypatch.setattr(photographed, "read_frame", lambda path: (names.append(path.stem), read(path))[1])
    sample = SelectedExposures(DrTMO(str(root)), RandomPair(), train=True)[0, 0]
    assert len(names) == 2
    assert ["abcdefghi".index(name) / 2 - 2 for name in names] == sample["ev"].tolist()


@pytest.mark.parametrize(("identity", "count"), [(False, 36), (True, 45)])
def test_pair_lists(root, identity, count):
    path = root / "train.csv"
    assert write_pairs(root, path, identity=identity) == 2 * count
    header, first = path.read_text().splitlines()[:2]
    assert header == "x,x_exp,y,y_exp"
    assert first.startswith("training_data/Train/Bracketed_images/lake_0_10_20_gamma+1.4/a.png,0.0009765625,")
    pairs = DrTMOPairs(str(root), str(path))
    assert len({pairs.scene(index) for index in range(len(pairs))}) == 2 * count
    sample = pairs[count - 1]
    last = 2.0 if identity else 1.5
    assert sample["ev"].tolist() == [last, 2.0]
    torch.testing.assert_close(sample["ldr"][:, 0, 0, 0] * 255, (sample["ev"] + 2) * 40)


def test_pairs_are_sorted_dark_to_bright_and_know_the_reference(root):
    folder = "training_data/Train/Bracketed_images/lake_0_10_20_gamma+1.4"
    (root / "list.csv").write_text(f"x,x_exp,y,y_exp\n{folder}/e.png,0.00390625,{folder}/a.png,0.000976562\n")
    pairs = DrTMOPairs(str(root), str(root / "list.csv"))
    sample = SelectedExposures(pairs, RandomPair())[0]
    assert sample["ev"].tolist() == pytest.approx([-2, 0], abs=1e-5)
    assert int(sample["ref"]) == 1
    assert sample["scene"].endswith("_a-e")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "found a,b"),
        ("", "an empty file"),
        ("x,x_exp,y,y_exp\na.png,0,b.png,1\n", "line 2: expected exposure times above 0"),
        ("x,x_exp,y,y_exp\na.png,1\n", "line 2"),
    ],
)
def test_broken_lists_are_explained(tmp_path, text, message):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        DrTMOPairs(str(tmp_path), str(tmp_path / "list.csv"))


def test_missing_lists_are_explained(tmp_path):
    with pytest.raises(InputError, match=r"list\.csv: expected a CSV file"):
        DrTMOPairs(str(tmp_path), str(tmp_path / "list.csv"))


def test_wrong_root_shows_expected_and_found(root):
    with pytest.raises(
        InputError, match=r"training_data/Test/Bracketed_images/<name>/\{a\.\.i\}\.png, found training_data/"
    ):
        DrTMO(str(root), "Test")


def test_times_of_a_list_are_of_half_stops_around_a_256th_of_a_second(root, tmp_path):
    path = tmp_path / "times.csv"
    write_pairs(root, path)
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    times = {Path(row[at]).stem: float(row[at + 1]) for row in rows for at in (0, 2)}
    assert times == pytest.approx({letter: 2 ** (-8 + index / 2 - 2) for index, letter in enumerate("abcdefghi")})
