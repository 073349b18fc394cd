"""Hooks that a method shares with the base: a method adds to them, and replaces none by accident."""

import inspect

from hdrgen.errors import InputError

OWN = "hdrgen.methods."
"""Where the hooks are from that do something for every method."""


def check_hooks(cls: type) -> None:
    """Refuse a method one of whose hooks leaves out what the base does there: scores, schedules, first weights.

    Lightning calls the one hook that it finds: a method's own `on_validation_epoch_end` that does not call the base's
    logs no score, and nothing would choose a checkpoint.

    Args:
        cls: A subclass of `HDRModule` that is being defined.

    Raises:
        InputError: With the call that is missing.
    """
    for name, own in vars(cls).items():
        if not (name.startswith("on_") or name == "setup") or not inspect.isfunction(own):
            continue
        base = getattr(super(cls, cls), name, None)
        if str(getattr(base, "__module__", "")).startswith(OWN) and name not in inspect.unwrap(own).__code__.co_names:
            raise InputError(
                f"{cls.__name__}.{name} replaces what every method needs there; call super().{name}(...) in it"
            )
