"""Take a cookie value apart: what anyone can read, and which check of `unseal` it fails."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

from .._engine.javascript import parse_int
from ..cookie import IV_LENGTH, MAX_SIZE, Keys, Unsealed, decrypt, from_base64, unseal
from ..errors import BadCookie, BadFormat, BadSignature
from .hints import hints
from .words import columns, moment, shortened, span, visible

#: The checks that `unseal` makes, in its order: the reason of its refusal, and the claim.
CHECKS = {
    "fields": "five fields between dots",
    "base64": "IV, ciphertext and MAC are base64url",
    "time": "created_at and duration are whole milliseconds",
    "iv": f"the IV is {IV_LENGTH} bytes long",
    "signature": "the MAC is right for the four fields before it",
    "padding": "the ciphertext decrypts to whole, padded blocks",
    "name": "it was sealed for the cookie {name}",
    "json": "the rest of the plaintext is JSON",
    "object": "the JSON is an object",
}
OK, FAILED, NOT_REACHED, LOCKED = "ok", "FAILED", "not reached", "needs the secret"

_BLOCK = IV_LENGTH  # in CBC mode an IV is one block
_NAMES = ("iv", "ciphertext", "created_at", "duration", "mac")
_TIMES = ("created_at", "duration")
_MOST_FIELDS = 8


class Field(NamedTuple):
    """One of the texts between the dots: ``value[start:end]``, and what it stands for."""

    name: str
    start: int
    text: str
    meaning: str

    @property
    def end(self) -> int:
        """Where the text ends in the value, as in a slice."""
        return self.start + len(self.text)

    @property
    def raw(self) -> bytes | None:
        """The bytes that the text stands for in base64url; None for a time, or no such text."""
        if self.name in _TIMES:
            return None
        try:
            return from_base64(self.text)
        except BadCookie:
            return None


class Check(NamedTuple):
    """One check of `unseal`: the reason if it fails, its claim, and how it went."""

    reason: str
    claim: str
    verdict: str


class Section(NamedTuple):
    """A table of what was found out."""

    title: str
    rows: Sequence[tuple[str, ...]]


class Life(NamedTuple):
    """The two times of a cookie, in ms, and the moment at which they are looked at."""

    created_at: int
    duration: int
    now: int

    @property
    def expires_at(self) -> int:
        """The last moment at which the cookie is honoured."""
        return self.created_at + self.duration

    @property
    def possible(self) -> bool:
        """Whether the times are those of a calendar; otherwise it never lives."""
        end = moment(self.expires_at)
        return 0 <= self.created_at <= self.expires_at and end.endswith("UTC")

    @property
    def alive(self) -> bool:
        """Whether the cookie is honoured now."""
        return self.possible and self.now <= self.expires_at

    @property
    def share_left(self) -> float:
        """Which part of its duration is left to it, from 0 to 1."""
        left = max(0, self.expires_at - self.now) if self.possible else 0
        return min(1.0, left / max(1, self.duration))

    def __str__(self) -> str:
        if not self.possible:
            return "never alive: its times are out of the calendar, or end before they begin"
        left = " ".join(span(abs(self.expires_at - self.now)).split()[:4])
        if not self.alive:
            return f"expired {left} ago"
        return f"alive for another {left} ({self.share_left:.0%})"


@dataclass(frozen=True, repr=False)
class Dissection:
    """What there is to say of one cookie value; `print` it.

    `opened` is what `unseal` returned, `opened_by` which of the keys had the right MAC,
    `plaintext` what they decrypted it to; `life` is None if the times are none.
    """

    value: str
    name: str
    source: str
    now: int
    fields: tuple[Field, ...]
    checks: tuple[Check, ...]
    life: Life | None
    opened: Unsealed | None
    opened_by: str | None
    plaintext: bytes | None
    notes: tuple[str, ...]

    @property
    def reason(self) -> str | None:
        """The reason of the check that failed, if one did."""
        return next((c.reason for c in self.checks if c.verdict == FAILED), None)

    @property
    def field_count(self) -> int:
        """How many fields the value has; of more than eight, `fields` holds the first."""
        return self.value.count(".") + 1

    @property
    def octets(self) -> int:
        """How much of a browser's 4,096 octets the cookie takes: its name and its value."""
        return sum(len(text.encode(errors="surrogatepass")) for text in (self.name, self.value))

    @property
    def json_bytes(self) -> tuple[int, int] | None:
        """Between which lengths the JSON lies: padding hides up to 15 bytes of it."""
        if self.plaintext is not None:
            length = len(self.plaintext.partition(b"=")[2])
            return length, length
        size = _length(self.fields, 1)
        if not size or size % _BLOCK:
            return None
        rest = size - len(self.name.encode(errors="surrogatepass")) - len("=")
        return max(0, rest - _BLOCK), max(0, rest - 1)

    @property
    def sections(self) -> list[Section]:
        """All that is told in tables, in order; the text and the HTML are made of it."""
        fields = [
            (f.name, f"[{f.start}:{f.end}]", shortened(f.text), f.meaning) for f in self.fields
        ]
        if len(self.fields) < self.field_count:
            fields.append(("and", f"{self.field_count - len(self.fields):,} more", "", ""))
        sections = [
            Section("Cookie", list(self._facts())),
            Section("Fields: the slices of the value", fields),
            Section("Checks, in order", [(c.verdict, c.reason, c.claim) for c in self.checks]),
        ]
        notes = Section("Notes", [("-", note) for note in self.notes])
        return [*sections, notes] if self.notes else sections

    @property
    def inside(self) -> tuple[str, str] | None:
        """A title and the content in readable JSON; or the plaintext, if it is none."""
        if self.opened is not None:
            text = json.dumps(self.opened.content, indent=2, ensure_ascii=False)
            return "Content", "\n".join(map(visible, text.split("\n")))
        if self.plaintext is not None:
            return "Plaintext", shortened(self.plaintext.decode(errors="replace"), 1000)
        return None

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "verdict", self._verdict()
        where = f", from {self.source}" if self.source else ""
        yield "name", f"{shortened(self.name)}{where}"
        if self.life is not None:
            end = moment(self.life.expires_at)
            yield "life", f"{span(self.life.duration)}, until {end}: {self.life}"
        if self.json_bytes is not None:
            least, most = self.json_bytes
            extent = f"{least:,}" if least == most else f"{least:,} to {most:,}"
            blocks = (_length(self.fields, 1) or 0) // _BLOCK
            yield (
                "JSON",
                f"{extent} bytes, in {blocks:,} block{'s' * (blocks != 1)} of {_BLOCK}",
            )
        over = self.octets - MAX_SIZE
        excess = f"; {over:,} too many, browsers drop it" if over > 0 else ""
        kept = f"of the {MAX_SIZE:,} that browsers keep{excess}"
        yield "size", f"{self.octets:,} bytes, name and value, {kept}"

    def _verdict(self) -> str:
        if self.reason is not None:
            return f"does not open: {self.reason}"
        if self.opened is None:
            return "well-formed; whether it opens, only its secret tells"
        opens = f"opens with {visible(self.opened_by or '')}"
        return opens if self.life and self.life.alive else f"{opens}, but is not alive"

    def __repr__(self) -> str:
        blocks = ["\n".join([title, *columns(rows)]) for title, rows in self.sections]
        if self.inside:
            title, text = self.inside
            blocks.append("\n  ".join([title, *text.split("\n")]))
        return "\n\n".join(blocks)

    def as_dict(self) -> dict[str, Any]:
        """Return the same as data for JSON; times in ms, what is unknown is None.

        - `verdict`: "opens", "refused" or "well-formed"; `reason`: of the failed check
        - `name`, `source`, `characters`, `octets`, `octets_allowed`
        - `field_count`; `fields`, eight at most: each with `name`, `start`, `end`, `text`,
          `bytes`, `meaning`
        - `created_at`, `duration`, `expires_at`, `now`, `alive`
        - `ciphertext_blocks`, `json_bytes`: the least and the most
        - `checks`: each with `reason`, `claim`, `verdict`
        - `opened_by`, `content`, `plaintext`, `notes`
        """
        life, size, plaintext = self.life, _length(self.fields, 1), self.plaintext
        return {
            "verdict": "refused" if self.reason else "opens" if self.opened else "well-formed",
            "reason": self.reason,
            "name": self.name,
            "source": self.source,
            "characters": len(self.value),
            "octets": self.octets,
            "octets_allowed": MAX_SIZE,
            "field_count": self.field_count,
            "fields": [_field_dict(field) for field in self.fields],
            "created_at": life and life.created_at,
            "duration": life and life.duration,
            "expires_at": life and life.expires_at,
            "now": self.now,
            "alive": life and life.alive,
            "ciphertext_blocks": None if size is None else size // _BLOCK,
            "json_bytes": self.json_bytes,
            "checks": [{**c._asdict(), "verdict": c.verdict.lower()} for c in self.checks],
            "opened_by": self.opened_by,
            "content": self.opened and self.opened.content,
            "plaintext": None if plaintext is None else plaintext.decode(errors="replace"),
            "notes": list(self.notes),
        }


