"""Small files of settings and records: what they may hold, and what is refused before it takes memory."""

import os
import resource

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hdrgen.errors import InputError
from hdrgen.plain_files import DEEPEST, read_json, read_text, yaml_in

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text("abc:- #'", max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_what_yaml_writes_is_read_again(value):
    shared = [value, value, {"again": value}]
    assert yaml_in(yaml.safe_dump(shared), "a.yaml") == shared


@pytest.mark.parametrize("levels", [1, DEEPEST, DEEPEST + 1])
def test_depth_is_bounded(levels, tmp_path):
    text = "[" * levels + "]" * levels
    (tmp_path / "a.json").write_text(text)
    for read in (lambda: yaml_in(text, "a.yaml"), lambda: read_json(tmp_path / "a.json")):
        if levels <= DEEPEST:
            assert str(read()) == text
        else:
            with pytest.raises(InputError, match=f"at most {DEEPEST} levels deep"):
                read()


def test_an_alias_counts_as_often_as_it_is_used():
    aliases = f"a: &a {'x' * 1000}\nb: [{', '.join(['*a'] * 3000)}]"
    assert len(yaml_in(aliases, "mine.yaml", most=2**24)["b"]) == 3000
    with pytest.raises(InputError, match="expected values of at most 2 MB, found more, aliases written"):
        yaml_in(aliases, "theirs.yaml")


@pytest.mark.parametrize("text", ["a: *b", "a: !!bool maybe", "a: !!int x", "a: 2001-99-99", "? [a]\n: b", "\x00"])
def test_values_that_yaml_refuses_are_one_kind_of_error(text):
    with pytest.raises(InputError, match="expected YAML"):
        yaml_in(text, "a.yaml")


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", tmp_path, tmp_path / "none"):
        with pytest.raises(
            InputError, match=f"{path}: (expected a file, found a device or pipe|cannot be read|no such file)"
        ):
            read_text(path)
    (tmp_path / "holes").touch()
    os.truncate(tmp_path / "holes", 2**36)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="holes: expected at most 1 MB, found more"):
        read_text(tmp_path / "holes")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("kind", ["int", "float"])
def test_numbers_to_the_base_of_sixty_are_as_short_as_others(kind):
    """PyYAML multiplies powers of 60, and takes spaces between the digits."""
    assert yaml_in(f"!!{kind} '1: 30'", "a.yaml") == 90
    with pytest.raises(InputError, match="numbers of at most 100 digits"):
        yaml_in(f"!!{kind} '{': '.join(['1'] * 20_000)}'", "a.yaml")


def test_what_is_wrong_in_a_yaml_file_is_said_in_one_line():
    """PyYAML's own words have several."""
    with pytest.raises(InputError, match=r"^a\.yaml: expected YAML, .*, line 2, column .*$") as caught:
        yaml_in("a: [1, 2\nb: 3", "a.yaml")
    assert len(str(caught.value).splitlines()) == 1
