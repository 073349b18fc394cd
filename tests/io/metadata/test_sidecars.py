"""XMP sidecars are kept beside what is made of their photographs."""

from xml.etree import ElementTree

import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.io import keep_sidecars
from hdrgen.io.sidecars import sidecars_of
from tests.commands.brackets import write_bracket

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
NOTES = b"<x:xmpmeta>five stars</x:xmpmeta>"


@pytest.fixture
def photograph(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/photo.ARW").write_bytes(b"sensor")
    return tmp_path / "raw/photo.ARW"


@pytest.mark.parametrize(
    ("sidecar", "output", "kept"),
    [
        ("photo.xmp", "room.exr", "room.xmp"),
        ("photo.XMP", "room.v2.dng", "room.v2.xmp"),
        ("photo.ARW.xmp", "room.exr", "room.exr.xmp"),
        ("photo.xmp", "room.uhdr.jpg", "room.xmp"),
    ],
)
def test_it_is_named_as_the_result_in_the_way_of_its_program(photograph, tmp_path, sidecar, output, kept):
    photograph.with_name(sidecar).write_bytes(NOTES)
    assert keep_sidecars([photograph], tmp_path / output, overwrite=False) == [f"sidecar {sidecar} kept as {kept}"]
    assert (tmp_path / kept).read_bytes() == NOTES


def test_both_are_kept_of_the_first_photograph_that_has_any(photograph, tmp_path):
    for name in ("photo.xmp", "photo.ARW.xmp", "stranger.xmp"):
        photograph.with_name(name).write_bytes(NOTES)
    told = keep_sidecars([photograph.with_name("other.ARW"), photograph], tmp_path / "a.exr", overwrite=False)
    assert len(told) == 2
    assert sorted(path.name for path in tmp_path.glob("*.xmp")) == ["a.exr.xmp", "a.xmp"]
    assert sidecars_of(photograph.with_name("other.ARW")) == []


def test_one_that_is_there_is_replaced_only_if_asked(photograph, tmp_path):
    photograph.with_name("photo.xmp").write_bytes(NOTES)
    (tmp_path / "a.xmp").write_bytes(b"own notes")
    told = keep_sidecars([photograph], tmp_path / "a.exr", overwrite=False)
    assert told == ["sidecar a.xmp is there already, photo.xmp is not copied"]
    assert (tmp_path / "a.xmp").read_bytes() == b"own notes"
    assert keep_sidecars([photograph], tmp_path / "a.exr", overwrite=True) == ["sidecar photo.xmp kept as a.xmp"]
    assert keep_sidecars([photograph], photograph.with_name("photo.exr"), overwrite=True) == []
    assert photograph.with_name("photo.xmp").read_bytes() == NOTES


def test_merge_keeps_and_tells_that_of_the_middle_exposure(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "room").mkdir()
    for file in write_bracket(tmp_path / "room"):
        file.with_suffix(".xmp").write_bytes(file.name.encode())
    for method, output in (("debevec", "a.exr"), ("mertens", "b.png")):
        assert main(["merge", "room", "-o", output, "--method", method, "--align", "none"]) == 0
        name = output[0] + ".xmp"
        assert f"sidecar a_mid.xmp kept as {name}" in capsys.readouterr().out
        assert (tmp_path / name).read_bytes() == b"a_mid.jpg"


def test_expand_keeps_that_of_the_photograph(tmp_path, monkeypatch, capsys, write_display):
    monkeypatch.chdir(tmp_path)
    write_display(tmp_path / "photo.jpg")
    (tmp_path / "photo.xmp").write_bytes(NOTES)
    assert main(["expand", "photo.jpg", "--no-preview"]) == 0
    assert "sidecar photo.xmp kept as " in capsys.readouterr().out
    assert [path.read_bytes() for path in tmp_path.rglob("*.xmp")] == [NOTES] * 2


DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmlns:darktable="http://darktable.sf.net/" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmp:Rating="4" tiff:Orientation="6" darktable:history_end="2"
   crs:Exposure2012="+1.50">
  <darktable:history><rdf:Seq><rdf:li darktable:operation="exposure"/></rdf:Seq></darktable:history>
  <darktable:colorlabels><rdf:Seq><rdf:li>1</rdf:li></rdf:Seq></darktable:colorlabels>
  <dc:subject><rdf:Seq><rdf:li>Z\u00fcrich &amp; lake</rdf:li></rdf:Seq></dc:subject>
  <crs:ToneCurve><rdf:Seq><rdf:li>0, 0</rdf:li></rdf:Seq></crs:ToneCurve>
 </rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("code", ["utf-8", "utf-16"])
def test_what_would_develop_the_result_is_left_out(photograph, tmp_path, code):
    """A program would apply the history of the camera's file to the linear radiance, and turn it once more."""
    photograph.with_name("photo.ARW.xmp").write_bytes(DARKTABLE.replace("UTF-8", code).encode(code))
    (told,) = keep_sidecars([photograph], tmp_path / "out.dng", overwrite=False)
    assert told == "sidecar photo.ARW.xmp kept as out.dng.xmp, without its settings of developing"
    (description,) = ElementTree.parse(tmp_path / "out.dng.xmp").getroot().iter(f"{RDF}Description")
    assert {name.rpartition("}")[2]: value for name, value in description.items()} == {"about": "", "Rating": "4"}
    children = {child.tag.rpartition("}")[2]: [item.text for item in child.iter(f"{RDF}li")] for child in description}
    assert children == {"colorlabels": ["1"], "subject": ["Z\u00fcrich & lake"]}
    assert keep_sidecars([photograph], tmp_path / "out.dng", overwrite=False) == []


def test_settings_alone_or_damaged_ones_are_not_copied(photograph, tmp_path):
    start, end = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">', "</rdf:RDF>"
    crs = 'xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"'
    doctype = f'<!DOCTYPE a [<!ENTITY b "c">]>{start}<rdf:Description {crs}/>{end}'
    for text, why in (
        (
            f'{start}<rdf:Description rdf:about="" {crs} crs:Exposure2012="+1"/>{end}',
            "it holds settings of developing al",
        ),
        (f'{start}<rdf:Description {crs} crs:Exposure2012="+1">{end}', "expected XML, mismatched tag"),
        (doctype, "expected plain XMP"),
        (f'<?xml version="1.0" encoding="utf-16"?>{doctype}', "expected plain XMP"),
    ):
        photograph.with_name("photo.xmp").write_text(text, encoding="utf-16" if "utf-16" in text else "utf-8")
        (told,) = keep_sidecars([photograph], tmp_path / "out.dng", overwrite=False)
        assert told.startswith(f"sidecar photo.xmp is not copied: {why}")
        assert not list(tmp_path.glob("*.xmp"))


@pytest.fixture
def write_display():
    from hdrgen.io import write_image

    return lambda path: write_image(path, np.full((48, 64, 3), 100, np.uint8))
