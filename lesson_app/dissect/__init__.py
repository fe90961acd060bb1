"""Take a cookie value apart: show what anyone can read and which check of `unseal` fails."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

from .._engine.javascript import parse_int
from ..cookie import (
    FIELDS,
    IV_LENGTH,
    MAX_SIZE,
    TIMES,
    Keys,
    Unsealed,
    decrypt,
    read_fields,
    unseal,
)
from ..errors import BadCookie, BadFormat, BadSignature
from .hints import decoded, fits_a_mac, hints
from .words import columns, moment, rough_span, shortened, span, visible

#: The checks of `unseal` in its order: the reason if one fails, and what it checks.
CHECKS = {
    "fields": "five fields separated by dots",
    "base64": "IV, ciphertext and MAC are base64url",
    "time": "created_at and duration are whole milliseconds",
    "iv": f"the IV has {IV_LENGTH} bytes",
    "signature": "the MAC matches the first four fields",
    "padding": "the ciphertext decrypts to whole, padded blocks",
    "name": "sealed for a cookie named {name}",
    "json": "the rest of the plaintext is JSON",
    "object": "the JSON is an object",
}
OK, FAILED, NOT_REACHED, LOCKED = "ok", "FAILED", "not reached", "needs the secret"

_BLOCK = IV_LENGTH  # in CBC mode an IV is one block
_MOST_FIELDS = 8
_TRIED = (
    "also tried: each line, NAME=VALUE and word of the secrets; other quotes, white space, "
    "line breaks and byte order marks; and UTF-16"
)


class Field(NamedTuple):
    """One field: its text ``value[start:end]``, and what the text means."""

    name: str
    start: int
    text: str
    meaning: str

    @property
    def end(self) -> int:
        """The end of the text in the value, as in a slice."""
        return self.start + len(self.text)

    @property
    def raw(self) -> bytes | None:
        """The decoded bytes; None for a time, or if the text is not base64url."""
        return None if self.name in TIMES else decoded(self.text)


class Check(NamedTuple):
    """One check of `unseal`: the reason if it fails, its claim, and the verdict."""

    reason: str
    claim: str
    verdict: str


class Section(NamedTuple):
    """A table of findings."""

    title: str
    rows: Sequence[tuple[str, ...]]


class Life(NamedTuple):
    """The two times of a cookie and the current time, all in ms."""

    created_at: int
    duration: int
    now: int

    @property
    def expires_at(self) -> int:
        """The last ms at which the cookie is valid."""
        return self.created_at + self.duration

    @property
    def possible(self) -> bool:
        """Whether the calendar has these times; otherwise the cookie is never valid."""
        end = moment(self.expires_at)
        return 0 <= self.created_at <= self.expires_at and end.endswith("UTC")

    @property
    def alive(self) -> bool:
        """Whether the cookie is valid now."""
        return self.possible and self.now <= self.expires_at

    @property
    def share_left(self) -> float:
        """The share of its duration that is left, from 0 to 1."""
        left = max(0, self.expires_at - self.now) if self.possible else 0
        return min(1.0, left / max(1, self.duration))

    def __str__(self) -> str:
        if not self.possible:
            return (
                "never valid: its times are outside the calendar, or it ends before it begins"
            )
        left = rough_span(abs(self.expires_at - self.now))
        if not self.alive:
            return f"expired {left} ago"
        return f"expires in {left} ({self.share_left:.0%} left)"


@dataclass(frozen=True, repr=False)
class Dissection:
    """Everything that can be said about one cookie value; `print` it.

    `opened` is the result of `unseal`. `opened_by` is the label of the keys whose MAC
    matched, and `plaintext` what they decrypted. `life` is None if the times are not numbers.
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
        """The number of fields in the value; `fields` has at most the first eight."""
        return self.value.count(".") + 1

    @property
    def octets(self) -> int:
        """The octets of name and value together, of which browsers keep 4,096."""
        return sum(len(text.encode(errors="surrogatepass")) for text in (self.name, self.value))

    @property
    def json_bytes(self) -> tuple[int, int] | None:
        """The least and greatest possible length of the JSON: padding hides up to 15 bytes."""
        if self.plaintext is not None:
            length = len(self.plaintext.partition(b"=")[2])
            return length, length
        size = self._ciphertext_length
        if not size or size % _BLOCK:
            return None
        rest = size - len(self.name.encode(errors="surrogatepass")) - len("=")
        return max(0, rest - _BLOCK), max(0, rest - 1)

    @property
    def sections(self) -> list[Section]:
        """The tables in order, from which the text and the HTML are made."""
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
        """A title, and the content as indented JSON or the plaintext if it is not a session."""
        if self.opened is not None:
            text = json.dumps(self.opened.content, indent=2, ensure_ascii=False)
            return "Content", "\n".join(map(visible, text.split("\n")))
        if self.plaintext is not None:
            return "Plaintext", shortened(self.plaintext.decode(errors="replace"), 1000)
        return None

    @property
    def _ciphertext_length(self) -> int | None:
        raw = self.fields[1].raw if len(self.fields) == len(FIELDS) else None
        return None if raw is None else len(raw)

    @property
    def _fits_a_mac(self) -> bool:
        return fits_a_mac(self.fields[-1].raw)

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "verdict", self._verdict()
        where = f", from {self.source}" if self.source else ""
        yield "name", f"{shortened(self.name)}{where}"
        if self.life is not None:
            end = moment(self.life.expires_at)
            yield "lifetime", f"{span(self.life.duration)}, until {end}: {self.life}"
        if self.json_bytes is not None:
            least, most = self.json_bytes
            extent = f"{least:,}" if least == most else f"{least:,} to {most:,}"
            blocks = (self._ciphertext_length or 0) // _BLOCK
            plural = "s" * (blocks != 1)
            yield "JSON", f"{extent} bytes, in {blocks:,} block{plural} of {_BLOCK}"
        over = self.octets - MAX_SIZE
        excess = f"; {over:,} too many" if over > 0 else ""
        kept = f"of the {MAX_SIZE:,} bytes that browsers keep for name and value"
        yield "size", f"{self.octets:,} {kept}{excess}"

    def _verdict(self) -> str:
        cut = "" if self._fits_a_mac else "; the MAC was cut or changed: copy all of the value"
        if self.reason is not None:
            return f"does not open: {self.reason}{cut if self.reason == 'signature' else ''}"
        if self.opened is None:
            return f"well-formed{cut or '; give a secret to check whether it opens'}"
        opens = f"opens with {visible(self.opened_by or '')}"
        if self.life and self.life.alive:
            return opens
        possible = self.life and self.life.possible
        return f"{opens}, but {'has expired' if possible else 'its times are invalid'}"

    def __repr__(self) -> str:
        blocks = ["\n".join([title, *columns(rows)]) for title, rows in self.sections]
        if self.inside:
            title, text = self.inside
            blocks.append("\n  ".join([title, *text.split("\n")]))
        return "\n\n".join(blocks)

    def as_dict(self) -> dict[str, Any]:
        """Return the same as data for JSON: times in ms, None for anything unknown.

        - `verdict`: "opens", "refused" or "well-formed"; `reason`: of the failed check
        - `name`, `source`, `characters`, `octets`, `octets_allowed`
        - `field_count`; `fields`, at most eight: each with `name`, `start`, `end`, `text`,
          `bytes`, `meaning`
        - `created_at`, `duration`, `expires_at`, `now`, `alive`
        - `ciphertext_blocks`, `json_bytes`: the least and the greatest possible length
        - `checks`: each with `reason`, `claim`, `verdict`
        - `opened_by`, `content`, `plaintext`, `notes`
        """
        life, size, plaintext = self.life, self._ciphertext_length, self.plaintext
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
    others: Mapping[str, Keys] | None = None,
    name: str = "session",
    now: int | None = None,
    source: str = "",
) -> Dissection:
    """Take `value` apart, and try to open it with each of the labelled `keys`.

    Without keys, only the checks that need no secret are made. The labelled `others` are
    tried if the MAC of no `keys` matches. `now` is in ms since 1970, by default the
    computer's time. `source` says where the value was found.
    """
    if not name or "=" in name:
        raise ValueError(f"name must be text without '=', got {name!r}")
    now = time.time_ns() // 1_000_000 if now is None else now
    keys, others = keys or {}, others or {}
    opened, refusal, label = _try(value, keys, name)
    if isinstance(refusal, BadSignature) and others:
        opened, refusal, label = _try(value, others, name)
    plaintext = None
    if label is not None and (refusal is None or refusal.reason != "padding"):
        iv, ciphertext, *_ = read_fields(value)
        plaintext = decrypt(ciphertext, {**others, **keys}[label], iv)
    fields = _fields(value)
    texts = {field.name: field.text for field in fields}
    notes = list(hints(texts, refusal, keys.values(), plaintext))
    if label is not None and label in others:
        notes.insert(
            0,
            f"no secret opens it as given: the server that sealed it read {visible(label)}; "
            "let all servers read the same",
        )
    elif isinstance(refusal, BadSignature) and others and fits_a_mac(fields[-1].raw):
        notes.append(_TRIED)
    return Dissection(
        value=value,
        name=name,
        source=source,
        now=now,
        fields=fields,
        checks=tuple(_checks(refusal, name, locked=not keys)),
        life=_life(texts, now),
        opened=opened,
        opened_by=label,
        plaintext=plaintext,
        notes=tuple(notes),
    )


