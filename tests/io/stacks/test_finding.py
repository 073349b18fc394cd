"""Files, folders and patterns."""

import pytest
from PIL import Image as PillowImage

from hdrgen.errors import InputError
from hdrgen.io import find_images


@pytest.fixture
def photos(tmp_path):
    for name in ("img10.jpg", "img2.JPG", "img1.png", "notes.txt", ".hidden.jpg", "sub/deep3.tif", "odd[1].png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("x")
        else:
            PillowImage.new("RGB", (2, 2)).save(path)
    return tmp_path


def names(paths):
    return [path.name for path in paths]


def test_folder_in_natural_order(photos):
    assert names(find_images([photos])) == ["img1.png", "img2.JPG", "img10.jpg", "odd[1].png"]
    assert names(find_images(str(photos / "sub"))) == ["deep3.tif"]


def test_patterns_that_the_shell_left_alone(photos, monkeypatch):
    assert names(find_images([f"{photos}/img*"])) == ["img1.png", "img2.JPG", "img10.jpg"]
    assert names(find_images([f"{photos}/**/*.tif"])) == ["deep3.tif"]
    monkeypatch.chdir(photos)
    assert names(find_images(["*.jpg", "img[12].*"])) == ["img1.png", "img2.JPG", "img10.jpg"]


def test_files_are_sorted_and_taken_once(photos):
    given = [photos / "img10.jpg", photos / "img2.JPG", photos, str(photos / "img10.jpg")]
    assert names(find_images(given)) == ["img1.png", "img2.JPG", "img10.jpg", "odd[1].png"]


def test_an_existing_name_is_no_pattern(photos):
    assert names(find_images([photos / "odd[1].png"])) == ["odd[1].png"]


def test_any_suffix_when_named_outright(photos):
    odd = (photos / "img10.jpg").rename(photos / "photo.bak")
    assert find_images([odd]) == [odd]


def test_whether_an_image_can_be_read_shows_later(photos):
    (photos / "img2.JPG").write_bytes(b"")
    assert names(find_images([photos / "img2.JPG", photos / "img1.png"])) == ["img1.png", "img2.JPG"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("none.jpg", "no such file"),
        ("*.exr", "the pattern matches no image files"),
        ("empty", "no images in this folder"),
        ("notes.txt", "expected an image"),
    ],
)
def test_nothing_found(photos, source, message):
    (photos / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        find_images([photos / source])


def test_nothing_given():
    with pytest.raises(InputError, match="found none"):
        find_images([])
