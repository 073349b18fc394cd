"""A method as a program of its own: one photograph of any size in, its exposures out."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule
from hdrgen.methods.offers import refuse_unoffered

TRACED = (3, 5)
"""Height and width of the example that a program is traced with, in multiples of the method's, and some pixels."""
MOST_EXPOSURES = 64
IMAGE, FURTHER, EXPOSURES, HDR = "image", "further", "exposures", "hdr"


class ExposureProgram(nn.Module):
    """What a method's `generate` does, without tiles, for fixed exposures and any size.

    The image is padded by reflection to the method's multiple and the result is cut, as `HDRModule.generate` does it;
    all by looking up rows and columns, which the exporters can follow for every size.

    Args:
        method: It is copied, in evaluation mode.
        ev: The exposures it makes, in stops.
    """

    def __init__(self, method: HDRModule, ev: Sequence[float]) -> None:
        super().__init__()
        self.method = _settled(method)
        self.ev = tuple(ev)
        self.multiple = method.multiple
        self.further = further_channels(method)
        self.outputs = output_names(method, ev)

    def forward(self, image: Tensor, further: Tensor | None = None) -> tuple[Tensor, ...]:
        """Run the program.

        Args:
            image: `(1, 3, H, W)`, display values in [0, 1]; both sides at least `multiple`.
            further: `(1, C, H, W)`, what the method's `prepared` adds to an image, for methods where it adds something.

        Returns:
            The exposures `(1, K, 3, H, W)`, display values in [0, 1]; of a method with a learned merge, also radiance
            `(1, 3, H, W)`.
        """
        given = image if further is None else torch.cat([image, further], dim=1)
        height, width = image.shape[-2:]
        rows, columns = (reflected(side, self.multiple) for side in (height, width))
        padded = given.index_select(-2, rows).index_select(-1, columns)
        made = [self.method.expose(padded, torch.tensor(self.ev)).float().clamp(0, 1)]
        if HDR in self.outputs:
            made.append(self._merged(padded[:, :3], made[0]))
        return tuple(x.index_select(-2, torch.arange(height)).index_select(-1, torch.arange(width)) for x in made)

    def _merged(self, image: Tensor, made: Tensor) -> Tensor:
        ev = self.method.stack_ev
        stack = torch.stack([image if stop == 0 else made[:, self.ev.index(stop)] for stop in ev], dim=1)
        return self.method.merge(stack, torch.tensor(ev))

    def expected(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        """What the method itself makes of the inputs."""
        image = inputs[IMAGE]
        with torch.no_grad():
            made = [self.method.generate(image, torch.tensor(self.ev))]
            if HDR in self.outputs:
                zero = torch.zeros(1, 1)
                made.append(self.method.reconstruct({"ldr": image[:, None], "ev": zero, "ref": zero[0].long()}))
        return made

    def example(self) -> dict[str, Tensor]:
        """Inputs to trace and to check it with."""
        height, width = (times * self.multiple for times in TRACED)
        return self.inputs(height + self.multiple // 2, width + self.multiple // 2)

    def inputs(self, height: int, width: int) -> dict[str, Tensor]:
        """Inputs of some size, the same each time."""
        ramp = torch.linspace(0, 1, height)[:, None] * torch.linspace(0.2, 1, width)
        image = torch.stack([ramp, ramp.flip(0), ramp.flip(1)])[None]
        image = (image + 0.2 * torch.sin(7 * image.cumsum(-1))).clamp(0, 1)
        return {IMAGE: image} | ({FURTHER: self.method.prepared(image)[:, 3:]} if self.further else {})


def reflected(side: int, multiple: int) -> Tensor:
    """Which row stands where, once `side` rows are extended to a multiple by reflection, `side >= multiple`.

    >>> reflected(5, 4).tolist()
    [0, 1, 2, 3, 4, 3, 2, 1]
    """
    place = torch.arange((side + multiple - 1) // multiple * multiple)
    return (side - 1) - ((side - 1) - place).abs()


def further_channels(method: HDRModule) -> int:
    """How many channels the method's `prepared` adds to an image."""
    with torch.no_grad():
        return method.prepared(torch.zeros(1, 3, 32, 32, device=method.device)).shape[1] - 3


def output_names(method: HDRModule, ev: Sequence[float]) -> list[str]:
    """What a program makes: exposures, and radiance where a network merges just these."""
    return [EXPOSURES, HDR] if method.learned_merge and {*ev, 0.0} == {*method.stack_ev} else [EXPOSURES]


def exported_exposures(method: HDRModule, ev: Sequence[float] | None = None) -> list[float]:
    """The exposures that a program makes: those given, or those of the method's stack but the photograph itself.

    Raises:
        InputError: a method that generates none, or not these.
    """
    if not method.generates:
        raise InputError(
            f"{type(method).__name__} merges exposures and does not generate any: only its weights can be exported;"
            " pass --formats safetensors"
        )
    wanted = sorted(set(method.stack_ev if ev is None else ev) - {0.0})
    if not 0 < len(wanted) <= MOST_EXPOSURES:
        raise InputError(f"expected 1 to {MOST_EXPOSURES} exposures other than EV 0, found {len(wanted)}")
    if ev is not None:
        refuse_unoffered(method, torch.tensor(wanted))
    return wanted


def to_torch(program: ExposureProgram) -> torch.export.ExportedProgram:
    """The program by `torch.export`, for any height and width."""
    inputs = program.example()
    sides = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    with torch.no_grad(), _known_exposures(), _without_noise():
        return torch.export.export(
            program,
            (),
            inputs,
            dynamic_shapes=dict.fromkeys(inputs, sides),
            strict=False,
            prefer_deferred_runtime_asserts_over_guards=True,
        )


def to_onnx(
    program: torch.export.ExportedProgram, inputs: Sequence[str], outputs: Sequence[str], about: dict[str, str]
) -> torch.onnx.ONNXProgram:
    """The program as ONNX.

    Args:
        program: Of `to_torch`.
        inputs: Their names.
        outputs: Their names.
        about: What is noted in the file, by name.

    Raises:
        InputError: a package is missing.
    """
    try:
        with _without_noise(), contextlib.redirect_stdout(io.StringIO()):
            made = torch.onnx.export(
                program, input_names=list(inputs), output_names=list(outputs), dynamo=True, verbose=False
            )
    except ImportError as error:
        raise InputError(
            f"ONNX needs the packages onnx and onnxscript ({error}); pip install 'hdrgen[export]'"
        ) from error
    assert made is not None
    made.model.metadata_props.update(about)
    return made


def _settled(method: HDRModule) -> HDRModule:
    """A copy on the CPU whose switches, tensors in a checkpoint, are plain values that decide before a program runs."""
    settled = copy.deepcopy(method).cpu().eval()
    for module in settled.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if buffer.dtype == torch.bool and buffer.ndim == 0:
                delattr(module, name)
                setattr(module, name, bool(buffer))
    return settled


@contextlib.contextmanager
def _known_exposures() -> Iterator[None]:
    """Let torch.export know the values of small constants: methods choose their networks by the sign of an EV.

    torch follows the values of single numbers only, for the sake of speed.
    """
    limit = "CONSTANT_NUMEL_LIMIT"
    modules = ("torch._subclasses.fake_tensor", "torch.fx.experimental.proxy_tensor")
    with contextlib.ExitStack() as stack:
        for module in modules:
            stack.enter_context(mock.patch(f"{module}.{limit}", MOST_EXPOSURES))
        yield


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Without the exporters' remarks on packages that are not needed, and on their own insides."""
    loggers: list[Any] = [logging.getLogger(name) for name in ("torch.onnx", "torch.fx", "torch.export", "onnxscript")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
