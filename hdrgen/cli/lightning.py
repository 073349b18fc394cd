"""The verbs that train and use methods: one LightningCLI."""

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, Literal, NamedTuple

import yaml
from jsonargparse import Namespace
from jsonargparse.typing import PositiveInt
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.cli import ArgsType, LightningArgumentParser, LightningCLI
from torch import distributed

from hdrgen import configs
from hdrgen.callbacks import (
    EarlyEnd,
    EndLine,
    Extremes,
    ImageGrid,
    LastCheckpoint,
    MetricsTable,
    NotFinite,
    PlainProgress,
    PredictionWriter,
    SaveConfig,
    go_on,
    run_folder,
)
from hdrgen.cli.arguments import prepare, value_of
from hdrgen.cli.class_change import start_anew, tell_what_is_lost
from hdrgen.cli.completion import EXPORTED, complete, known_methods, load_plugins
from hdrgen.cli.failures import one_line_errors
from hdrgen.cli.lightning_log import less_noise
from hdrgen.cli.lightning_parser import LightningParser
from hdrgen.cli.loggers import class_name, own_run, settle_checkpoint, settle_runs, within
from hdrgen.cli.predictions import settle_predictions, take_response
from hdrgen.cli.scoring import each_network, score_each
from hdrgen.cli.trainer_options import count_before_measuring, count_parameters_alone, epoch_in_words, taken_by
from hdrgen.data import ExposureStackDataModule, StackDataset
from hdrgen.errors import InputError
from hdrgen.methods import HDRModule  # with all methods: known by class name alone
from hdrgen.metrics import EvaluationProtocol
from hdrgen.version import __version__
from hdrgen.weights import read_checkpoint

SCENES = ("train", "val", "test")
"""Data that may be named and not used."""
VERBS: dict[str, Sequence[str]] = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",), "predict": ()}
"""The verbs, and which of `SCENES` each of them uses."""


def run(verb: str, arguments: Sequence[str]) -> None:
    """Run one verb with its command line; `test` of several networks, one after the other."""
    if several := each_network(verb, arguments):
        form = value_of(arguments, "--table", "--table.format") or "text"
        return score_each(verb, arguments, *several, run, form)
    with one_line_errors(), less_noise(verb), no_group_left():
        HDRCLI([verb, *prepare(arguments)])


@contextmanager
def no_group_left() -> Iterator[None]:
    """Leave the group of processes that Lightning joined, and does not leave.

    Its threads hold the tensors of the last reduction. One that frees them while Python ends is cancelled on its way to
    Python's lock, and aborts the process, whose status then is none of ours. Leaving waits for them.
    """
    try:
        yield
    finally:
        if distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()