def _try(
    value: str, keys: Mapping[str, Keys], name: str
) -> tuple[Unsealed | None, BadCookie | None, str | None]:
    """Return the opened cookie or the refusal, and the label of the keys whose MAC matched.

    Without keys, try only the step of `unseal` that needs none. Of several refusals, return
    the one of the keys that got furthest, as a codec does.
    """
    if not keys:
        try:
            read_fields(value)
        except BadFormat as bad:
            return None, bad, None
        return None, None, None
    refusals: list[tuple[BadCookie, str]] = []
    for label, each in keys.items():
        try:
            return unseal(value, each, name=name), None, label
        except BadCookie as bad:
            refusals.append((bad, label))
    order = list(CHECKS)
    refusal, label = max(refusals, key=lambda refused: order.index(refused[0].reason))
    return None, refusal, None if isinstance(refusal, BadFormat | BadSignature) else label


def _checks(refusal: BadCookie | None, name: str, *, locked: bool) -> Iterator[Check]:
    verdict = OK
    for reason, claim in CHECKS.items():
        if refusal is not None and reason == refusal.reason:
            yield Check(reason, shortened(str(refusal), 300), FAILED)
            verdict = NOT_REACHED
            continue
        if locked and reason == "signature" and verdict == OK:
            verdict = LOCKED
        yield Check(reason, claim.format(name=shortened(name)), verdict)


