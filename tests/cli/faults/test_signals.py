"""SIGTERM and Ctrl-C end every verb at once: a status that is no success, one line, nothing half-written."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest
import torch

from hdrgen import signals
from hdrgen.cli import main as cli
from hdrgen.cli.main import main
from hdrgen.io import complete_or_nothing, write_image
from tests.toys import ToyMethod, ToyScenes

FIT = ["fit", "--model=ToyMethod", "--data.train=ToyScenes", "--trainer.accelerator=cpu"]
QUIET = ["--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false", "-o", "runs"]
TRAIN = [*FIT, *QUIET, "--data.batch_size=1", "--trainer.max_epochs=3"]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder of its own, and the handlers as they were: Lightning ignores Ctrl-C once it has seen one."""
    monkeypatch.chdir(tmp_path)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in a shell's background
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def at_call(monkeypatch, owner: type, name: str, count: int, number: signal.Signals = signal.SIGTERM) -> None:
    """Send the signal in the middle of the call of a method that is the `count`-th from now."""
    original, calls = getattr(owner, name), iter(range(1, 10_000))

    def signalled(self, *arguments, **options):
        if next(calls) == count:
            send(number)
        return original(self, *arguments, **options)

    monkeypatch.setattr(owner, name, signalled)


def last_checkpoint() -> Path:
    return max(Path("runs").rglob("last.ckpt"), key=lambda path: path.stat().st_mtime)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> torch.Tensor:
    folder = tmp_path_factory.mktemp("whole")
    assert main([*TRAIN, "-o", str(folder)]) == 0
    (last,) = folder.rglob("last.ckpt")
    return torch.load(last, weights_only=True)["state_dict"]["weight"]


@pytest.mark.parametrize(("number", "status", "word"), [(15, 143, "terminated"), (2, 130, "interrupted")])
def test_a_training_that_is_ended_goes_on_to_the_same_weights(number, status, word, uninterrupted, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        at_call(patch, ToyMethod, "training_step", 6, number)  # four steps are an epoch
        assert main(TRAIN) == status
    kept = last_checkpoint()
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith(f"hdrgen: {word}")]
    assert told == [f"hdrgen: {word}; go on with --ckpt_path {kept}, which holds the last whole epoch"]
    assert torch.load(kept, weights_only=True)["epoch"] == 0
    assert main([*TRAIN, "--ckpt_path=last"]) == 0
    assert torch.equal(torch.load(last_checkpoint(), weights_only=True)["state_dict"]["weight"], uninterrupted)


def test_a_training_that_is_ended_in_its_first_epoch_says_so(monkeypatch, capsys):
    at_call(monkeypatch, ToyMethod, "training_step", 2)
    assert main(TRAIN) == 143
    assert "hdrgen: terminated; no epoch was finished: start again" in capsys.readouterr().err
    assert not list(Path("runs").rglob("*.ckpt"))


def test_a_checkpoint_that_is_being_written_is_finished(monkeypatch):
    save = torch.save
    monkeypatch.setattr(torch, "save", lambda *a: (send(signal.SIGTERM), save(*a)))
    assert main(TRAIN) == 143
    assert [path.name for path in Path("runs").rglob("checkpoints/*")] == ["last.ckpt"]


@pytest.mark.parametrize("verb", ["test", "validate"])
def test_numbers_that_are_not_complete_are_not_written(verb, monkeypatch, capsys):
    data = f"--data.{'val' if verb == 'validate' else 'test'}=ToyScenes"
    at_call(monkeypatch, ToyMethod, "reconstruct", 2)
    assert main([verb, "--model=ToyMethod", data, "--trainer.accelerator=cpu", *QUIET]) == 143
    assert "hdrgen: terminated\n" in capsys.readouterr().err
    assert not list(Path("runs").rglob("metrics.*"))


