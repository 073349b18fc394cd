"""The one exception a user is meant to read."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one line: what was expected, what was found (the value, the file) and what to do.
    The command line prints it without a traceback and exits with status 2.
    """
