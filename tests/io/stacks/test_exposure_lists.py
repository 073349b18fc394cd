"""Exposure lists and names of the published layouts."""

import itertools
import json
import math
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hdrgen.errors import InputError, InputWarning
from hdrgen.io import Exposure, read_exposure_list
from hdrgen.io.stacks.exposure_lists import exposure_list_for, names_files
from hdrgen.io.stacks.exposure_names import exposure_from_name


def touch(folder, *names):
    for name in names:
        (folder / name).touch()


def read(path, text):
    path.write_text(text, encoding="utf-8")
    return {
        file.relative_to(path.parent).as_posix(): entry.exposure for file, entry in read_exposure_list(path).items()
    }


def test_csv(tmp_path):
    text = "file,time,exif_time,fnumber,iso,dark_frac\na.jpg,1/250,0.004,2.8,100,0.1\nb.jpg, 2 ,,,,\n"
    assert read(tmp_path / "exposures.csv", text) == {"a.jpg": Exposure(0.004, 2.8, 100), "b.jpg": Exposure(2)}
    entries = read_exposure_list(tmp_path / "exposures.csv")
    assert entries[tmp_path / "a.jpg"].exif_time == 0.004


def test_csv_of_a_spreadsheet(tmp_path):
    assert read(tmp_path / "e.csv", "\ufefffile, ev\r\na.jpg,-2\r\n\r\nb.jpg,+1.5\r\n") == {
        "a.jpg": Exposure(ev=-2),
        "b.jpg": Exposure(ev=1.5),
    }


def test_csv_of_a_spreadsheet_whose_numbers_have_commas(tmp_path):
    assert read(tmp_path / "e.csv", "file;ev;note\na.jpg;-2;1,2\nb.jpg;1.5;\n") == {
        "a.jpg": Exposure(ev=-2),
        "b.jpg": Exposure(ev=1.5),
    }


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize(
    ("name", "text"),
    [("exposures.txt", "-2\n0\n"), ("exposures.txt", "ä.jpg -2\nb.jpg 0"), ("exposures.csv", "file,ev\nä.jpg,-2\n")],
)
def test_a_list_as_windows_saves_it(name, text, encoding, tmp_path):
    touch(tmp_path, "ä.jpg", "b.jpg")
    path = tmp_path / name
    path.write_bytes(("\ufeff" * (encoding == "utf-16-be") + text).encode(encoding))
    assert exposure_list_for(tmp_path) == path
    assert read_exposure_list(path)[tmp_path / ("b.jpg" if text[0] == "-" else "ä.jpg")].exposure.ev in (-2, 0)
    assert names_files(path) == (text[0] != "-")


@pytest.mark.parametrize(("text", "line", "right"), [("0,5\n1\n2", 1, "0.5"), ("-2 0\n+1,33EV", 2, r"\+1.33EV")])
def test_decimal_commas_in_a_text_are_told_with_their_line(text, line, right, tmp_path):
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    with pytest.raises(InputError, match=rf"exposures.txt, line {line}: .* write it with a point: {right}$"):
        read(tmp_path / "exposures.txt", text)


@pytest.mark.parametrize("text", ["-2,0,2", "-2, 0, 2", "-2,\n0,\n2,\n", "a.jpg, -2\nb.jpg,0\nc.jpg: 2,"])
def test_commas_between_the_numbers_of_a_text(text, tmp_path):
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    found = read(tmp_path / "exposures.txt", text)
    assert {name: exposure.ev for name, exposure in found.items()} == {"a.jpg": -2, "b.jpg": 0, "c.jpg": 2}


def test_csv_of_drtmo(tmp_path):
    text = "x,x_exp,y,y_exp\nT/s/e.png,0.00390625,T/s/a.png,0.0009765625\nT/s/e.png,0.00390625,T/s/i.png,0.015625\n"
    found = read(tmp_path / "train.csv", text)
    assert {name: exposure.stops for name, exposure in found.items()} == {
        "T/s/e.png": -8,
        "T/s/a.png": -10,
        "T/s/i.png": -6,
    }


