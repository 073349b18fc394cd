"""Several brackets among photographs that lie together."""

from pathlib import Path

import pytest

from hdrgen.io.stacks.splitting import Shot, split


def shots(*stops, pauses=None, bracketed=None, kinds=None):
    """Photographs of these exposures; with `pauses`, seconds between them."""
    clock, result = 0.0, []
    for index, value in enumerate(stops):
        clock += pauses[index - 1] if pauses and index else 0
        result.append(
            Shot(
                Path(f"IMG_{index}"),
                value,
                taken=clock if pauses else None,
                bracketed=None if bracketed is None else bracketed[index],
                kind=((1, 1), None, False) if kinds is None else ((kinds[index],), None, False),
            )
        )
    return result


def sizes(found):
    """How many photographs each bracket has."""
    return [len(bracket) for bracket in found.brackets]


@pytest.mark.parametrize(
    "stops",
    [
        (-2, 0, 2),
        (0, -2, 2),
        (0, -4, -3, -2, -1, 1, 2, 3, 4),  # Nikon's order of nine
        (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5),
        (-2, 0, 2, 2),  # the camera was at its longest time
        (-2, -2, 0, 0, 2, 2),
        (0, 0),
        (1, 0.9),
    ],
)
def test_one_bracket_stays_one(stops):
    found = split(shots(*stops))
    assert sizes(found) == [len(stops)]
    assert not found.single


@pytest.mark.parametrize("unit", [1, 60])
def test_slowly_taken_by_hand_it_is_one_all_the_same(unit):
    assert sizes(split(shots(-4, -2, 0, 2, 4, pauses=[unit * pause for pause in (20, 45, 15, 30)]))) == [5]


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ((-2, 0, 2) * 3, [3, 3, 3]),
        ((0, -1, 1, -2, 2) * 2, [5, 5]),
        ((-2, 0, 2, -2, 0, -2, 0, 2), [3, 2, 3]),  # one was deleted
        ((-2, 0, 2, -1, 1, 3), [3, 3]),  # another light, the same pattern
    ],
)
def test_patterns_that_begin_anew_are_brackets_of_their_own(stops, expected):
    assert sizes(split(shots(*stops))) == expected


def test_a_pause_ends_a_bracket_and_single_photographs_belong_to_none():
    stops = (-2, 0, 2, 0.3, -2, 0, 2, 0.1, 0.2)
    found = split(shots(*stops, pauses=[1, 1, 60, 40, 1, 1, 60, 30]))
    assert sizes(found) == [3, 3]
    assert [path.name for path in found.single] == ["IMG_3", "IMG_7", "IMG_8"]


def test_what_the_camera_did_not_bracket_is_no_part_of_a_bracket():
    bracketed = [True, True, True, False, True, True, True]
    found = split(shots(-2, 0, 2, 1, -2, 0, 2, pauses=[1, 1, 2, 2, 1, 1], bracketed=bracketed))
    assert sizes(found) == [3, 3]
    assert [path.name for path in found.single] == ["IMG_3"]


def test_two_cameras_do_not_share_a_bracket():
    assert sizes(split(shots(-2, -2, 0, 0, 2, 2, kinds=[1, 2] * 3))) == [3, 3]


def test_a_file_of_another_size_in_a_bracket_is_not_left_out_unsaid():
    assert sizes(split(shots(-2, 0, 2, kinds=[1, 1, 2]))) == [3]


def test_a_file_that_cannot_be_read_goes_with_those_before_it():
    found = split(shots(-2, 0, 2, -2, None, 0, 2, -2, 0, 2, pauses=[1, 1, 90, 1, 1, 1, 90, 1, 1]))
    assert sizes(found) == [3, 4, 3]
