"""``lesson-app copy``: copy the notebooks without their outputs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import click

from ...dissect.words import echo

# The target of a link in Markdown, or in HTML inside Markdown.
_LINK = re.compile(
    r"""(?P<before>\]\(\s*<?|^\ {0,3}\[[^\]\n]+\]:\s*<?|\b(?:href|src)\s*=\s*["'])"""
    r"""(?P<target>(?<=<)[^<>\n]+(?=>)|[^\s()<>"']+)""",
    re.MULTILINE,
)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--notebooks",
    "source",
    type=click.Path(path_type=Path),
    default=Path("notebooks"),
    show_default=True,
    help="Folder with the course's notebooks.",
)
def copy(folder: Path, source: Path) -> None:
    """Copy the notebooks to FOLDER, without outputs.

    Existing files are never overwritten; run the command again to add missing notebooks.
    """
    notebooks = sorted(source.glob("*.ipynb"))
    if not notebooks:
        raise click.UsageError(
            f"found no notebook (*.ipynb) in {source}; run this in the course's folder, or "
            "name the folder of its notebooks with --notebooks"
        )
    if folder.resolve() == source.resolve():
        raise click.UsageError(f"{folder} is the folder of the originals; name another folder")
    copies = {path.name: without_outputs(path, folder) for path in notebooks}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in copies.items():
            echo(_write_new(folder / name, text))
    except OSError as error:
        raise click.UsageError(f"{error}; name a folder that you can write to") from None


def _write_new(path: Path, text: str) -> str:
    """Write a file unless it exists, and return a line that says which."""
    try:
        # Mode x never overwrites, even if the file appears just now.
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return f"kept   {path}: it already exists"
    return f"wrote  {path}"


def without_outputs(path: Path, folder: Path) -> str:
    """Return the text of the notebook `path` without outputs, its links adapted to `folder`."""
    try:
        notebook = json.loads(path.read_bytes())
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = []
                cell["execution_count"] = None
            elif cell["cell_type"] == "markdown":
                cell["source"] = _relinked(cell["source"], path.parent, folder)
    except (ValueError, KeyError, TypeError):
        raise click.UsageError(
            f"{path} is not a valid notebook; restore it: git restore {path}"
        ) from None
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _relinked(source: str | list[str], old: Path, new: Path) -> str | list[str]:
    def rewrite(link: re.Match[str]) -> str:
        return link["before"] + _moved(link["target"], old, new)

    if isinstance(source, list):
        return [_LINK.sub(rewrite, line) for line in source]
    return _LINK.sub(rewrite, source)


def _moved(target: str, old: Path, new: Path) -> str:
    """Return the target that leads to the same file from the folder `new`."""
    parts = urlsplit(target)
    if parts.scheme or not parts.path or parts.path.startswith("/"):
        return target
    aim = (old.resolve() / unquote(parts.path)).resolve()
    if not aim.exists() or (aim.parent == old.resolve() and aim.suffix == ".ipynb"):
        return target  # no such file, or a notebook that is copied too
    try:
        path = Path(os.path.relpath(aim, new.resolve())).as_posix()
    except ValueError:
        return target  # on another Windows drive
    return parts._replace(path=quote(path)).geturl()
