"""Show an error that is meant to happen, the same way in every run."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def caught(*errors: type[Exception]) -> Iterator[None]:
    """Print the name and message of the error that the block raises, and go on.

    Prints "no error" if the block raises none, so that a cell cannot promise what does
    not happen. Errors of other kinds than `errors` are raised as ever.
    """
    try:
        yield
    except errors as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("no error")
