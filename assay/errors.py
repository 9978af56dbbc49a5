"""The one error that means "what you gave me can't be used", as opposed to a fault of ours."""


class InputError(Exception):
    """Bad input from outside: a benchmark file, a dataset, a behaviour file, an output of an earlier stage.

    The message is a whole explanation: it names the file, the key, what was found, what was expected and
    what to do. Scripts print it without a traceback and exit with status 1.
    """
