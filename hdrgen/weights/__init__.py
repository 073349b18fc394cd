"""Files of trained networks: reading them as data, guarding against what they name, and finding them.

Nothing here knows a method; `hdrgen.methods` builds one from what is read here. The names are imported on first use:
the catalogue needs no torch.
"""

from typing import TYPE_CHECKING

from hdrgen.lazy import lazy_face

if TYPE_CHECKING:
    from hdrgen.weights.best import EARLIER as EARLIER
    from hdrgen.weights.best import Best as Best
    from hdrgen.weights.best import best_known as best_known
    from hdrgen.weights.cards import card_of as card_of
    from hdrgen.weights.cards import read_card as read_card
    from hdrgen.weights.cards import with_facts as with_facts
    from hdrgen.weights.checkpoint import PROGRAM as PROGRAM
    from hdrgen.weights.checkpoint import WEIGHTS as WEIGHTS
    from hdrgen.weights.checkpoint import read_checkpoint as read_checkpoint
    from hdrgen.weights.checkpoint import weights_in as weights_in
    from hdrgen.weights.entries import DEFAULT as DEFAULT
    from hdrgen.weights.entries import FOLDERS as FOLDERS
    from hdrgen.weights.entries import Entry as Entry
    from hdrgen.weights.entries import catalogue as catalogue
    from hdrgen.weights.entries import default_weights as default_weights
    from hdrgen.weights.entries import describe as describe
    from hdrgen.weights.entries import find_weights as find_weights
    from hdrgen.weights.entries import own_folders as own_folders
    from hdrgen.weights.entries import packaged_files as packaged_files
    from hdrgen.weights.entries import unknown_weights as unknown_weights
    from hdrgen.weights.headers import METHOD as METHOD
    from hdrgen.weights.headers import read_header as read_header
    from hdrgen.weights.headers import sorted_header as sorted_header
    from hdrgen.weights.lookup import RUNS as RUNS
    from hdrgen.weights.lookup import find_best as find_best
    from hdrgen.weights.lookup import find_checkpoint as find_checkpoint
    from hdrgen.weights.lookup import find_last as find_last
    from hdrgen.weights.loops import checked_loops as checked_loops
    from hdrgen.weights.loops import logged_until as logged_until
    from hdrgen.weights.loops import resumable as resumable
    from hdrgen.weights.origin import arguments_in as arguments_in
    from hdrgen.weights.origin import class_name_in as class_name_in
    from hdrgen.weights.origin import class_path_in as class_path_in
    from hdrgen.weights.origin import subclasses as subclasses
    from hdrgen.weights.plain import Classes as Classes
    from hdrgen.weights.plain import as_data as as_data
    from hdrgen.weights.plain import as_objects as as_objects
    from hdrgen.weights.plain import checked_arguments as checked_arguments
    from hdrgen.weights.plain import full_name as full_name
    from hdrgen.weights.plain import named as named
    from hdrgen.weights.pretrained import load_imagenet as load_imagenet
    from hdrgen.weights.pretrained import read_weights as read_weights
    from hdrgen.weights.states import own_states as own_states

_PUBLIC = {
    "DEFAULT": "hdrgen.weights.entries:DEFAULT",
    "EARLIER": "hdrgen.weights.best:EARLIER",
    "FOLDERS": "hdrgen.weights.entries:FOLDERS",
    "METHOD": "hdrgen.weights.headers:METHOD",
    "RUNS": "hdrgen.weights.lookup:RUNS",
    "PROGRAM": "hdrgen.weights.checkpoint:PROGRAM",
    "WEIGHTS": "hdrgen.weights.checkpoint:WEIGHTS",
    "Best": "hdrgen.weights.best:Best",
    "Classes": "hdrgen.weights.plain:Classes",
    "Entry": "hdrgen.weights.entries:Entry",
    "arguments_in": "hdrgen.weights.origin:arguments_in",
    "as_data": "hdrgen.weights.plain:as_data",
    "as_objects": "hdrgen.weights.plain:as_objects",
    "best_known": "hdrgen.weights.best:best_known",
    "card_of": "hdrgen.weights.cards:card_of",
    "catalogue": "hdrgen.weights.entries:catalogue",
    "checked_arguments": "hdrgen.weights.plain:checked_arguments",
    "checked_loops": "hdrgen.weights.loops:checked_loops",
    "class_name_in": "hdrgen.weights.origin:class_name_in",
    "class_path_in": "hdrgen.weights.origin:class_path_in",
    "default_weights": "hdrgen.weights.entries:default_weights",
    "describe": "hdrgen.weights.entries:describe",
    "find_best": "hdrgen.weights.lookup:find_best",
    "find_checkpoint": "hdrgen.weights.lookup:find_checkpoint",
    "find_last": "hdrgen.weights.lookup:find_last",
    "find_weights": "hdrgen.weights.entries:find_weights",
    "full_name": "hdrgen.weights.plain:full_name",
    "load_imagenet": "hdrgen.weights.pretrained:load_imagenet",
    "logged_until": "hdrgen.weights.loops:logged_until",
    "named": "hdrgen.weights.plain:named",
    "own_states": "hdrgen.weights.states:own_states",
    "own_folders": "hdrgen.weights.entries:own_folders",
    "packaged_files": "hdrgen.weights.entries:packaged_files",
    "read_card": "hdrgen.weights.cards:read_card",
    "read_checkpoint": "hdrgen.weights.checkpoint:read_checkpoint",
    "read_header": "hdrgen.weights.headers:read_header",
    "read_weights": "hdrgen.weights.pretrained:read_weights",
    "resumable": "hdrgen.weights.loops:resumable",
    "sorted_header": "hdrgen.weights.headers:sorted_header",
    "subclasses": "hdrgen.weights.origin:subclasses",
    "unknown_weights": "hdrgen.weights.entries:unknown_weights",
    "weights_in": "hdrgen.weights.checkpoint:weights_in",
    "with_facts": "hdrgen.weights.cards:with_facts",
}

__all__ = [
    "DEFAULT",
    "EARLIER",
    "FOLDERS",
    "METHOD",
    "PROGRAM",
    "RUNS",
    "WEIGHTS",
    "Best",
    "Classes",
    "Entry",
    "arguments_in",
    "as_data",
    "as_objects",
    "best_known",
    "card_of",
    "catalogue",
    "checked_arguments",
    "checked_loops",
    "class_name_in",
    "class_path_in",
    "default_weights",
    "describe",
    "find_best",
    "find_checkpoint",
    "find_last",
    "find_weights",
    "full_name",
    "load_imagenet",
    "logged_until",
    "named",
    "own_folders",
    "own_states",
    "packaged_files",
    "read_card",
    "read_checkpoint",
    "read_header",
    "read_weights",
    "resumable",
    "sorted_header",
    "subclasses",
    "unknown_weights",
    "weights_in",
    "with_facts",
]

if not TYPE_CHECKING:  # a type checker would take every misspelt name for one that this finds
    __getattr__, __dir__ = lazy_face(__name__, _PUBLIC)