@pytest.mark.parametrize(
    "content",
    [
        {"a.jpg": 0.25, "b.jpg": "1/2"},
        {"a.jpg": {"time": 0.25}, "b.jpg": {"time": "0.5", "note": "x"}},
        [{"file": "a.jpg", "time": 0.25}, {"file": "b.jpg", "time": 0.5}],
    ],
)
def test_json(tmp_path, content):
    assert read(tmp_path / "exposures.json", json.dumps(content)) == {"a.jpg": Exposure(0.25), "b.jpg": Exposure(0.5)}


def test_names_of_one_letter_count_and_hidden_files_do_not(tmp_path):
    for name in ("a.jpg", "b.jpg", ".c.jpg", "d.txt"):
        (tmp_path / name).touch()
    assert read(tmp_path / "exposure.txt", "0 1") == {"a.jpg": Exposure(ev=0), "b.jpg": Exposure(ev=1)}


def test_kalantari(tmp_path):
    for name in ("262A2945.tif", "262A2943.tif", "262A2944.tif", "HDRImg.hdr", "preview.png"):
        (tmp_path / name).touch()
    assert read(tmp_path / "exposure.txt", "-2.00\n0.0\n2\n") == {
        "262A2943.tif": Exposure(ev=-2),
        "262A2944.tif": Exposure(ev=0),
        "262A2945.tif": Exposure(ev=2),
    }


def test_deephdr(tmp_path):
    for name in ("input_1.tif", "input_2.tif", "input_3.tif", "ref_1.tif", "ref_2.tif", "ref_3.tif", "ref_hdr.hdr"):
        (tmp_path / name).touch()
    found = read(tmp_path / "input_exp.txt", "0\n2\n4\n")
    assert {name: exposure.ev for name, exposure in found.items()} == {
        "input_1.tif": 0,
        "input_2.tif": 2,
        "input_3.tif": 4,
    }
    assert set(read(tmp_path / "ref_exp.txt", "0 2 4")) == {"ref_1.tif", "ref_2.tif", "ref_3.tif"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("e.csv", "", "found none"),
        ("e.csv", "name,seconds\na,1\n", "found name,seconds"),
        ("e.csv", "file,time\n", "found none"),
        ("e.csv", "file,time\na.jpg,\n", r"line 2: expected a time \(seconds\) or an ev"),
        ("e.csv", "file,time\na.jpg\n", "line 2: expected a time"),
        ("e.csv", "file,time\na.jpg,fast\n", "expected a number as time, found 'fast'"),
        ("e.csv", "x,x_exp,y\na.jpg,1,b.jpg\n", r"e\.csv, line 2: expected a time \(seconds\) or .*, found neither"),
        ("e.csv", "file,time\na.jpg,1/0\n", "expected a number as time, found '1/0'"),
        ("e.csv", "file,time\na.jpg,0\n", "expected a positive time, found 0"),
        ("e.csv", "file,time\na.jpg,nan\n", "expected a number"),
        ("e.csv", "file,time\na.jpg,1\na.jpg,2\n", "line 3: expected one exposure per file, found 'a.jpg' again"),
        ("e.csv", "file,time\n,2\n", "expected a file name"),
        ("e.json", "{", "not valid JSON"),
        ("e.json", "3", "found int"),
        ("e.json", "[3]", "entry 1: expected"),
        ("e.json", '{"a.jpg": [1]}', "expected a number as time"),
        ("e.json", '{"a.jpg": true}', "expected a number as time"),
        ("e.json", '{"a.jpg": null}', "found neither"),
        ("e.json", "{}", "found none"),
        ("exposure.txt", "1 2 3", r"3 exposures for 0 images \(none\)"),
        ("e.csv", "file,ev\na.jpg,0,5\n", "line 2: expected 2 columns, found a number beyond; write decimal commas as"),
        ("e.csv", "file;ev\na.jpg;0,5\n", r"line 2: expected a number as ev, found '0,5'; write it .* point: 0\.5"),
        ("e.json", '{"a.jpg": "0,5"}', "expected a number as time, found '0,5'; write it with a point: 0.5"),
        ("exposure.txt", "a.jpg -2\nb.jpg -0,5", "line 2: expected a number .*, found '-0,5'; .* a point: -0.5"),
        ("exposure.txt", "a.jpg 0,5 s\nb.jpg 2 s", "line 1: expected a number .*, found '0,5s'; .* a point: 0.5s"),
        ("exposure.txt", "a.jpg -2,x", "found '-2,x'"),
        ("exposure.txt", "a\0.\0j\0p\0g\0", "found zero bytes, as of UTF-16 without its mark; save it as UTF-8"),
        ("exposure.txt", "dark bright", r"expected a number as the stops or seconds of an image .*, found 'dark'"),
        ("exposure.txt", "a.jpg -2\n0", "line 2: expected a file and its exposure as in other lines, found '0'"),
        ("exposure.txt", "a.jpg -2\na.jpg 0", "line 2: expected one exposure per file, found 'a.jpg' again"),
        ("exposure.txt", "a.jpg dark", "found 'dark'"),
        ("exposure.txt", "# nothing", r"0 exposures for 0 images"),
    ],
)
def test_unusable(tmp_path, name, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path / name, text)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unreadable(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        read_exposure_list(tmp_path / "none.csv")
    (tmp_path / "a.csv").write_bytes(b"\xff\x00f")
    with pytest.raises(InputError, match="expected text in UTF-8"):
        read_exposure_list(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="expected text in UTF-16"):
        read_exposure_list(tmp_path / "a.csv")


def test_pipes_and_huge_files_are_neither_waited_for_nor_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "huge.csv").touch()
    os.truncate(tmp_path / "huge.csv", 2**33)
    assert exposure_list_for(tmp_path) is None
    for name in ("pipe.csv", "huge.csv"):
        with pytest.raises(InputError, match=f"{name}: expected a"):
            read_exposure_list(tmp_path / name)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9_-][a-z0-9 _-]{0,11}\.jpg", fullmatch=True), st.floats(1e-6, 1e4), min_size=1
    )
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_csv_and_json_agree(tmp_path, times):
    rows = "".join(f"{name},{time!r}\n" for name, time in times.items())
    as_csv = read(tmp_path / "e.csv", "file,time\n" + rows)
    as_json = read(tmp_path / "e.json", json.dumps(times))
    expected = {name.strip(): time for name, time in times.items()}
    if len(expected) == len(times) and all(name == name.strip() for name in times):
        assert as_csv == as_json == {name: Exposure(time) for name, time in times.items()}


