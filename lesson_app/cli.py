"""The command ``lesson-app``."""

from __future__ import annotations

import json
import os
import re
import string
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from ._engine.secret_text import file_text
from .app import create_app
from .cookie import CIPHERS, MACS, Keys, derive_keys, from_base64, to_base64
from .dissect import dissect
from .dissect.pasted import find_pasted
from .dissect.variants import variants
from .dissect.words import echo, read_moment
from .errors import BadCookie

#: The group of entry points for commands that need Jupyter.
COMMANDS = "lesson_app.commands"
#: This also works without a clone: pip takes the installed lesson-app and adds what is missing.
INSTALL_LAB = 'pip install "lesson-app[lab]"'
#: Former names that still work.
ALIASES = {"predict": "copy"}


class Group(click.Group):
    """A group with more commands from entry points, imported when they are run or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *entry_points(group=COMMANDS).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; without Jupyter, return one that says what to install."""
        name = ALIASES.get(cmd_name, cmd_name)
        found = super().get_command(ctx, name)
        for entry in entry_points(group=COMMANDS, name=name) if found is None else ():
            try:
                found = entry.load()
            except ModuleNotFoundError as error:
                if str(error.name).partition(".")[0] == __package__:
                    raise  # a mistake in this package
                found = _Missing(name, str(error.name))
        return found


class _Missing(click.Command):
    """A command that needs a missing package."""

    def __init__(self, name: str, package: str) -> None:
        super().__init__(name, short_help=f"Needs: {INSTALL_LAB}")
        self.package = package

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Say what to install."""
        raise click.UsageError(
            f"lesson-app {self.name} needs {self.package}; run: {INSTALL_LAB}"
        )


@click.group(cls=Group)
@click.version_option(package_name="lesson-app", prog_name="lesson-app")
def main() -> None:
    """Run the lesson's application, take its cookies apart, and copy or grade notebooks."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="IP address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port; 0 is any free port.")
def run(host: str, port: int) -> None:
    """Serve the application to browsers on this machine."""
    create_app().run(host, port)


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


# One value in 64 begins with a dash. This command has no short options, so that click takes
# such a value as an argument.
@main.command("dissect", context_settings={"ignore_unknown_options": True})
@click.argument("values", nargs=-1, metavar="[VALUE]")
@click.option("--name", show_default='from VALUE, else "session"', help="Name of the cookie.")
@click.option(
    "--secret-file",
    "secret_files",
    type=_FILE,
    multiple=True,
    help="File with the secret, or with NAME=VALUE lines; one newline at its end is ignored. "
    "Repeatable.",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    help="The secret. Other users see it in the process list, and the shell saves it.",
)
@click.option(
    "--encryption-key",
    metavar="KEY",
    envvar="LESSON_APP_ENCRYPTION_KEY",
    help="Encryption key in hex or base64url, or @FILE; use with --signature-key.",
)
@click.option(
    "--signature-key",
    metavar="KEY",
    envvar="LESSON_APP_SIGNATURE_KEY",
    help="Signature key in the same forms.",
)
@click.option("--cipher", type=click.Choice(list(CIPHERS)), default="aes256", show_default=True)
@click.option("--mac", type=click.Choice(list(MACS)), default="sha256", show_default=True)
@click.option(
    "--now",
    metavar="TIME",
    show_default="current time",
    help="Time of the check, such as 2100-01-01T12:00:00Z.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="JSON output. Its fields: python -m pydoc lesson_app.dissect.Dissection.as_dict",
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
    """Take a cookie apart and show which check it fails.

    VALUE is a cookie's value, name=value, or a Cookie or Set-Cookie line, in quotes. If it is
    missing or "-", the command reads standard input.

    To keep secrets off the command line, use --secret-file, --encryption-key @FILE, or the
    environment variables LESSON_APP_SECRET, LESSON_APP_ENCRYPTION_KEY and
    LESSON_APP_SIGNATURE_KEY. An option overrides its variable. Several secrets are tried in
    order. If none opens the cookie, their parts and other forms are tried, such as without
    a byte order mark, white space or quotes.

    \b
    Exit status:
      0  The cookie opens, expired or not. Without a secret: it is well-formed.
      1  A check failed.
      2  The command is wrong.
    """  # noqa: D301  # for click, it is a backspace
    try:
        given = _given_secrets(secrets, secret_files)
        keys = dict(_secret_keys(given, cipher, mac))
        others = dict(_secret_keys(variants(given), cipher, mac))
        if encryption_key or signature_key:
            keys["the two keys"] = _two_keys(encryption_key, signature_key, cipher, mac)
        found = find_pasted(_one_value(values), name)
        at = None if now is None else read_moment(now)
        facts = dissect(
            found.value, keys, others=others, name=found.name, now=at, source=found.source
        )
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from None
    echo(json.dumps(facts.as_dict(), indent=2) if as_json else repr(facts))
    sys.exit(1 if facts.reason else 0)


def _given_secrets(secrets: tuple[str, ...], files: tuple[Path, ...]) -> dict[str, bytes]:
    number = len(secrets) > 1  # the label must not show the secret
    named = {
        f"--secret no. {i}" if number else "--secret": os.fsencode(text)
        for i, text in enumerate(secrets, 1)
    }
    for path in files:
        named[f"--secret-file {path}"] = re.sub(rb"\r?\n\Z", b"", path.read_bytes())
    if not named and os.environ.get("LESSON_APP_SECRET"):
        named["LESSON_APP_SECRET"] = os.fsencode(os.environ["LESSON_APP_SECRET"])
    return named


def _secret_keys(
    secrets: Mapping[str, bytes], cipher: str, mac: str
) -> Iterator[tuple[str, Keys]]:
    for label, secret in secrets.items():
        try:
            keys = derive_keys(secret)
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from None
        try:
            yield label, replace(keys, cipher=cipher, mac=mac)
        except ValueError as error:
            raise ValueError(
                f"{label}: a secret gives 32-byte keys, but {error}; "
                "give --encryption-key and --signature-key"
            ) from None


def _two_keys(encryption: str | None, signature: str | None, cipher: str, mac: str) -> Keys:
    if not (encryption and signature):
        raise ValueError("--encryption-key and --signature-key must be given together")
    return Keys(
        _key("--encryption-key", encryption), _key("--signature-key", signature), cipher, mac
    )


def _key(option: str, text: str) -> bytes:
    if text.startswith("@"):
        text = file_text(Path(text[1:]).read_bytes())
    text = text.strip()
    if len(text) % 2 == 0 and set(text) <= set(string.hexdigits):
        return bytes.fromhex(text)
    text = text.rstrip("=")
    try:
        key = from_base64(text)
    except BadCookie:
        key = b""
    if to_base64(key) != text:
        raise ValueError(f"{option} must be in hex or base64url")
    return key


def _one_value(values: tuple[str, ...]) -> str:
    for value in values:
        if value.startswith("--") and "." not in value:
            raise ValueError(f"unknown option {value.partition('=')[0]}")
    if len(values) > 1:
        raise ValueError(f"expected one VALUE, got {len(values)}; put it in quotes")
    if values and values[0] != "-":
        return values[0]
    if sys.stdin.isatty():
        click.echo("Paste the cookie, then press Ctrl-D (on Windows: Ctrl-Z, Enter):", err=True)
    return sys.stdin.buffer.read().decode("utf-8", "replace")