class HDRCLI(LightningCLI):
    """`hdrgen fit|validate|test|predict`, or, with `run=False`, its model, data and trainer for a notebook.

    Args:
        args: Command line, the verb first; None takes the program's own.
        run: False builds `model`, `datamodule` and `trainer`, and runs nothing; then there is no verb.
    """

    def __init__(self, args: ArgsType = None, run: bool = True) -> None:
        self._typed = args if isinstance(args, list) else sys.argv[1:]
        settings: dict[str, Any] = {verb: _parser_settings(verb) for verb in self.subcommands()}
        super().__init__(
            model_class=HDRModule,
            datamodule_class=ExposureStackDataModule,
            subclass_mode_model=True,
            parser_class=LightningParser,
            parser_kwargs={"prog": "hdrgen", "version": __version__, **(settings if run else _parser_settings("fit"))},
            save_config_callback=SaveConfig,
            save_config_kwargs={"save_to_log_dir": False},
            trainer_defaults={"callbacks": [PlainProgress(), EndLine(), EarlyEnd(), NotFinite(), LastCheckpoint()]},
            seed_everything_default=0,
            auto_configure_optimizers=False,
            args=args,
            run=run,
        )

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]  # Lightning has a static method
        """The verb that was typed alone: a parser of all classes takes long to build."""
        every = super().subcommands()
        return {verb: every[verb] for verb in self._typed[:1] if verb in every} or every

    def add_core_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Trainer, method and data; the method may be left to a checkpoint."""
        count_before_measuring()
        parser.add_lightning_class_args(self.trainer_class, "trainer")
        parser.add_lightning_class_args(HDRModule, "model", subclass_mode=True, required=False)
        parser.add_lightning_class_args(ExposureStackDataModule, "data")

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Output folder, protocols and callbacks, the same for every verb: one verb's saved config serves another."""
        parser.add_argument("-o", "--output", type=str | None, help="folder for all results of this command")
        parser.add_argument("--overwrite", action="store_true", help="whether existing results may be replaced")
        parser.add_argument(
            "--skip_existing",
            "--skip-existing",
            action="store_true",
            help="of predict: leave out what is there already",
        )
        parser.add_argument(
            "--response",
            type=str | None,
            help="of predict: camera of the photographs, in place of an estimate: linear, srgb, gamma:2.2, FILE",
        )
        parser.add_argument(
            "--tile",
            type=PositiveInt | Literal["auto", "none"],
            default="auto",
            help="side in pixels of the tiles that large images pass the network in; auto as free memory allows",
        )
        parser.add_argument(
            "--weights",
            type=str | None,
            help="trained weights by name, see `hdrgen weights`, or a file; in place of --ckpt_path",
        )
        parser.add_argument(
            "--results",
            type=str | None,
            help="of test: in place of a method, a folder with HDR images and exposures that any program wrote",
        )
        parser.add_class_arguments(EvaluationProtocol, "evaluation")
        parser.add_class_arguments(EvaluationProtocol, "validation")
        parser.add_lightning_class_args(ModelCheckpoint, "checkpoint")
        parser.add_lightning_class_args(PredictionWriter, "writer")
        parser.add_lightning_class_args(MetricsTable, "table")
        parser.add_lightning_class_args(ImageGrid, "grid")
        parser.add_lightning_class_args(Extremes, "extremes")
        for target in ("writer", "table", "grid", "extremes"):
            parser.link_arguments("output", f"{target}.folder")
        for target in ("writer", "table"):
            parser.link_arguments("overwrite", f"{target}.overwrite")
        parser.link_arguments("skip_existing", "writer.skip_existing")

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Parse, after filling in the method from a checkpoint where there is one."""
        start_anew()
        if isinstance(args, list):
            load_plugins(args[1:])
            self.config = parser.parse_args(complete(args) if args[:1] and args[0] in VERBS else args)
        else:
            super().parse_arguments(parser, args)

    def _parse_ckpt_path(self) -> None:
        """Lightning would let the checkpoint override the command line here; `complete` has already filled it in."""
        if self.config.get("subcommand") and not self._get_setting("model"):
            names = ", ".join(sorted(known_methods()))
            raise InputError(
                f"no method: pass --config NAME, --model CLASS, --weights NAME or --ckpt_path FILE (methods: {names})"
            )

    def _dump_config(self) -> None:
        """What checkpoints note as hyperparameters; Lightning would check again what parsing has checked."""
        if not hasattr(self, "config_dump"):
            dumped = self.parser.dump(self.config, skip_link_targets=False, skip_unset=False, skip_validation=True)
            settings: dict[str, Any] = yaml.safe_load(dumped)
            self.config_dump = settings[self.subcommand] if self.subcommand else settings

    def before_instantiate_classes(self) -> None:
        """Settle what depends on several arguments: data that may be gone, safe loading, where things are written."""
        settings = self._settings
        tell_what_is_lost(settings)
        settle_checkpoint(
            settings,
            self.subcommand == "fit" and (settings.data.val is None or settings.trainer.limit_val_batches == 0),
        )
        if self.subcommand == "fit" and settings.ckpt_path and settings.get("model.init_args.initial_weights"):
            settings.model.init_args.initial_weights = None  # all weights are those of the checkpoint
        used = VERBS[self.subcommand] if self.subcommand else SCENES
        self._idle: dict[str, Any] = {part: settings.data[part] for part in SCENES if part not in used}
        for part in self._idle:
            settings.data[part] = None
        if "weights_only" in settings:
            settings.weights_only = True  # a checkpoint is data, never code
        if self.subcommand in ("validate", "test") and settings.output:
            if class_name(settings.trainer.logger) == "CSVLogger":
                settings.trainer.logger = False  # the table in the output folder holds the same numbers
        else:
            settle_runs(settings, self._typed)
        self._own = own_run(self._typed, settings) if self.subcommand == "fit" else None
        self._logger = settings.trainer.logger
        settings.trainer.logger = within(self._own, self._logger)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Build the trainer; what it does not accept is an error in the options."""
        kwargs |= taken_by(self.model, self._get(self.config_init, "trainer"))
        try:
            trainer = super().instantiate_trainer(**kwargs)
        except (ValueError, TypeError) as error:
            raise InputError(f"--trainer: {error}") from error
        count_parameters_alone(trainer)
        return trainer

    def after_instantiate_classes(self) -> None:
        """Restore the settings of unused data, hand the method its protocols, and warn of untrained networks."""
        verb = self.subcommand
        if verb == "predict":
            settle_predictions(self.model, self.datamodule, self._get(self.config_init, "writer"))
            take_response(self.model, self._settings.response)
        elif self._settings.response is not None:
            raise InputError("--response is for predict; the response that a method assumes is --model.response")
        protocols = {"test": "evaluation", "val": "validation"}
        self.model.protocols = {stage: self._get(self.config_init, key) for stage, key in protocols.items()}
        self.model.tile = self._settings.tile
        self.model.check_tile()
        if isinstance(response := self._settings.get("model.init_args.response"), Namespace):
            self.model.hparams["response"] = response.as_dict()  # methods note no arguments that are objects
        if str(self._settings.get("ckpt_path")).endswith(EXPORTED):  # Lightning reads its own checkpoints only
            self.model.load_state_dict(read_checkpoint(self._settings.ckpt_path)["state_dict"])
            self.config_init[self.subcommand].ckpt_path = None
        for part, named in self._idle.items():
            self._settings.data[part] = named  # for the saved config, which serves other verbs too
        self._settings.trainer.logger = self._logger  # the same: whoever runs it again gets a folder of their own
        if verb in ("validate", "test"):
            self._get(self.config_init, "table").about = self._about(VERBS[verb][0])
        untrained = any(parameter.requires_grad for parameter in self.model.parameters())
        if verb in ("validate", "test", "predict") and untrained and not self._get_setting("ckpt_path"):
            name = type(self.model).__name__
            warnings.warn(f"{name} has random weights; pass --ckpt_path or --weights to use trained ones", stacklevel=1)

    def _about(self, part: str) -> dict[str, Any]:
        """What the table says of method, checkpoint and data."""
        settings = yaml.safe_load(self.parser.dump(self.config))[self.subcommand]
        chosen = {key: settings.get(key) for key in ("seed_everything", "ckpt_path")}
        return {"method": settings["model"], **chosen, "data": settings["data"].get(part)}

    def before_fit(self) -> None:
        """Refuse a method that does not learn, and say what an epoch is: that scenes are many is easily overlooked."""
        if type(self.model).training_step is LightningModule.training_step:
            name = type(self.model).__name__
            raise InputError(
                f"expected a method that learns, found {name}, which has no training step; validate, test and predict"
                " take it as it is, and `hdrgen methods` lists the others",
                "method",
            )
        unjudged = self.datamodule.val is None and not self._get_setting("trainer").fast_dev_run
        if self.trainer.is_global_zero and unjudged:
            print(
                "no validation: the checkpoint that is kept is the newest, and a schedule that goes by a score of"
                " validation goes by train/loss; pass --data.val for scores"
            )
        if self.trainer.is_global_zero and (told := epoch_in_words(self.trainer, self.datamodule)):
            print(told)
        if self.trainer.is_global_zero and self._own:
            warnings.filterwarnings("ignore", "Checkpoint directory .* is not empty")  # it is the training's own
            go_on(self.trainer.loggers, self._own.until)
            print(f"goes on in {self._own.folder}, whose log is kept up to step {self._own.until}")

    def after_predict(self) -> None:
        """Fail if photographs were left out, or could not be written, once all others are."""
        unwritten = self._get(self.config_init, "writer").unwritten()  # before a process raises alone
        try:
            self.datamodule.check_predicted()
        except InputError as error:
            raise (InputError(f"{error}; {unwritten}") if unwritten else error) from None
        if unwritten and self.trainer.is_global_zero:
            raise InputError(unwritten)

    def after_fit(self) -> None:
        """Say where the run is."""
        if self.trainer.is_global_zero and not self._get_setting("trainer").fast_dev_run:
            print(f"checkpoints, log and config in {run_folder(self.trainer) or self.trainer.default_root_dir}")

    @property
    def _settings(self) -> Any:
        return self.config[self.subcommand] if self.subcommand else self.config

    def _get_setting(self, key: str) -> Any:
        return self.config[self.config.subcommand].get(key)


