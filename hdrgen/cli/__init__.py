"""Everything about a terminal: the front door (`hdrgen.cli.main`), and what the verbs share in options and output.

The names are imported on first use, so that a help text imports no more than it shows.
"""

from typing import TYPE_CHECKING

from hdrgen.lazy import lazy_face

if TYPE_CHECKING:
    from hdrgen.cli.arguments import value_of as value_of
    from hdrgen.cli.batch import for_each as for_each
    from hdrgen.cli.checkpoint_option import LEARNED_MERGES as LEARNED_MERGES
    from hdrgen.cli.checkpoint_option import add_network_arguments as add_network_arguments
    from hdrgen.cli.checkpoint_option import asked_network as asked_network
    from hdrgen.cli.checkpoint_option import results_folder as results_folder
    from hdrgen.cli.checkpoint_option import trained as trained
    from hdrgen.cli.checkpoint_option import trained_network as trained_network
    from hdrgen.cli.checkpoint_option import word_of as word_of
    from hdrgen.cli.colour_option import add_colour_argument as add_colour_argument
    from hdrgen.cli.colour_option import colour_space as colour_space
    from hdrgen.cli.exposure_options import add_bracket_arguments as add_bracket_arguments
    from hdrgen.cli.exposure_options import add_raw_arguments as add_raw_arguments
    from hdrgen.cli.exposure_options import add_white_argument as add_white_argument
    from hdrgen.cli.exposure_options import bracket_of as bracket_of
    from hdrgen.cli.exposure_options import bracket_scenes as bracket_scenes
    from hdrgen.cli.exposure_options import development_of as development_of
    from hdrgen.cli.exposure_options import exposure_values as exposure_values
    from hdrgen.cli.exposure_options import joined as joined
    from hdrgen.cli.exposure_options import white_of as white_of
    from hdrgen.cli.lightning import parts_of_a_test as parts_of_a_test
    from hdrgen.cli.lightning import run as run_lightning
    from hdrgen.cli.lightning_log import less_noise as less_noise
    from hdrgen.cli.main import VERBS as VERBS
    from hdrgen.cli.method_table import Table as Table
    from hdrgen.cli.method_table import compare_methods as compare_methods
    from hdrgen.cli.method_table import exposure_columns as exposure_columns
    from hdrgen.cli.method_table import format_table as format_table
    from hdrgen.cli.method_table import mean_psnr as mean_psnr
    from hdrgen.cli.method_table import read_rows as read_rows
    from hdrgen.cli.operator_options import OperatorOptions as OperatorOptions
    from hdrgen.cli.output import add_output_arguments as add_output_arguments
    from hdrgen.cli.output import add_skip_argument as add_skip_argument
    from hdrgen.cli.output import all_exist as all_exist
    from hdrgen.cli.output import check_skipping as check_skipping
    from hdrgen.cli.output import left_to_do as left_to_do
    from hdrgen.cli.output import output_files as output_files
    from hdrgen.cli.output import refuse_existing as refuse_existing
    from hdrgen.cli.parser import CommandParser as CommandParser
    from hdrgen.cli.parser import add_config_argument as add_config_argument
    from hdrgen.cli.parser import with_config as with_config
    from hdrgen.cli.size_option import add_size_argument as add_size_argument
    from hdrgen.cli.tables import cited as cited
    from hdrgen.cli.tables import kept_entries as kept_entries
    from hdrgen.cli.tables import listing_parser as listing_parser
    from hdrgen.cli.tables import plugin_entry as plugin_entry
    from hdrgen.cli.tables import plugin_rows as plugin_rows
    from hdrgen.cli.tables import print_listing as print_listing