def dissect(
    value: str,
    keys: Mapping[str, Keys] | None = None,
    *,
    name: str = "session",
    now: int | None = None,
    source: str = "",
) -> Dissection:
    """Take `value` apart, and try to open it with each of the named `keys`.

    Without keys, the checks from the MAC on stay open. `now` is in ms since 1970, the
    computer's time by default; `source` is a word on where the value comes from.
    """
    if not name or "=" in name:
        raise ValueError(f"the cookie's name is {name!r}: give text without '='")
    now = time.time_ns() // 1_000_000 if now is None else now
    # Keys that sealed nothing bring `unseal` as far as the MAC.
    tried = keys or {"": Keys(os.urandom(32), os.urandom(32))}
    opened, refusal, label = _try(value, tried, name)
    fields = _fields(value)
    plaintext = None
    if label is not None and (refusal is None or refusal.reason != "padding"):
        iv, ciphertext = (field.raw or b"" for field in fields[:2])
        plaintext = decrypt(ciphertext, tried[label], iv)
    locked = not keys and isinstance(refusal, BadSignature)
    refusal = None if locked else refusal
    texts = {field.name: field.text for field in fields}
    return Dissection(
        value=value,
        name=name,
        source=source,
        now=now,
        fields=fields,
        checks=tuple(_checks(refusal, name, locked=locked)),
        life=_life(fields, now),
        opened=opened,
        opened_by=label,
        plaintext=plaintext,
        notes=tuple(hints(texts, refusal, (keys or {}).values(), plaintext)),
    )


