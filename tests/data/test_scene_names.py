import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hdrgen.data.scene_names import LONGEST, names_of_files

stems = st.text(st.characters(blacklist_characters="/\0.", blacklist_categories=("Cs",)), min_size=1, max_size=300)


@given(st.lists(stems, max_size=8))
def test_names_differ_and_leave_room_for_suffixes(names):
    made = names_of_files([Path(f"{number}") / f"{name}.jpg" for number, name in enumerate(names)])
    assert len(set(made)) == len(names)
    assert all(len(os.fsencode(name)) <= LONGEST + 4 for name in made)


def test_long_names_of_one_beginning_stay_apart_and_short_ones_are_kept():
    paths = [Path("ä" * 120 + end + ".jpg") for end in ("1", "2")] + [Path("sky.jpg")]
    first, second, kept = names_of_files(paths)
    assert first != second
    assert first[:90] == second[:90] == "ä" * 90
    assert kept == "sky"
    assert names_of_files(paths[1:]) == [second, kept]  # whatever lies beside it
