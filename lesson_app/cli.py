"""The command ``lesson-app``."""

from __future__ import annotations

import json
import os
import re
import string
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from .app import create_app
from .cookie import CIPHERS, MACS, Keys, derive_keys, from_base64, to_base64
from .dissect import dissect
from .errors import BadCookie
from .pasted import find_pasted
from .words import read_moment

#: The commands that need Jupyter: where each is to be found, and what the help says of it.
LAZY = {
    "grade": (
        "lesson_app.lab.grade:grade",
        "Run learners' notebooks, and tell which exercises pass.",
    ),
    "predict": (
        "lesson_app.lab.edition:predict",
        "Copy the notebooks to FOLDER without their outputs.",
    ),
}


class LazyCommand(click.Command):
    """A command that is imported when it is run, and stands in the help before that."""

    def __init__(self, name: str, place: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self.place = place

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Import the command, and leave its options and itself to it."""
        return self.load().make_context(*args, **options)

    def load(self) -> click.Command:
        """Return the command itself; without Jupyter, say what to install."""
        module, _, name = self.place.partition(":")
        try:
            command: click.Command = getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            if str(error.name).partition(".")[0] == __package__:
                raise  # a mistake of this package is not the reader's
            raise click.UsageError(
                f"lesson-app {self.name} needs {error.name}: pip install 'lesson-app[lab]'"
            ) from None
        return command


class LazyGroup(click.Group):
    """A group that imports some of its commands only when they are run."""

    def __init__(self, *, lazy: dict[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(**options)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, those not yet imported among them."""
        return sorted([*super().list_commands(ctx), *self.lazy])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; a lazy one is imported when it is run."""
        if cmd_name in self.lazy:
            return LazyCommand(cmd_name, *self.lazy[cmd_name])
        return super().get_command(ctx, cmd_name)


@click.group(cls=LazyGroup, lazy=LAZY)
@click.version_option(package_name="lesson-app", prog_name="lesson-app")
def main() -> None:
    """Client-side sessions: the lesson's application, and a look into its cookies."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, help="0: any free port")
def run(host: str, port: int) -> None:
    """Serve the application for the browser on this machine."""
    create_app().run(host, port)


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


# One value in 64 begins with a dash; without a short option here, it is taken for a value.
@main.command("dissect", context_settings={"ignore_unknown_options": True})
@click.argument("values", nargs=-1, metavar="[VALUE]")
@click.option("--name", help="the cookie's  [default: that of the line given, or session]")
@click.option(
    "--secret-file",
    "secret_files",
    type=_FILE,
    multiple=True,
    help="file with the secret, but for one newline at its end; may be repeated",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    help="the secret; other users see it in the list of processes, and the shell keeps it",
)
@click.option(
    "--encryption-key",
    metavar="KEY",
    envvar="LESSON_APP_ENCRYPTION_KEY",
    help="with --signature-key, in place of a secret: hex or base64url; @FILE reads a file",
)
@click.option("--signature-key", metavar="KEY", envvar="LESSON_APP_SIGNATURE_KEY")
@click.option("--cipher", type=click.Choice(list(CIPHERS)), default="aes256", show_default=True)
@click.option("--mac", type=click.Choice(list(MACS)), default="sha256", show_default=True)
@click.option("--now", metavar="TIME", help="as 2100-01-01T12:00:00Z  [default: the clock]")
@click.option(
    "--json", "as_json", is_flag=True, help="print JSON; its keys: pydoc lesson_app.dissect"
)
def dissect_command(
    values: tuple[str, ...],
    name: str | None,
    secret_files: tuple[Path, ...],
    secrets: tuple[str, ...],
    encryption_key: str | None,
    signature_key: str | None,
    cipher: str,
    mac: str,
    now: str | None,
    as_json: bool,
) -> None:
    """Take a cookie apart, and tell which check it fails.

    VALUE is a cookie's value, name=value, or a Cookie or Set-Cookie line, in quotes; from
    standard input if it is left out or "-".

    Nothing secret need stand on the command line: there are --secret-file, @FILE, and the
    variables LESSON_APP_SECRET (if no option gives a secret), LESSON_APP_ENCRYPTION_KEY
    and LESSON_APP_SIGNATURE_KEY. Several secrets are tried in turn.

    The exit status is 0 if the cookie opens (or, without a secret, is well-formed), 1 if
    not, and 2 if the command was not understood. An expired cookie opens.
    """
    try:
        keys = dict(_secret_keys(secrets, secret_files, cipher, mac))
        if encryption_key or signature_key:
            keys["the two keys"] = _two_keys(encryption_key, signature_key, cipher, mac)
        found = find_pasted(_one_value(values), name)
        at = None if now is None else read_moment(now)
        facts = dissect(found.value, keys, name=found.name, now=at, source=found.source)
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from None
    echo(json.dumps(facts.as_dict(), indent=2) if as_json else repr(facts))
    sys.exit(1 if facts.reason else 0)


def _secret_keys(
    secrets: tuple[str, ...], files: tuple[Path, ...], cipher: str, mac: str
) -> Iterator[tuple[str, Keys]]:
    number = len(secrets) > 1  # which of several, not what it is
    named = {
        f"--secret no. {i}" if number else "--secret": os.fsencode(text)
        for i, text in enumerate(secrets, 1)
    }
    for path in files:
        named[f"--secret-file {path}"] = re.sub(rb"\r?\n\Z", b"", path.read_bytes())
    if not named and os.environ.get("LESSON_APP_SECRET"):
        named["LESSON_APP_SECRET"] = os.fsencode(os.environ["LESSON_APP_SECRET"])
    for label, secret in named.items():
        try:
            keys = derive_keys(secret)
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from None
        try:
            yield label, replace(keys, cipher=cipher, mac=mac)
        except ValueError as error:
            raise ValueError(
                f"{label} makes keys of 32 bytes: {error}; "
                "give --encryption-key and --signature-key"
            ) from None


def _two_keys(encryption: str | None, signature: str | None, cipher: str, mac: str) -> Keys:
    if not (encryption and signature):
        raise ValueError("give both: --encryption-key and --signature-key")
    return Keys(
        _key("--encryption-key", encryption), _key("--signature-key", signature), cipher, mac
    )


def _key(option: str, text: str) -> bytes:
    if text.startswith("@"):
        text = Path(text[1:]).read_bytes().decode("ascii", "replace")
    text = text.strip()
    if len(text) % 2 == 0 and set(text) <= set(string.hexdigits):
        return bytes.fromhex(text)
    text = text.rstrip("=")
    try:
        key = from_base64(text)
    except BadCookie:
        key = b""
    if to_base64(key) != text:
        raise ValueError(f"{option} is neither hex nor base64url: write it in one of them")
    return key


def _one_value(values: tuple[str, ...]) -> str:
    for value in values:
        if value.startswith("--") and "." not in value:
            raise ValueError(f"no such option: {value.partition('=')[0]}")
    if len(values) > 1:
        raise ValueError("several values: put the VALUE in quotes, spaces and all")
    if values and values[0] != "-":
        return values[0]
    if sys.stdin.isatty():
        click.echo("Paste the cookie, and end with Ctrl-D (Windows: Ctrl-Z, Enter):", err=True)
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def echo(text: str) -> None:
    """Print a text, whatever is in it."""
    # What a terminal's or a pipe's encoding lacks is escaped, and no reason to fail.
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding))
