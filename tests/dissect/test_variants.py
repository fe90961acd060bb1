"""Other secrets that a given one may stand for."""

from __future__ import annotations

import pytest

from lesson_app.dissect.variants import variants

CLEAN = "Zk3vQ9xT1bLrW8nYc5HdPu7EaMs2GjKf"
OTHER = "an older secret"

PARTS = {
    "lines": (f"{OTHER}\n{CLEAN}\n", "line 2 of the file"),
    "Windows lines": (f"\ufeff{OTHER}\r\n\r\n{CLEAN}\r\n", "line 3 of the file"),
    "env": (f"SECRET_KEY={CLEAN}", "SECRET_KEY in the file"),
    "env with more": (
        f"# our app\nA=1\nSECRET_KEY={CLEAN}\n",
        "SECRET_KEY in line 3 of the file",
    ),
    "env with empty lines": (f"\n\nSECRET_KEY={CLEAN}\n\n", "SECRET_KEY in the file"),
    "export": (f"export SECRET_KEY={CLEAN}", "SECRET_KEY in the file"),
    "PowerShell": (
        f"$env:SECRET_KEY = '{CLEAN}'",
        "SECRET_KEY in the file without its quotes",
    ),
    "cmd.exe": (f"set SECRET_KEY={CLEAN}", "SECRET_KEY in the file"),
    "quotes": (f'"{CLEAN}"', "the file without its quotes"),
    "quoted value": (f"a=1\nK='{CLEAN}'", "K in line 2 of the file without its quotes"),
    "rotation": (f"K={OTHER} {CLEAN}", "secret no. 4 of K in the file"),
    "mark": (f"\ufeff{CLEAN}", "the file without its byte order mark"),
    "line break": (f"{CLEAN}\n", "the file without its line break at the end"),
    "mark and line break": (
        f"\ufeff{CLEAN}\n",
        "the file without its byte order mark, without its line break at the end",
    ),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(("text", "label"), PARTS.values(), ids=PARTS)
def test_part(text: str, label: str, encoding: str) -> None:
    """The secret within a text is found, also in UTF-16, and its label says where."""
    found = variants({"the file": text.encode(encoding)})

    labels = {secret: label for label, secret in found.items()}
    shown = labels[CLEAN.encode()]
    assert shown == label or (encoding == "utf-16" and "decoded from UTF-16" in shown)


@pytest.mark.parametrize(
    ("given", "read", "label"),
    [
        (CLEAN, f"{CLEAN}\n", "it with a line break at the end"),
        (CLEAN, f"\ufeff{CLEAN}", "it with a byte order mark in front"),
        (
            f"{CLEAN}\n",
            f"{CLEAN}\r\n",
            "it cleaned, with a Windows line break (CR LF) at the end",
        ),
        (f"\ufeff{CLEAN}", f"{CLEAN}\n", "it cleaned, with a line break at the end"),
        (f"\ufeff{CLEAN}", f"\ufeff{CLEAN}\n", "it with a line break at the end"),
        (f"K={CLEAN}", f'"{CLEAN}"', "K in it in double quotes"),
    ],
    ids=ascii,
)
def test_misread(given: str, read: str, label: str) -> None:
    """What another server may have read of the same secret is tried, too."""
    assert variants({"it": given.encode()})[label] == read.encode()


@pytest.mark.parametrize("text", [*(text for text, _ in PARTS.values()), CLEAN])
def test_labels(text: str) -> None:
    """No label has a secret in it, and no secret is tried twice or is empty."""
    found = variants({"it": text.encode()})

    assert not any(CLEAN[:4] in label or OTHER[:4] in label for label in found)
    assert len(set(found.values())) == len(found)
    assert not {b"", text.encode()} & set(found.values())


def test_bound() -> None:
    """Only so many parts of a long text are tried."""
    words = " ".join(map(str, range(100_000)))

    assert len(variants({"it": words.encode()})) < 10_000


@pytest.mark.parametrize("secret", [b"", b"\n", bytes(range(256)), b"\xff\xfe", b"=", b'"'])
def test_any_bytes(secret: bytes) -> None:
    """Any bytes have variants, and none of them is empty."""
    assert all(variants({"it": secret}).values())
