"""``lesson-app copy``: copy the notebooks without their outputs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from ...dissect.words import echo
from .course import course_folder

_SOLUTION = re.compile(r"<details><summary>Solution of E.*?</details>\s*", re.DOTALL)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--notebooks",
    "source",
    type=click.Path(path_type=Path),
    show_default="the course's",
    help="Folder with the notebooks, if you have changed them.",
)
@click.option(
    "--without-solutions",
    is_flag=True,
    help="For marked work: also leave out the solutions below the exercises.",
)
def copy(folder: Path, source: Path | None, without_solutions: bool) -> None:
    """Copy the notebooks to FOLDER, without outputs.

    Existing files are never overwritten; run the command again to add missing notebooks.
    """
    source = source or course_folder()
    notebooks = sorted(source.glob("*.ipynb"))
    if not notebooks:
        raise click.UsageError(
            f"found no notebook (*.ipynb) in {source}; name the folder of the notebooks with "
            "--notebooks"
        )
    if folder.resolve() == source.resolve():
        raise click.UsageError(f"{folder} is the folder of the originals; name another folder")
    copies = {path.name: handout(path, solutions=not without_solutions) for path in notebooks}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in copies.items():
            echo(_write_new(folder / name, text))
    except OSError as error:
        raise click.UsageError(f"{error}; name a folder that you can write to") from None
    if without_solutions:
        echo(
            "The new copies have no solutions. Hints stay, and the installed library still "
            "contains our functions."
        )


def _write_new(path: Path, text: str) -> str:
    """Write a file unless it exists, and return a line that says which."""
    try:
        # Mode x never overwrites, even if the file appears just now.
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return f"kept   {path}: it already exists"
    return f"wrote  {path}"


def handout(path: Path, *, solutions: bool = True) -> str:
    """Return the text of a notebook without outputs, and with or without its solutions."""
    try:
        notebook = json.loads(path.read_bytes())
        notebook["metadata"].pop("widgets", None)  # they show outputs, too
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        if not solutions:
            notebook["cells"] = [c for c in notebook["cells"] if not _became_empty(c)]
    except (ValueError, KeyError, TypeError):
        raise click.UsageError(
            f"{path} is not a valid notebook; restore it, or install lesson-app again"
        ) from None
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _became_empty(cell: dict[str, Any]) -> bool:
    """Remove the solutions from a Markdown cell; return whether nothing is left."""
    source = "".join(cell["source"])
    left = _SOLUTION.sub("", source)
    if cell["cell_type"] != "markdown" or left == source:
        return False
    cell["source"] = left.splitlines(keepends=True)
    return not left.strip()
