"""Lines for the user, which a progress bar may not swallow."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer


def say(trainer: Trainer, text: str) -> None:
    """Print above the progress bar where there is one, else plainly."""
    bar: Any = trainer.progress_bar_callback  # both kinds of Lightning have is_enabled, their base class has not
    if bar is not None and bar.is_enabled:
        bar.print(text)
    else:
        print(f"{text}\n", end="", flush=True)  # one write, so that the lines of two processes do not mix


class EndLine(Callback):
    """Ends the line of an unfinished progress bar, so that an error begins on its own."""

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Print the end of the line."""
        bar: Any = trainer.progress_bar_callback
        if bar is not None and bar.is_enabled:
            print(flush=True)
