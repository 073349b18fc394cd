"""Time and memory that each piece of crafted weights takes: `python -m tests.weights.measure_crafted`.

Each is written, then loaded as `hdrgen.load` does and as `hdrgen fit` and `predict` do before they build anything.
"""

import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from hdrgen.cli.completion import complete
from hdrgen.errors import InputError
from hdrgen.methods import HDRGAN, load_method
from tests.weights import crafted


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every form in turn, as a file."""
    state = {name: value.clone() for name, value in HDRGAN(channels=[6, 8], adversarial_weight=0).state_dict().items()}
    for name, changed in [*crafted.arguments(folder), *crafted.sizes(), *crafted.counts()]:
        yield name, crafted.write(folder / "evil.ckpt", state, changed)
    for name, changed in [*crafted.entries(), *crafted.callbacks(folder)]:
        yield name, crafted.write(folder / "evil.ckpt", state, changed, entry=True)
    for name, changed in crafted.arguments(folder):
        if "object 17" not in name:  # JSON has no names but texts
            yield name, crafted.write_exported(folder / "evil.safetensors", state, crafted.exported(changed))
    for name, note in crafted.notes():
        yield name, crafted.write_exported(folder / "evil.safetensors", state, note)


def main() -> None:
    """Print the slowest and the memory of all."""
    warnings.simplefilter("ignore")
    times, refused = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        crafted.plant(folder)
        sys.path.insert(0, name)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for form, path in files(folder):
            began = time.perf_counter()
            for use in (load_method, lambda path: complete(["predict", f"--ckpt_path={path}"])):
                try:
                    use(path)
                except InputError:  # anything else ends this program
                    refused += 1
            times.append((time.perf_counter() - began, form))
            assert "outsider" not in sys.modules, form
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{len(times)} forms, {refused} of {2 * len(times)} uses refused; {grown / 1e3:.0f} MB more than before")
    for seconds, form in sorted(times)[-5:]:
        print(f"{seconds:6.2f} s  {form}")


if __name__ == "__main__":
    main()
