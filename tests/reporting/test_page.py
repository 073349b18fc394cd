"""The page as text: it parses, needs nothing else, says what the runs say, and holds no foreign markup."""

import json
import re

import pytest

from hdrgen.errors import InputError
from hdrgen.markup import Markup, element, embedded
from hdrgen.reporting import read_runs, write_page
from tests.reporting.parsed import Page
from tests.reporting.synthetic import PROTOCOL, made_test, made_training

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp; \u202e"
LINKS = ("src", "href", "action", "data", "srcset", "poster")


@pytest.fixture
def page(tmp_path):
    folders = [made_test(tmp_path / "ours", more=6), made_test(tmp_path / "theirs", 1.0, more=6)]
    folders.append(
        made_training(tmp_path / "run" / "version_0", {"train/loss": [3.0, 2.0, 1.0], "val/psnr": ["", 20.5, ""]})
    )
    assert write_page(read_runs(folders), tmp_path / "page.html") == 2
    return Page(tmp_path / "page.html")


def test_what_was_run(page):
    for text in ("ours", "theirs", "version_0", "Toy", "VDS", "mine", "abc1234", "runs/last.ckpt", "hdrgen 0.1.0"):
        assert text in page.text
    for setting in ("protocol.luminance_metrics.hdr_vdp2_q.ppd", "method.init_args.channels", "data.init_args.root"):
        assert setting in page.text


def test_a_training_says_what_it_was_made_with(tmp_path):
    folder = made_training(tmp_path / "version_0", {"train/loss": [1.0]})
    software = {"hdrgen": "0.2.0", "commit": "def5678", "python": "3.12", "packages": {"torch": "2.14"}}
    (folder / "software.json").write_text(json.dumps(software), encoding="utf-8")
    write_page(read_runs([folder]), tmp_path / "page.html")
    row = next(row for row in Page(tmp_path / "page.html").rows if row[0][0] == "version_0")
    assert [text for text, _ in row[-2:]] == ["def5678", "hdrgen 0.2.0, python 3.12, torch 2.14"]


def test_a_page_of_many_runs_has_a_short_title(tmp_path):
    folders = [made_test(tmp_path / f"run{at}") for at in range(4)]
    write_page(read_runs(folders), tmp_path / "page.html")
    assert "<title>hdrgen: 4 runs</title>" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_numbers_and_the_best_of_each_column(page):
    assert "25.00± 0.50" in page.text
    start = next(
        at for at, row in enumerate(page.rows) if [text for text, _ in row[:2]] == ["run", "psnr ↑, higher is better"]
    )
    means = page.rows[start + 1 : start + 3]
    assert [[text for text, kind in row if kind == "best"] for row in means] == [
        ["0.1000 best± 0.5000", "40.00 best± 0.50"],
        ["26.00 best± 0.50"],
    ]


def test_nothing_is_marked_where_the_scenes_tell_nothing(tmp_path):
    """A mean of 52.79 over 52.50 is no lead where three scenes of seven are better and four are worse."""
    for name, values in (("one", [50, 51, 52, 53, 54, 55, 54.53]), ("other", [49.5, 50, 50.5, 53.5, 54.5, 55.5, 54])):
        folder = made_test(tmp_path / name, means={"psnr": {"mean": sum(values) / 7}}, deviations={})
        rows = [f"scene{at},,psnr,{value}" for at, value in enumerate(values)]
        (folder / "metrics.csv").write_text("\n".join(["scene,ev,metric,value", *rows]))
    write_page(read_runs([tmp_path / "one", tmp_path / "other"]), tmp_path / "page.html")
    page = Page(tmp_path / "page.html")
    start = next(at for at, row in enumerate(page.rows) if row[0][0] == "run" and row[1][0].startswith("psnr"))
    assert [kind for row in page.rows[start + 1 : start + 3] for _, kind in row] == [None] * 4
    assert "corrected after Holm" in page.text


def test_exposures(page):
    heads = next(row for row in page.rows if [text for text, _ in row[:2]] == ["metric", "run"])
    assert [text for text, _ in heads] == ["metric", "run", "-1", "+1", "mean"]
    assert "21.00 best± 0.50" in page.best("theirs")
    first = next(row for row in page.rows if row[0][0] == "psnr ↑")
    assert [text for text, _ in first[1:3]] == ["ours", "20.00± 0.50"]


