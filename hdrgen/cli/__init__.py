"""Everything about a terminal: the front door, what the verbs share in options, output and messages."""
