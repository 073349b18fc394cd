"""Which plain data stand for the arguments of a signature."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from jsonargparse.typing import PositiveInt
from torch import nn

from hdrgen.camera import CameraResponse, Gamma, Sigmoid
from hdrgen.errors import InputError
from hdrgen.weights import as_data, as_objects, checked_arguments


class Base:
    def __init__(self, depth: PositiveInt = 1, path: str | Path | None = None) -> None: ...


class Method(Base):
    def __init__(
        self,
        response: CameraResponse | None = None,
        make: Callable[[float], CameraResponse] | None = None,
        curves: Sequence[CameraResponse] = (),
        pair: tuple[float, int] = (1.0, 2),
        weights: dict[str, float] | None = None,
        mode: Literal["min", "max"] = "min",
        call: Callable | None = None,
        net: nn.Module | None = None,
        unsaid=None,
        **rest: Any,
    ) -> None:
        super().__init__(**rest)


GAMMA = {"class_path": "hdrgen.camera.Gamma", "init_args": {"gamma": 2.0}}


def checked(**values) -> dict[str, Any]:
    return checked_arguments(Method, values, lambda base: [Gamma, Sigmoid] if base is CameraResponse else [])


@pytest.mark.parametrize(
    "values",
    [
        {"depth": 3, "path": "http://x/y", "mode": "max"},
        {"pair": [1, 2], "weights": {"a": 1, "b": 0.5}, "unsaid": ["val/l1", 3, None, True]},
        {"response": None, "make": None, "call": None, "curves": []},
    ],
)
def test_plain_values_stay(values):
    assert as_data(checked(**values)) == values
    assert as_objects(checked(**values)) == values


def test_objects_in_every_place():
    made = as_objects(checked(response=GAMMA, make={"class_path": "Gamma"}, curves=[GAMMA, {"class_path": "Sigmoid"}]))
    assert isinstance(made["response"], Gamma)
    assert made["make"](1.5).gamma == 1.5
    assert [type(curve) for curve in made["curves"]] == [Gamma, Sigmoid]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"depth": True}, "depth: expected jsonargparse.PositiveInt, found True"),
        ({"depth": 2**40}, "depth: expected"),
        ({"depth": "3"}, "found '3'"),
        ({"path": 3}, "path: expected str"),
        ({"path": "a\nb"}, "path: expected"),
        ({"path": "x" * 5000}, "at most 4096 characters"),
        ({"pair": [1, 2, 3]}, "pair: expected"),
        ({"weights": GAMMA}, "weights: expected .*found 'hdrgen.camera.Gamma'"),
        ({"mode": "other"}, "mode: expected"),
        ({"call": GAMMA}, "call: expected"),
        ({"net": GAMMA}, "net: expected"),
        ({"make": {"class_path": "Gamma", "init_args": {"gamma": 2.0}}}, "make: no argument 'gamma'"),
        ({"response": {"class_path": "Gamma", "init_args": {"gamma": "x"}}}, "response: gamma: expected float"),
        ({"response": "hdrgen.camera.Gamma"}, "response: expected"),
        ({"unsaid": "os.system"}, "unsaid: expected"),
        ({"unsaid": GAMMA}, "unsaid: expected"),
        ({"rest": {}}, "no argument 'rest'"),
        ({"dept": 3}, "did you mean depth"),
    ],
)
def test_others_are_refused(values, told):
    with pytest.raises(InputError, match=told):
        checked(**values)