@given(
    st.text(max_size=200),
    st.sampled_from(["e.csv", "e.json", "exposure.txt"]),
    st.sampled_from(["", "file,time\n", "x,x_exp\n"]),
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_list_or_an_error(tmp_path, text, name, head):
    try:
        found = read(tmp_path / name, head + text)
    except InputError:
        return
    assert all(math.isfinite(exposure.stops) for exposure in found.values())


def test_choice_of_the_list(tmp_path):
    assert exposure_list_for(tmp_path) is None
    (tmp_path / "metrics.csv").write_text("epoch,loss\n1,2\n")
    assert exposure_list_for(tmp_path) is None
    (tmp_path / "times.csv").write_text("file,time\na,1\n")
    assert exposure_list_for(tmp_path).name == "times.csv"
    (tmp_path / "more.csv").write_text("file,ev\na,1\n")
    with pytest.raises(InputError, match=r"found more\.csv, times\.csv"):
        exposure_list_for(tmp_path)
    (tmp_path / "exposures.json").write_text('{"a": 1}')
    assert exposure_list_for(tmp_path).name == "exposures.json"


@pytest.mark.parametrize(
    ("name", "ev"),
    [
        ("t12_0EV_true.jpg.png", 0),
        ("t12_-3EV_true.jpg.png", -3),
        ("t12_3EV_true.jpg.png", 3),
        ("room_+1EV.jpg", 1),
        ("room_-0.5ev.tif", -0.5),
        ("room_EV+2.png", 2),
        ("room EV-1.5.png", -1.5),
        ("room_2EVs.png", None),
        ("seven7EV.png", None),
        ("room_1EV_2EV.png", None),
        ("IMG_0042.jpg", None),
        ("LEVEL3.jpg", None),
        ("a.png", None),
    ],
)
def test_names(tmp_path, name, ev):
    assert exposure_from_name(tmp_path / name) == Exposure(ev=ev)


def test_names_of_drtmo(tmp_path):
    folder = tmp_path / "sunny_hall_0_30_-2_gamma+1.4"
    folder.mkdir()
    for letter in "abcdefgh":
        (folder / f"{letter}.png").touch()
    assert exposure_from_name(folder / "e.png") == Exposure()
    (folder / "i.png").touch()
    stops = [exposure_from_name(folder / f"{letter}.png").stops for letter in "abcdefghi"]
    assert stops == [-10, -9.5, -9, -8.5, -8, -7.5, -7, -6.5, -6]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0.25 1 4", [0.25, 1, 4]),
        ("4\n1\n0.25", [4, 1, 0.25]),
        ("0.0667, 0.25, 1", [0.0667, 0.25, 1]),  # 1/15 as cameras round it
        ("0.0025 0.01 0.1", [0.0025, 0.01, 0.1]),  # too close together to be stops
        ("1 8 60", [1, 8, 60]),  # too far apart
    ],
)
def test_seconds_in_a_text_are_recognised_and_told(tmp_path, text, seconds):
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    with pytest.warns(InputWarning, match="are taken for seconds"):
        found = read(tmp_path / "exposures.txt", text)
    assert [exposure.time for exposure in found.values()] == seconds


