import numpy as np
import pytest
import torch

from hdrgen.data import SICE, DecodedCache, RandomPair, SelectedExposures, WholeStackByRank
from hdrgen.data.datasets import sice
from hdrgen.data.datasets.sice import read_labels
from hdrgen.errors import InputError
from hdrgen.io import write_image

LABELS = {1: (1, 4), 2: (2, 6), 361: (1, 3)}
FRAMES = {"Dataset_Part1/1": 5, "Dataset_Part1/2": 7, "Dataset_Part2/1": 3}


@pytest.fixture
def root(tmp_path):
    for name, count in FRAMES.items():
        for number in range(1, count + 1):
            size = (12, 8, 3) if name.endswith("2") else (8, 12, 3)
            write_image(tmp_path / name / f"{number}.JPG", np.full(size, 30 * number, np.uint8))
    write_image(tmp_path / "Dataset_Part1" / "Label" / "1.JPG", np.zeros((8, 8, 3), np.uint8))
    text = "".join(f"{scene}_{down}_{up}.png" for scene, (down, up) in LABELS.items())
    (tmp_path / "best_index.txt").write_text(text)
    return tmp_path


def grey(sample):
    return (sample["ldr"].mean((1, 2, 3)) * 255 / 30).round().int().tolist()


def test_the_labelled_exposures_and_the_one_between(root):
    data = SICE(str(root), square=16)
    assert [data.scene(index) for index in range(len(data))] == ["sice_001", "sice_002", "sice_361"]
    assert [grey(data[index]) for index in range(3)] == [[1, 2, 4], [2, 4, 6], [1, 2, 3]]
    sample = data[0]
    assert sample["ldr"].shape == (3, 3, 16, 16)
    assert sample["ev"].tolist() == [-torch.inf, 0, torch.inf]
    assert int(sample["ref"]) == 1
    assert sample["optimal"].tolist() == [0, 2]
    assert "hdr" not in sample
    assert data[1]["ldr"].shape == (3, 3, 16, 16)


def test_size_as_it_is(root):
    data = SICE(str(root), square=None)
    assert (data[0]["ldr"].shape[-2:], data[1]["ldr"].shape[-2:]) == ((8, 12), (12, 8))


def test_parts_of_it(root):
    assert [SICE(str(root), part=part).numbers for part in (1, 2)] == [[1, 2], [361]]
    assert [SICE(str(root), scenes=part).numbers for part in ((0, 2 / 3), (2 / 3, 1))] == [[1, 2], [361]]
    one = SICE(str(root / "Dataset_Part1"), labels=str(root / "best_index.txt"))
    assert one.numbers == [1, 2]


def test_scenes_that_others_test_on_are_left_out_before_the_rest_is_divided(root):
    assert SICE(str(root), exclude="2").numbers == [1, 361]
    assert SICE(str(root), exclude="1,300-589").numbers == [2]
    assert SICE(str(root), part=1, exclude="361").numbers == [1, 2]
    (root / "test_scenes.txt").write_text("2\n361\n")
    assert SICE(str(root), exclude=str(root / "test_scenes.txt")).numbers == [1]
    assert [SICE(str(root), exclude="2", scenes=part).numbers for part in ((0, 0.5), (0.5, 1))] == [[1], [361]]


def test_a_list_longer_than_any_name_of_a_file_may_be_typed(root):
    assert SICE(str(root), exclude=",".join(map(str, range(2, 590)))).numbers == [1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2;3", "found '2;3'"),
        ("no_such_file.txt", "found 'no_such_file"),
        ("590", r"found \[590\]"),
        ("", "found none"),
        ("52-40", "found '52-40'"),
        (";".join(map(str, range(300))), "found '0;1;2"),
    ],
)
def test_lists_that_name_no_scenes(root, text, found):
    with pytest.raises(InputError, match=found) as caught:
        SICE(str(root), exclude=text)
    assert caught.value.argument == "exclude"


def test_numbers_of_the_second_part_may_go_on(root):
    (root / "Dataset_Part2" / "1").rename(root / "Dataset_Part2" / "361")
    assert SICE(str(root)).numbers == [1, 2, 361]


