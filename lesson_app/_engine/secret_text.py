"""Find invisible characters in a secret, and list what else a server may have read."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import NamedTuple

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
#: UTF-8's byte order mark, read as Latin-1 or Windows-1252.
_BOM_AS_LATIN_1 = _BOM.encode().decode("latin-1")
#: UTF-16's byte order mark, read as UTF-8 with replacement characters, each written as "?".
_BOM_REPLACED = "\u3f3f"
_LINE_BREAKS = "\r\n\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}"


class Variant(NamedTuple):
    """Another form of a secret: how it differs, and its bytes."""

    change: str
    secret: bytes


def problem_of(secret: str | bytes) -> str | None:
    """Return what is wrong with a secret and how to mend it, without the secret; or None.

    Bytes count as text only if all but their ends is printable text in UTF-8 or UTF-16. Of
    10**6 secrets of 16 random bytes, fewer than one is refused; of 32 bytes, of 10**11.
    """
    if _utf_16_text(secret) is not None:
        return "is text in UTF-16; decode it, such as with Path(…).read_text('utf-16').strip()"
    text = _text(secret)
    if isinstance(secret, bytes) and not _core(text).isprintable():
        return None
    if text.startswith((_BOM, _BOM_AS_LATIN_1)):
        return (
            "begins with a byte order mark; remove it, such as with "
            "Path(…).read_text('utf-8-sig').strip()"
        )
    if text.endswith(tuple(_LINE_BREAKS)):
        return "ends with a line break; remove it, such as with .strip()"
    if text != text.strip():
        place = "ends" if text == text.lstrip() else "begins"
        return f"{place} with white space; remove it, such as with .strip()"
    for character in filter(_is_invisible, text):
        return f"contains the invisible character U+{ord(character):04X}; remove it"
    return None


def cleaned(secret: str | bytes) -> list[Variant]:
    """Return the secrets that were probably meant; the last has no fault. At most six."""
    text = _utf_16_text(secret)
    changes = [] if text is None else ["decoded from UTF-16"]
    text = _text(secret) if text is None else text
    found = {_bytes(text): "".join(changes)}
    for change, step in _STEPS.items():
        if (after := step(text)) != text:
            text = after
            changes.append(change)
            found.setdefault(_bytes(text), ", ".join(changes))
    return [
        Variant(how, each) for each, how in found.items() if each not in (b"", _bytes(secret))
    ]


def misread(secret: str | bytes) -> list[Variant]:
    """Return what a server may have read from a file or variable with this secret.

    `secret` has no fault, such as the last of `cleaned`.
    """
    text = _text(secret)
    found = dict[bytes, str]()
    for end, ending in _ENDS.items():
        for form, read in _FORMS.items():
            found.setdefault(read(text + end), ", ".join(filter(None, (form, ending))))
    return [Variant(how, each) for each, how in found.items() if how]


def file_text(raw: bytes) -> str:
    """Decode a text file, in UTF-16 or UTF-8, without its byte order mark."""
    text = _utf_16_text(raw)
    return _text(raw).removeprefix(_BOM) if text is None else text


def _utf_16_text(secret: str | bytes) -> str | None:
    """Return the text of a secret in UTF-16, also of one that was read in another encoding."""
    if isinstance(secret, str):
        if "\0" not in secret:
            return None
        secret = secret.encode("latin-1", "replace")
    for encoding in ("utf-16-le", "utf-16-be"):
        # An odd byte at the end is half of a line break of which the rest was removed.
        text = secret[: len(secret) // 2 * 2].decode(encoding, "replace")
        text = text.removeprefix(_BOM).removeprefix(_BOM_REPLACED)
        # Most pairs of random bytes are some printable character, but 1 in 516 is in ASCII.
        plain = sum("\0" < character < "\x80" for character in text)
        if plain >= max(4, len(text) / 2):
            return text
    return None


def _core(text: str) -> str:
    """Return the text without white space, zero-width characters and NUL at its ends."""
    return text.strip(
        "".join(
            each
            for each in set(text)
            if each.isspace() or each == "\0" or unicodedata.category(each) == "Cf"
        )
    )


def _is_invisible(character: str) -> bool:
    # Controls, zero-width characters, separators of lines and of paragraphs.
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")


def _text(secret: str | bytes) -> str:
    return secret if isinstance(secret, str) else secret.decode(errors="surrogateescape")


def _bytes(secret: str | bytes) -> bytes:
    if isinstance(secret, bytes):
        return secret
    try:
        return secret.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # half a surrogate pair, which `derive_keys` refuses
        return secret.encode(errors="replace")


#: Steps that remove what is invisible, each from what the steps before it left.
_STEPS: dict[str, Callable[[str], str]] = {
    "without its byte order mark": lambda text: text.removeprefix(_BOM).removeprefix(
        _BOM_AS_LATIN_1
    ),
    "without its line break at the end": lambda text: text.rstrip(_LINE_BREAKS),
    "without its carriage returns": lambda text: text.replace("\r\n", "\n"),
    "without white space at its ends": str.strip,
    "without its invisible characters": lambda text: "".join(
        each for each in text if not _is_invisible(each)
    ).strip(),
}
#: What a server may have read after the secret. `echo` in cmd.exe writes a space, too.
_ENDS = {
    "": "",
    "\n": "with a line break at the end",
    "\r\n": "with a Windows line break (CR LF) at the end",
    "\r": "with a carriage return at the end",
    " ": "with a space at the end",
    " \r\n": "with a space and a Windows line break (CR LF) at the end",
}


def _in_utf_16(text: str) -> bytes:
    return (_BOM + text).encode("utf-16-le", "surrogatepass")


#: How a server may have read the secret.
_FORMS: dict[str, Callable[[str], bytes]] = {
    "": _bytes,
    "with a byte order mark in front": lambda text: _bytes(_BOM + text),
    "with a byte order mark, read as Windows-1252, in front": lambda text: _bytes(
        _BOM_AS_LATIN_1 + text
    ),
    "in UTF-16": _in_utf_16,
    # Node's readFileSync(path, "utf8") replaces what it cannot decode.
    "in UTF-16 read as UTF-8": lambda text: _in_utf_16(text).decode(errors="replace").encode(),
    "in UTF-16 read as Windows-1252": lambda text: _in_utf_16(text).decode("latin-1").encode(),
    "in double quotes": lambda text: _bytes(f'"{text}"'),
    "in single quotes": lambda text: _bytes(f"'{text}'"),
}
