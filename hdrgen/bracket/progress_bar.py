"""A bar on the terminal while something takes long."""

import contextlib
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[float], None]]:
    """Show a bar, and yield the function that moves it to a share from 0 to 1.

    Nothing is shown where stderr is no terminal, nor for work that is done within half a second.
    """
    from tqdm import tqdm  # takes a moment to import, which help texts need not wait for

    layout = "{desc}: {percentage:3.0f}% |{bar}| {elapsed}"
    with tqdm(total=1.0, desc=what, disable=None, leave=False, bar_format=layout, delay=0.5) as bar:

        def done(share: float) -> None:
            bar.update(share - bar.n)

        yield done