def test_predict_keeps_whole_photographs_only(monkeypatch, capsys):
    for name in "abc":
        write_image(Path(f"photos/{name}.png"), torch.rand(8, 8, 3).numpy())
    made = "hdrgen.callbacks.writer"
    written = iter(range(1, 100))

    def ended_at_the_eighth(*arguments, **options):
        if next(written) == 8:  # a photograph is six files
            send(signal.SIGTERM)
        return write_image(*arguments, **options)

    monkeypatch.setattr(f"{made}.write_image", ended_at_the_eighth)
    monkeypatch.setattr(f"{made}.WRITERS", 1)
    quiet = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
    assert main(["predict", "--model=ToyMethod", "--data.predict=photos", *quiet, "-o", "made"]) == 143
    assert "hdrgen: terminated\n" in capsys.readouterr().err
    assert [path.name for path in Path("made").iterdir()] == ["a"]
    assert len(list(Path("made/a").iterdir())) == 6


def test_any_verb_ends_in_the_middle_of_a_file_and_leaves_none(monkeypatch, capsys):
    def write(verb, arguments) -> None:
        with complete_or_nothing(Path("out.txt")) as temporary:
            temporary.write_text("half")
            send(signal.SIGTERM)
            send(signal.SIGTERM)  # as process groups get it twice

    monkeypatch.setitem(sys.modules, "writing", types.SimpleNamespace(run=write))
    monkeypatch.setitem(cli.VERBS, "write", cli.Verb("writing", "writes"))
    assert main(["write"]) == 143
    assert capsys.readouterr().err == "hdrgen: terminated\n"
    assert not list(Path().iterdir())


def test_what_a_library_makes_of_the_signal_does_not_hide_it(monkeypatch):
    def run(verb, arguments) -> None:
        try:
            send(signal.SIGTERM)
        except BaseException as error:
            raise RuntimeError("connection lost") from error

    monkeypatch.setitem(sys.modules, "failing", types.SimpleNamespace(run=run))
    monkeypatch.setitem(cli.VERBS, "fail", cli.Verb("failing", "fails"))
    assert main(["fail"]) == 143


def test_the_handler_of_the_caller_comes_back():
    before = signal.getsignal(signal.SIGTERM)
    with signals.terminable():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    signals.relisten()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_comes_while_an_object_is_freed_is_not_lost(capfd):
    class Freed:
        def __del__(self):
            send(signal.SIGTERM)

    def free() -> None:
        Freed()
        time.sleep(5)

    with signals.terminable(), pytest.raises(signals.Terminated):
        free()
    assert signals.was_terminated()
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_worker_that_has_just_been_forked_ends_without_a_word(capfd):
    """It still has its parent's handler, until PyTorch puts a worker's own in place."""
    with signals.terminable():
        worker = multiprocessing.get_context("fork").Process(target=send, args=(signal.SIGTERM,))
        worker.start()
        worker.join(30)
    assert worker.exitcode == -signal.SIGTERM
    assert capfd.readouterr().err == ""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")
def test_a_training_with_workers_ends_with_all_of_them():
    """The whole group gets the signal, as from `timeout`; the workers' end is then noticed beside it."""
    command = [sys.executable, "-m", "hdrgen", *[part.replace("=Toy", "=tests.toys.Toy") for part in TRAIN]]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"}
    endless = ["--data.num_workers=2", "--data.train.count=100000", "--trainer.max_epochs=1"]
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen([*command, *endless], env=environment, **options) as training:
        children = Path(f"/proc/{training.pid}/task/{training.pid}/children")
        while len(workers := children.read_text().split()) < 2:
            assert training.poll() is None
            time.sleep(0.1)
        os.killpg(training.pid, signal.SIGTERM)
        _, told = training.communicate(timeout=120)
    assert training.returncode == 143, told
    assert [line for line in told.splitlines() if line.startswith("hdrgen")] == [
        "hdrgen: terminated; no epoch was finished: start again"
    ]
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]


assert ToyScenes  # known by name on the command line