def test_curves(page):
    points = [attributes for tag, attributes in page.tags if tag == "circle"]
    assert len(points) == 4
    assert "version_0, step 2: 1.00" in page.text
    assert "version_0, step 1: 20.50" in page.text


def test_nothing_is_loaded(page):
    links = [value for _, attributes in page.tags for name, value in attributes.items() if name in LINKS]
    assert links
    assert all(link.startswith(("data:image/", "#")) for link in links)
    policy = next(attributes["content"] for tag, attributes in page.tags if attributes.get("http-equiv"))
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert not [attributes for tag, attributes in page.tags if tag in ("link", "iframe", "object")]
    assert not re.search(r"@import|url\(", str(page.tags))


def test_pictures_have_words(page):
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert [image["alt"] for image in images[:6]] == [
        "input",
        "result, ours",
        "result, theirs",
        "truth",
        "hdr_vdp2_p_map, ours",
        "hdr_vdp2_p_map, theirs",
    ]
    labelled = {attributes["for"] for tag, attributes in page.tags if tag == "label"}
    controls = {attributes["id"] for tag, attributes in page.tags if tag in ("input", "select")}
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert labelled == controls
    assert len(ids) == len(set(ids))


def test_hostile_names(tmp_path):
    folder = made_test(tmp_path / "x'><b>y", scenes=[HOSTILE], ckpt_path=HOSTILE, protocol=PROTOCOL | {"name": HOSTILE})
    (folder / "config.yaml").write_text(f"model: {json.dumps(HOSTILE)}\n")
    training = made_training(tmp_path / "t", {HOSTILE: [1.0, 2.0]})
    write_page(read_runs([folder, training]), tmp_path / "page.html")
    page = Page(tmp_path / "page.html")
    assert page.text.count(HOSTILE) >= 5
    assert {attributes.get("type") for tag, attributes in page.tags if tag == "script"} == {"application/json", None}
    assert sum(tag == "script" for tag, _ in page.tags) == 3
    assert not [1 for tag, attributes in page.tags if tag == "b" or any(name.startswith("on") for name in attributes)]


def test_only_what_is_alike_is_compared(tmp_path):
    other = made_test(tmp_path / "other", 5.0, protocol=PROTOCOL | {"luminance": 50.0})
    write_page(read_runs([made_test(tmp_path / "one"), other]), tmp_path / "page.html")
    page = Page(tmp_path / "page.html")
    assert sum(tag == "section" for tag, _ in page.tags) == 3
    assert not [1 for row in page.rows for _, kind in row if kind == "best"]


def test_scenes_by_name(tmp_path):
    runs = read_runs([made_test(tmp_path / "one", scenes=["a", "b", "c"])])
    assert write_page(runs, tmp_path / "page.html", scenes=["c"]) == 1
    assert write_page(runs, tmp_path / "few.html", count=2) == 2
    with pytest.raises(InputError, match=r"no pictures of scene 'd', only of a, b, c"):
        write_page(runs, tmp_path / "none.html", scenes=["d"])
    assert not (tmp_path / "none.html").exists()


def test_a_test_without_pictures_directions_and_scores(tmp_path):
    folder = made_test(tmp_path / "old", scenes=[], higher_is_better=None)
    (folder / "metrics.csv").unlink()
    write_page(read_runs([folder]), tmp_path / "page.html")
    text = Page(tmp_path / "page.html").text
    assert "These tests do not say which direction is better." in text
    assert "No pictures" in text


def test_configurations_side_by_side(tmp_path):
    configs = ["model: {class_path: Toy, rate: 0.1}\n", "model: {class_path: Toy, rate: 0.2}\n"]
    folders = [made_training(tmp_path / str(at), {"loss": [1.0]}, text) for at, text in enumerate(configs)]
    write_page(read_runs(folders), tmp_path / "page.html")
    differing = [row for row in Page(tmp_path / "page.html").rows if row[0][0].startswith("model.")]
    assert [[text for text, _ in row] for row in differing] == [["model.rate", "0.1", "0.2"]]


def test_markup():
    assert (
        element("a", None, "<", Markup("<b>"), href='"', data_at=3, hidden=False)
        == '<a href="&quot;" data-at="3">&lt;<b></a>'
    )
    assert "<" not in embedded({"</script>": "<!--"})[len('<script type="application/json">') : -len("</script>")]