class PartsOfTest(NamedTuple):
    """What a test is made of beside its method: `data` are class and arguments of the scenes."""

    scenes: StackDataset
    protocol: EvaluationProtocol
    seed: int
    data: dict[str, Any]


class _Unrun(HDRCLI):
    """The parts of a test, with no method to speak of."""

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """What a configuration says of a network is left where it is."""
        start_anew()
        assert isinstance(args, list)
        none = ["--model=UnchangedInput", "--ckpt_path=null", "--weights=null", "--results=null"]
        self.config = parser.parse_args([*args, *none, "--trainer.logger=false"])

    def _run_subcommand(self, subcommand: str) -> None:
        """Lightning would start the test."""


def parts_of_a_test(arguments: Sequence[str], part: str = "test") -> PartsOfTest:
    """Scenes and protocol as `hdrgen test`, or the verb that uses another of `SCENES`, would take them.

    Raises:
        InputError: Options that the verb does not have, or no scenes.
    """
    verb = next(verb for verb, used in VERBS.items() if part in used[:1])
    with one_line_errors(), less_noise("test"):
        run = _Unrun([verb, *prepare(arguments), *(f"--data.{other}=null" for other in SCENES if other != part)])
    data = run.datamodule
    scenes = getattr(data, part)
    if scenes is None:
        raise InputError("expected scenes, found none; name a data set, such as ProceduralScenes")
    return PartsOfTest(scenes, run.model.protocol("test"), data.seed, run._about(part)["data"])


def _parser_settings(verb: str) -> dict[str, Any]:
    header = " ".join(f"{name}=={version(name)}" for name in ("hdrgen", "torch", "pytorch-lightning"))
    return {"default_config_files": [str(path) for path in configs.defaults_of(verb)], "dump_header": [header]}