def _try(
    value: str, keys: Mapping[str, Keys], name: str
) -> tuple[Unsealed | None, BadCookie | None, str | None]:
    """Open the value as a codec does: only a wrong MAC leads on to the next keys.

    Returns what was opened, or why not, and which keys had the right MAC.
    """
    refusal: BadCookie | None = None
    for label, each in keys.items():
        try:
            return unseal(value, each, name=name), None, label
        except BadSignature as bad:
            refusal = bad
        except BadFormat as bad:
            return None, bad, None
        except BadCookie as bad:
            return None, bad, label
    return None, refusal, None


def _checks(refusal: BadCookie | None, name: str, *, locked: bool) -> Iterator[Check]:
    verdict = OK
    for reason, claim in CHECKS.items():
        if locked and reason == "signature":
            verdict = LOCKED
        if refusal is not None and reason == refusal.reason:
            yield Check(reason, shortened(str(refusal), 300), FAILED)
            verdict = NOT_REACHED
        else:
            yield Check(reason, claim.format(name=shortened(name)), verdict)


def _fields(value: str) -> tuple[Field, ...]:
    texts = value.split(".")[:_MOST_FIELDS]
    starts = accumulate((len(text) + 1 for text in texts), initial=0)
    names = _NAMES if len(texts) == len(_NAMES) else [f"no. {i + 1}" for i in range(len(texts))]
    return tuple(
        Field(name, start, text, _meaning(name, text))
        for name, start, text in zip(names, starts, texts, strict=False)
    )


def _meaning(name: str, text: str) -> str:
    if name not in _TIMES:
        return size(text)
    number = parse_int(text)
    if not math.isfinite(number):
        return "no whole number"
    return moment(int(number)) if name == "created_at" else span(int(number))


def size(text: str) -> str:
    """Say how many bytes a text in base64url stands for."""
    try:
        return f"{len(from_base64(text))} bytes"
    except BadCookie:
        return "not base64url"


def _length(fields: Sequence[Field], index: int) -> int | None:
    """The length in bytes of one of five fields, if there are five, and it has one."""
    raw = fields[index].raw if len(fields) == len(_NAMES) else None
    return None if raw is None else len(raw)


def _life(fields: Sequence[Field], now: int) -> Life | None:
    if len(fields) != len(_NAMES):
        return None
    created_at, duration = (parse_int(field.text) for field in fields[2:4])
    if not (math.isfinite(created_at) and math.isfinite(duration)):
        return None
    return Life(int(created_at), int(duration), now)


def _field_dict(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "start": field.start,
        "end": field.end,
        "text": field.text,
        "bytes": None if field.raw is None else len(field.raw),
        "meaning": field.meaning,
    }
