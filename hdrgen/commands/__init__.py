"""The light verbs, one file each: `run(verb, arguments)`; `merge_scene` belongs to `merge`.

Their modules import neither torch nor anything that does before the arguments are parsed, so that help is quick.
"""
