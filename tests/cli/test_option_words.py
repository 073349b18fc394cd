"""What the library says of its arguments, on the command line."""

import importlib
import warnings

import numpy as np
import pytest

import hdrgen
from hdrgen.cli.main import VERBS, main
from hdrgen.cli.option_words import SYNONYMS, in_options
from hdrgen.errors import InputError, InputWarning
from tests.cli.test_main import fail_with, verb_that


def spelled(verb: str, message: str, argument: str | None) -> str:
    importlib.import_module(VERBS[verb].module)
    return in_options(message, argument, verb, VERBS[verb].module)


@pytest.mark.parametrize(
    ("verb", "message", "argument", "expected"),
    [
        ("merge", "pass response='srgb', for example", "response", "pass --response srgb, for example"),
        ("merge", "pass ev=[-2, 0, 2], for example", "ev", "pass --ev -2,0,2, for example"),
        ("merge", "correct the exposures", "ev", "correct the exposures (--ev)"),
        ("merge", "pass --ev 1", "ev", "pass --ev 1"),
        ("merge", "expected a cat", None, "expected a cat"),
        ("compare", "pass weights=FILE", "weights", "pass --lpips-weights FILE"),
        ("compare", "clean=True replaces them", "clean", "--clean replaces them"),
        ("compare", "clean=True replaces them (hdrgen.read(clean=True))", "clean", "--clean replaces them"),
        (
            "expose",
            "expected a response (srgb), found 'x'",
            "response",
            "expected a response (srgb), found 'x' (--crf)",
        ),
        ("expand", "pass stack_ev=(-1.0, 1.0)", "stack_ev", "pass --ev -1.0,1.0"),
        ("test", "pass a larger tile", "tile", "pass a larger tile (--tile)"),
        ("predict", "clean=True replaces them", "clean", "--data.clean true replaces them"),
        ("fit", "pass eval_batch_size=1", "eval_batch_size", "pass --data.eval_batch_size 1"),
        ("fit", "pass crop=256, or smaller", "augmentation.crop", "pass --data.augmentation.crop 256, or smaller"),
        ("fit", "pass devices=2", "devices", "pass --trainer.devices 2"),
        ("fit", "pass response=None", "response", "pass --model.response null"),
        ("fit", "cycle_weight=0 is one way", "cycle_weight", "--model.cycle_weight 0 is one way"),
        ("test", "no scene called a was scored", "extremes.scenes", "no scene called a was scored (--extremes.scenes)"),
        ("fit", "no such thing", "nonsense", "no such thing"),
        ("test", "pass overwrite=True, or another folder", "overwrite", "pass --overwrite, or another folder"),
        ("expand", "pass overwrite=True, or another folder", "overwrite", "pass --overwrite, or another folder"),
        (
            "fit",
            "pass perceptual_weights=FILE, or set perceptual_weight=0; see load(x=True)",
            "perceptual_weights",
            "pass --model.perceptual_weights FILE, or set --model.perceptual_weight 0; see load(x=True)",
        ),
        ("tonemap", "colour_space=BT2020 for example", "colour_space", "--colour-space bt2020 for example"),
        ("predict", "colour_space=BT2020 for example", "colour_space", "--writer.colour_space bt2020 for example"),
        ("merge", "pass response='Room/a.json'", "response", "pass --response Room/a.json"),
        ("expand", "pass accelerator='auto'", "accelerator", "pass --device auto"),
        ("predict", "pass tile=512 or more, or tile='none'", "tile", "pass --tile 512 or more, or --tile none"),
        ("fit", "found none; pass train=SCENES", "data.train", "found none; pass --data.train SCENES"),
        ("fit", "pass devices=2", "trainer.devices", "pass --trainer.devices 2"),
        ("predict", "pass method=my.module.Class", "method", "pass --model my.module.Class"),
        ("report", "no scene; pass scenes=NAME", "scenes", "no scene; pass --scene NAME"),
        (
            "merge",
            "a.json holds 3 curves; pass response='my camera.json:Kodak'",
            "response",
            "a.json holds 3 curves; pass --response my camera.json:Kodak",
        ),
    ],
)
def test_options_take_the_place_of_arguments(verb, message, argument, expected):
    assert spelled(verb, message, argument).startswith(expected)


def test_what_a_verb_cannot_be_passed_is_not_advised():
    assert (
        spelled("merge", "a.jpg: without its gain map; pass gain_map=True", "gain_map") == "a.jpg: without its gain map"
    )
    assert spelled("crf", "found NaN; pass clean=True, for one; see x", "io.clean") == "found NaN; see x"


def test_synonyms_are_options():
    for (verb, argument), option in SYNONYMS.items():
        parser = importlib.import_module(VERBS[verb].module).parser(verb)
        assert parser.option_of(option), (verb, option)
        assert not parser.option_of(argument), (verb, argument)


def test_errors_and_warnings_pass_through_it(monkeypatch, capsys):
    verb_that(monkeypatch, fail_with(InputError("pass response='srgb'", "response")))
    assert main(["act"]) == 2
    assert capsys.readouterr().err == "hdrgen: error: pass response='srgb'\n"
    merge = importlib.import_module("hdrgen.commands.merge")

    def warn_and_fail(verb, arguments):
        warnings.warn(InputWarning("relative; pass ev=[0, 1]", "ev"), stacklevel=1)
        raise InputError("pass response='srgb'", "response")

    monkeypatch.setattr(merge, "run", warn_and_fail)
    assert main(["merge"]) == 2
    told = capsys.readouterr().err
    assert told == "hdrgen: warning: relative; pass --ev 0,1\nhdrgen: error: pass --response srgb\n"


def test_python_and_the_command_line_each_get_their_words(tmp_path, capsys):
    frames = [np.full((32, 32, 3), code, np.uint8) for code in (0, 255)]
    with pytest.raises(InputError, match=r"pass response='srgb', for example") as caught:
        hdrgen.merge(frames, ev=[0, 2], response="estimate", align="none")
    assert caught.value.argument == "response"
    for name, frame in zip("ab", frames, strict=True):
        hdrgen.write(tmp_path / f"{name}.png", frame)
    assert main(["merge", str(tmp_path), "--ev", "0,2", "-o", str(tmp_path / "x.exr"), "--align", "none"]) == 2
    told = capsys.readouterr().err
    assert "pass --response srgb, for example" in told
    assert "response=" not in told