def test_truths_are_decoded_once_where_there_is_a_cache(root, monkeypatch):
    write_image(root / "hdr" / "1.exr", np.full((8, 12, 3), 0.5, np.float32))
    data = SICE(str(root), truth=str(root / "hdr"), square=16)
    data.keep_decoded(DecodedCache(root / "kept"))
    whole, read = data[0], []
    monkeypatch.setattr(sice, "read_radiance", read.append)
    assert torch.equal(data[0]["hdr"], whole["hdr"])
    assert not read


def test_truth_from_a_folder_of_its_own(root):
    for number in (1, 2):
        write_image(root / "hdr" / f"{number}.exr", np.full((24, 36, 3), 3.0, np.float32))
    data = SICE(str(root), truth=str(root / "hdr"), square=16)
    assert data[0]["hdr"].shape == (3, 16, 16)
    assert data[0]["hdr"].mean() == pytest.approx(3)
    with pytest.raises(InputError, match=r"expected 361\.exr or \.hdr"):
        data[2]


def test_only_methods_that_need_no_values_train_on_it(root):
    SelectedExposures(SICE(str(root)), WholeStackByRank(), train=True)[0]
    with pytest.raises(InputError, match="found ranks only"):
        SelectedExposures(SICE(str(root)), RandomPair(), train=True)[0]


def test_another_layout(root):
    (root / "Dataset_Part1").rename(root / "Part1")
    (root / "Dataset_Part2").rename(root / "Part2")
    with pytest.raises(InputError, match=r"expected <root>/\{Dataset_Part1, .* found Part1/ \{3 folders\}"):
        SICE(str(root))


def test_what_the_labels_miss(root):
    (root / "best_index.txt").write_text("1_1_4.png361_1_3.png")
    with pytest.raises(InputError, match=r"a label for every scene, found none for \[2\]"):
        SICE(str(root))
    (root / "best_index.txt").write_text("1_1_4.png2_2_9.png361_1_3.png")
    with pytest.raises(InputError, match=r"expected exposure 9 of 2\.\.9, found 1\.JPG, 2\.JPG"):
        SICE(str(root))
    (root / "best_index.txt").unlink()
    with pytest.raises(InputError, match="expected the labels of SICE-S"):
        SICE(str(root))


class TestLabels:
    def test_all_589_without_a_separator(self, tmp_path):
        path = tmp_path / "best_index.txt"
        wanted = {scene: (scene % 8 + 1, scene % 8 + 3 + scene % 17) for scene in range(1, 590)}
        path.write_text("".join(f"{scene}_{i}_{j}.png" for scene, (i, j) in wanted.items()))
        assert read_labels(path) == wanted
        assert len(read_labels(path)) == 589

    def test_separators_are_welcome(self, tmp_path):
        path = tmp_path / "labels.txt"
        path.write_text("1_2_7.png\n13_1_17.png\n")
        assert read_labels(path) == {1: (2, 7), 13: (1, 17)}

    def test_bytes_that_are_no_text(self, tmp_path):
        path = tmp_path / "labels.txt"
        path.write_bytes(b"1_2_7.png\xff")
        with pytest.raises(InputError, match=r"expected a run of scene_darker_brighter\.png, found '\ufffd'"):
            read_labels(path)

    @pytest.mark.parametrize(
        ("text", "found"),
        [("", "an empty file"), ("1_2.png", r"1_2\.png"), ("1_2_7.png;", "';'"), ("1_2_7.png1_3_8.png", "1_3_8")],
    )
    def test_what_is_no_label(self, tmp_path, text, found):
        path = tmp_path / "labels.txt"
        path.write_text(text)
        with pytest.raises(InputError, match=found):
            read_labels(path)

    def test_a_pair_without_an_exposure_between(self, tmp_path):
        path = tmp_path / "labels.txt"
        path.write_text("1_2_3.png")
        with pytest.raises(InputError, match=r"at least 2 apart, found 1_2_3\.png"):
            read_labels(path)