_PUBLIC = {
    "LEARNED_MERGES": "hdrgen.cli.checkpoint_option:LEARNED_MERGES",
    "VERBS": "hdrgen.cli.main:VERBS",
    "CommandParser": "hdrgen.cli.parser:CommandParser",
    "OperatorOptions": "hdrgen.cli.operator_options:OperatorOptions",
    "Table": "hdrgen.cli.method_table:Table",
    "add_bracket_arguments": "hdrgen.cli.exposure_options:add_bracket_arguments",
    "add_colour_argument": "hdrgen.cli.colour_option:add_colour_argument",
    "add_config_argument": "hdrgen.cli.parser:add_config_argument",
    "add_network_arguments": "hdrgen.cli.checkpoint_option:add_network_arguments",
    "add_output_arguments": "hdrgen.cli.output:add_output_arguments",
    "add_skip_argument": "hdrgen.cli.output:add_skip_argument",
    "add_size_argument": "hdrgen.cli.size_option:add_size_argument",
    "asked_network": "hdrgen.cli.checkpoint_option:asked_network",
    "check_skipping": "hdrgen.cli.output:check_skipping",
    "left_to_do": "hdrgen.cli.output:left_to_do",
    "all_exist": "hdrgen.cli.output:all_exist",
    "add_raw_arguments": "hdrgen.cli.exposure_options:add_raw_arguments",
    "add_white_argument": "hdrgen.cli.exposure_options:add_white_argument",
    "bracket_of": "hdrgen.cli.exposure_options:bracket_of",
    "bracket_scenes": "hdrgen.cli.exposure_options:bracket_scenes",
    "development_of": "hdrgen.cli.exposure_options:development_of",
    "white_of": "hdrgen.cli.exposure_options:white_of",
    "cited": "hdrgen.cli.tables:cited",
    "colour_space": "hdrgen.cli.colour_option:colour_space",
    "compare_methods": "hdrgen.cli.method_table:compare_methods",
    "exposure_columns": "hdrgen.cli.method_table:exposure_columns",
    "exposure_values": "hdrgen.cli.exposure_options:exposure_values",
    "for_each": "hdrgen.cli.batch:for_each",
    "format_table": "hdrgen.cli.method_table:format_table",
    "joined": "hdrgen.cli.exposure_options:joined",
    "less_noise": "hdrgen.cli.lightning_log:less_noise",
    "kept_entries": "hdrgen.cli.tables:kept_entries",
    "listing_parser": "hdrgen.cli.tables:listing_parser",
    "mean_psnr": "hdrgen.cli.method_table:mean_psnr",
    "output_files": "hdrgen.cli.output:output_files",
    "parts_of_a_test": "hdrgen.cli.lightning:parts_of_a_test",
    "plugin_entry": "hdrgen.cli.tables:plugin_entry",
    "plugin_rows": "hdrgen.cli.tables:plugin_rows",
    "print_listing": "hdrgen.cli.tables:print_listing",
    "read_rows": "hdrgen.cli.method_table:read_rows",
    "refuse_existing": "hdrgen.cli.output:refuse_existing",
    "results_folder": "hdrgen.cli.checkpoint_option:results_folder",
    "run_lightning": "hdrgen.cli.lightning:run",
    "trained": "hdrgen.cli.checkpoint_option:trained",
    "trained_network": "hdrgen.cli.checkpoint_option:trained_network",
    "value_of": "hdrgen.cli.arguments:value_of",
    "with_config": "hdrgen.cli.parser:with_config",
    "word_of": "hdrgen.cli.checkpoint_option:word_of",
}

__all__ = [
    "LEARNED_MERGES",
    "VERBS",
    "CommandParser",
    "OperatorOptions",
    "Table",
    "add_bracket_arguments",
    "add_colour_argument",
    "add_config_argument",
    "add_network_arguments",
    "add_output_arguments",
    "add_raw_arguments",
    "add_size_argument",
    "add_skip_argument",
    "add_white_argument",
    "all_exist",
    "asked_network",
    "bracket_of",
    "bracket_scenes",
    "check_skipping",
    "cited",
    "colour_space",
    "compare_methods",
    "development_of",
    "exposure_columns",
    "exposure_values",
    "for_each",
    "format_table",
    "joined",
    "kept_entries",
    "left_to_do",
    "less_noise",
    "listing_parser",
    "mean_psnr",
    "output_files",
    "parts_of_a_test",
    "plugin_entry",
    "plugin_rows",
    "print_listing",
    "read_rows",
    "refuse_existing",
    "results_folder",
    "run_lightning",
    "trained",
    "trained_network",
    "value_of",
    "white_of",
    "with_config",
    "word_of",
]

if not TYPE_CHECKING:  # a type checker would take every misspelt name for one that this finds
    __getattr__, __dir__ = lazy_face(__name__, _PUBLIC)
