"""How far long work is, told to nobody: in a file of its own, since it needs no torch."""


def no_progress(share: float) -> None:
    """Report progress to nobody."""
