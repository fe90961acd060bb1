"""Tell who handed a file in: from the names that Moodle and Canvas give, or from the folder."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePath

from ..results import Student

_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?",
    re.DOTALL,
)
# Not a date, such as hw_2026_11_23_seal.ipynb.
_CANVAS = re.compile(
    r"(?P<name>[^\W_]+?)(?P<late>_LATE)?_(?!20\d\d_[01]?\d_)(?P<user>[1-9]\d*)"
    r"_(?:(?P<submission>[1-9]\d*)_(?P<file>.+)|(?:text|link)\.html)",
    re.DOTALL,
)
_CANVAS_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<name>\w{5})_(?P<submission>\d+)_(?P<file>.+)", re.DOTALL
)
_NOTEBOOKS = (
    "00_read_someones_cookie", "01_make_http_remember", "02_encrypt_the_session",
    "03_seal_it", "04_write_the_middleware", "05_write_the_routes", "06_guard_the_door",
    "07_break_it", "08_ship_it", "09_your_own_app",
)  # fmt: skip
_COPY = re.compile(
    rf"(?:copy of |kopie von |copie de )?(?:{'|'.join(_NOTEBOOKS)})"
    r"(?:[ _-]*(?:copy|kopie|copie)?[ _-]*\(?\d{0,2}\)?)?|\d\d",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Upload:
    """What an LMS wrote into the name of a file or folder.

    `number` tells two students of one name apart. `file` is the learner's own name of the
    file, if the name has it. `kind` is Moodle's: "file" or "onlinetext".
    """

    name: str
    number: str
    kind: str = "file"
    file: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def upload(name: str) -> Upload | None:
    """Return what Moodle or Canvas wrote into a name; None if neither did."""
    name = text(name)
    if found := _MOODLE.fullmatch(name):
        number, file = found["number"], found["file"] or ""
        return Upload(found["name"].strip(), number, found["kind"], file, {"moodle": number})
    if found := _CANVAS.fullmatch(name):
        fields = {"canvas_user": found["user"], "canvas_submission": found["submission"] or ""}
        number = found["user"]
    elif found := _CANVAS_ANONYMOUS.fullmatch(name):
        fields, number = {"canvas_submission": found["submission"]}, ""
    else:
        return None
    if found["late"]:
        fields["late"] = "yes"
    return Upload(found["name"], number, "file", found["file"] or "", fields)


def text(name: str) -> str:
    """Return a file's name in composed characters, without bytes that are no text."""
    return unicodedata.normalize("NFC", name.encode(errors="backslashreplace").decode())


def from_folder(name: str) -> Student:
    """Return the student that a folder, or an archive in its place, is named after."""
    path = PurePath(name)
    name = text(path.stem if path.suffix.casefold() == ".zip" else name).strip()
    return Student(name, name)


def from_file(name: str) -> Student | None:
    """Return the student that a file is named after; None if it has a notebook's own name."""
    stem = re.split(r"\.ipynb", text(name), flags=re.IGNORECASE)[0]
    stem = (PurePath(stem).stem if stem == text(name) else stem).strip()
    return None if not stem or _COPY.fullmatch(stem) else Student(stem, stem)
