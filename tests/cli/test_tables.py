"""What listings have in common."""

import pytest

from hdrgen.cli import cited, print_listing
from hdrgen.text_table import text_table


@pytest.mark.parametrize(
    ("paper", "short"),
    [
        ('Niu, Wu: "HDR-GAN: HDR, from Images", IEEE TIP 2021.', "Niu, IEEE TIP 2021"),
        ('Knuth: "On "quoted" things", Journal 1970.', "Knuth, Journal 1970"),
        ("somewhere on the web", "somewhere on the web"),
        ("", ""),
    ],
)
def test_citations(paper, short):
    assert cited(paper) == short


def test_numbers_are_flush_right_and_no_line_ends_in_blanks(capsys):
    rows = [("name", "size", "note"), ("a", "7,000", ""), ("long name", "1", "yes")]
    print_listing([], rows, as_json=False, right=[1])
    assert capsys.readouterr().out.splitlines() == [
        "name        size  note",
        "a          7,000",
        "long name      1  yes",
    ]


def test_columns_may_have_a_least_width():
    assert text_table([("a", "b"), ("c", "12")], right=[1], narrowest=4) == ["a        b", "c       12"]