@pytest.mark.parametrize(
    "text", ["1/60 1/15 1/4", "0.5s 2s 8s", "1/4 1 4", "0.5 sec\n2 Sec\n8 S", "500ms 2000 ms 8s", '1" 4" 16"']
)
def test_what_is_written_as_seconds_is_seconds(tmp_path, text):
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    found = read(tmp_path / "exposures.txt", text)
    steps = [math.log2(b.time / a.time) for a, b in itertools.pairwise(found.values())]
    assert steps == pytest.approx([2, 2], abs=0.1)


@pytest.mark.parametrize("text", ["0 2 4", "1 3 5", "-2 0 2", "+1 +2 +4", "1 2 3", "1.33 1.67 2", "-1.3 0 1.3"])
def test_stops_stay_stops(tmp_path, text):
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    assert [one.ev for one in read(tmp_path / "exposures.txt", text).values()] == [float(word) for word in text.split()]


@pytest.mark.parametrize(
    "text", ["-2EV 0EV +2EV", "0.25 EV\n1 EV\n4 EV", "\u22122\n0\n2", "# dark first\n-2 # f/8\n0\n2"]
)
def test_stops_as_people_write_them(tmp_path, text, recwarn):
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    stops = [one.ev for one in read(tmp_path / "exposures.txt", text).values()]
    assert stops == ([0.25, 1, 4] if "4 EV" in text else [-2, 0, 2])
    assert not recwarn.list


def test_seconds_beside_numbers_that_are_none_are_refused(tmp_path):
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    with pytest.raises(InputError, match="expected seconds above 0, as some are written, found -2"):
        read(tmp_path / "exposures.txt", "-2 1/60 1/4")


@pytest.mark.parametrize(
    "text",
    [
        "a.jpg -2\n\nb c.CR3 0 # metered\nd.3fr +2",
        "\"a.jpg\" -2\n'b c.CR3' 0\nd.3fr +2",
        "a.jpg: -2 EV\nb c.CR3: 0 EV\nd.3fr: 2 EV",
        "a.jpg,-2\nb c.CR3,0\nd.3fr,2",
    ],
)
def test_a_file_and_its_exposure_in_each_line(tmp_path, text):
    stops = {name: exposure.ev for name, exposure in read(tmp_path / "exposures.txt", text).items()}
    assert stops == {"a.jpg": -2, "b c.CR3": 0, "d.3fr": 2}


def test_a_file_and_its_seconds_in_each_line(tmp_path):
    found = read(tmp_path / "exposures.txt", "c.png 4s\na.png 1/4\nb.png 1")
    assert {name: exposure.time for name, exposure in found.items()} == {"a.png": 0.25, "b.png": 1, "c.png": 4}