def _fields(value: str) -> tuple[Field, ...]:
    texts = value.split(".")[:_MOST_FIELDS]
    starts = accumulate((len(text) + 1 for text in texts), initial=0)
    names = FIELDS if len(texts) == len(FIELDS) else [f"no. {i + 1}" for i in range(len(texts))]
    return tuple(
        Field(name, start, text, _meaning(name, text))
        for name, start, text in zip(names, starts, texts, strict=False)
    )


def _meaning(name: str, text: str) -> str:
    if name not in TIMES:
        return size(text)
    ms = _milliseconds(text)
    if ms is None:
        return "not a whole number"
    return moment(ms) if name == "created_at" else span(ms)


def size(text: str) -> str:
    """Return the size of a base64url text's bytes, such as ``16 bytes``."""
    raw = decoded(text)
    if raw is None:
        return "not base64url"
    return f"{len(raw)} byte{'s' * (len(raw) != 1)}"


def _milliseconds(text: str) -> int | None:
    number = parse_int(text)
    return int(number) if math.isfinite(number) else None


def _life(texts: Mapping[str, str], now: int) -> Life | None:
    created_at, duration = (_milliseconds(texts.get(name, "")) for name in TIMES)
    if created_at is None or duration is None:
        return None
    return Life(created_at, duration, now)


def _field_dict(field: Field) -> dict[str, Any]:
    length = None if field.raw is None else len(field.raw)
    return {**field._asdict(), "end": field.end, "bytes": length}
