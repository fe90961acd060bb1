"""Generate random and changed cookies, and compare how both libraries open them.

Outsiders change cookies. Insiders know the secret, and sign the changed cookies again.
The same arguments give the same values in every run.
"""

from __future__ import annotations

import itertools
import json
import logging
import math
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from lesson_app import BadCookie, Keys, Unsealed, derive_keys, seal, unseal
from lesson_app._engine.javascript import MAX_SAFE_INTEGER, number_text, parse_int, stringify
from lesson_app.app import PAGE_SECRET
from lesson_app.cookie import from_base64, sign, to_base64
from lesson_app.lab import Clock, seeded_urandom
from lesson_app.session import END_OF_TIME
from tests.conftest import forge
from tests.express.peer import PAGE, Decoded, Encode, Opened, Oracle, Sealing, now

logger = logging.getLogger(__name__)
KEYS = derive_keys(PAGE_SECRET)

#: Characters that are invalid in a field of a sealed cookie, or invalid in some positions.
CHARACTERS = (
    "!\"#$%&'()*,/:<=>?@[\\]^`{|}~+-_. \t\n\0\x7f\x80\xa0\xd5\xff"
    "\u0141\u0663\u2028\ufeff\ud800\U0001f600"
)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SPACES = " \t\n\v\f\r\xa0\u1680\u2003\u2028\u3000\ufeff"
NOT_SPACES = "\x1c\x85\u180e\u200b"
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def originals(node: Oracle) -> list[str]:
    """Return cookies from both libraries; a third are expired at the start of `Clock`."""
    noon, urandom = now(Clock()), seeded_urandom(1)
    user: dict[str, Any] = {"user": {"userName": "sampleuser"}, "message": "x" * 150}
    contents: list[dict[str, Any]] = [{}, {"message": "<b> é\U0001f600"}, user]
    times = [(noon, 120_000), (noon - 99_999_999, 10**12), (noon - 200_000, 120_000)]
    sealed = [
        seal({}, derive_keys("another secret"), created_at=noon, iv=urandom(16)),
        seal({}, KEYS, name="another", created_at=noon, iv=urandom(16)),
    ]
    for content, (begin, duration) in itertools.product(contents, times):
        sealed.append(seal(content, KEYS, created_at=begin, duration=duration, iv=urandom(16)))
        sealed += node.encode(Encode(json.dumps(content), begin, duration, urandom(16)))
    return sealed


def outsiders(cookies: Sequence[str], count: int) -> Iterator[str]:
    """Yield cookies with changed bits, characters, numbers or fields."""
    chance = Random(1)
    for _ in range(count):
        yield change(chance.choice(cookies), cookies, chance)


def change(value: str, cookies: Sequence[str], chance: Random) -> str:
    """Change one cookie up to three times, also with fields of the other cookies."""
    fields = value.split(".")
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        change_fields = chance.choices([change_field, *FIELDS_CHANGES], [15, 1, 1, 1, 1, 1])[0]
        change_fields(fields, cookies, chance)
    return ".".join(fields)


def insiders(cookies: Sequence[str], count: int) -> Iterator[str]:
    """Yield changed cookies with a valid MAC, and content that no honest server seals."""
    chance = Random(2)
    for changed in outsiders(cookies, count):
        if chance.random() < 0.5:
            yield sign_again(changed)
            continue
        plaintext = chance.choice(PLAINTEXTS)
        if chance.random() < 0.5:
            at = chance.randrange(len(plaintext) + 1)
            byte = bytes([chance.randrange(256)])
            plaintext = plaintext[:at] + byte + plaintext[at + chance.randrange(2) :]
        created_at = str(chance.choice([0, 1, -5, 4_102_488_000_000, 10**15, 10**21]))
        duration = str(chance.choice([0, 1, -5, 120_000, 10**13, 10**22]))
        forged = forge(plaintext, PAGE_SECRET, created_at=created_at, duration=duration)
        yield sign_again(forged)


def sign_again(value: str, keys: Keys = KEYS) -> str:
    """Replace the MAC by the one that is valid for the other fields, as parsed."""
    fields = value.split(".")
    try:
        iv, ciphertext = (from_base64(field) for field in fields[:2])
        created_at, duration = (js_text(parse_int(field)) for field in fields[2:4])
    except (BadCookie, ValueError):  # invalid base64, or too few fields
        return value
    mac = to_base64(sign(iv, ciphertext, created_at, duration, keys))
    return ".".join([*fields[:4], mac, *fields[5:]])


def js_text(number: float) -> str:
    """Write a number as JavaScript does, including NaN and Infinity."""
    if math.isfinite(number):
        return number_text(number)
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def change_field(fields: list[str], cookies: Sequence[str], chance: Random) -> None:
    at = chance.randrange(len(fields))
    changes = NUMBER_CHANGES if at in (2, 3) and chance.random() < 0.8 else TEXT_CHANGES
    fields[at] = chance.choice(changes)(fields[at], chance)


def swap(fields: list[str], cookies: Sequence[str], chance: Random) -> None:
    a, b = (chance.randrange(len(fields)) for _ in range(2))
    fields[a], fields[b] = fields[b], fields[a]


def graft(fields: list[str], cookies: Sequence[str], chance: Random) -> None:
    """Replace a field by the same field of another cookie."""
    at = chance.randrange(min(len(fields), 5))
    fields[at] = chance.choice(cookies).split(".")[at]


def graft_elsewhere(fields: list[str], cookies: Sequence[str], chance: Random) -> None:
    fields[chance.randrange(len(fields))] = chance.choice(chance.choice(cookies).split("."))


def add_field(fields: list[str], cookies: Sequence[str], chance: Random) -> None:
    fields.insert(chance.randrange(len(fields) + 1), chance.choice(["", "0", "A", *fields]))


def drop_fields(fields: list[str], cookies: Sequence[str], chance: Random) -> None:
    del fields[chance.randrange(1, len(fields) + 1) :]


FIELDS_CHANGES = [swap, graft, graft_elsewhere, add_field, drop_fields]


def flip_bit(field: str, chance: Random) -> str:
    try:
        raw = bytearray(from_base64(field) or b"\0")
    except BadCookie:
        return field[1:]
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return to_base64(bytes(raw))


def flip_bit_of_text(field: str, chance: Random) -> str:
    at = chance.randrange(len(field)) if field else 0
    character = chr(ord(field[at : at + 1] or "A") ^ 1 << chance.randrange(7))
    return field[:at] + character + field[at + 1 :]


def cut(field: str, chance: Random) -> str:
    at = chance.randrange(len(field) + 1)
    return field[:at] + field[at + chance.choice([1, 2, 4, 99]) :]


def add_characters(field: str, chance: Random) -> str:
    """Add one to four characters, often four, which keeps a base64 length valid."""
    for _ in range(chance.choice([1, 2, 3, 4, 4, 4])):
        at = chance.choice([0, len(field), chance.randrange(len(field) + 1)])
        field = field[:at] + chance.choice(CHARACTERS) + field[at:]
    return field


TEXT_CHANGES: list[Callable[[str, Random], str]] = [
    flip_bit,
    flip_bit_of_text,
    cut,
    add_characters,
    # The last base64 character can contain unused bits.
    lambda field, chance: field[:-1] + chance.choice(ALPHABET),
    lambda field, _: field.replace("-", "+").replace("_", "/"),
    lambda field, chance: field + "=" * chance.randrange(1, 5),
    lambda field, chance: field + "=" * chance.randrange(1, 4) + "QUJD"[chance.randrange(4) :],
    lambda field, _: field.swapcase(),
    lambda field, _: f'"{field}"',
    lambda field, _: "",
]
NUMBER_CHANGES: list[Callable[[str, Random], str]] = [
    lambda n, chance: chance.choice(["+", "-", "0", "00000", "+0", "--", "0x", "٣", "_"]) + n,
    lambda n, chance: chance.choice(SPACES) + n,
    lambda n, chance: chance.choice(SPACES + NOT_SPACES) + chance.choice(SPACES) + n,
    lambda n, chance: n + chance.choice(["abc", "e5", "n", "_9", " ", "\xa0", "٣", "-", "é"]),
    lambda n, _: f"{n[:1]}_{n[1:]}",
    lambda n, _: n.translate(ARABIC),
    lambda n, chance: n + "0" * chance.choice([1, 4, 9, 300, 400]),
    lambda n, chance: chance.choice(["", "0", "-0", "1e5", "0x10", "NaN", "Infinity", "-" + n]),
    lambda n, chance: chance.choice(["", "-"]) + "9" * chance.choice([16, 17, 22, 400]),
    lambda n, chance: str(chance.randrange(10 ** chance.randrange(1, 25))),
]

#: Plaintexts of insiders. The first few open; some of the others open only in Node.
PLAINTEXTS = [
    b'session={"message":"hi"}',
    b"session={}",
    b'session={"a":"=","b":[1.5e300,-0,"\\ud83d\\ude00\\ud800"]}',
    b'session= {"a" : 1}\r\n',
    b'session={"__proto__":{"a":1},"b":2,"1":3,"b":4}',
    b'session={"a":"\xff\xc3\xa9\xed\xa0\x80\xf0\x9f\x98"}',
    b'session={"a":"\xc3',
    b'session={"a":9007199254740993,"b":123456789012345678901234567890,"c":1E400}',
    b'session={"a":' + b"9" * 400 + b"}",
    b'session={"a":' + b"[" * 99 + b"]" * 99 + b"}",
    b'session={"a":' + b"[" * 100 + b"]" * 100 + b"}",
    b"session=" + b"[" * 3000,
    b'session={"a":NaN}',
    b'session={"a":-Infinity}',
    b"session={'a':1}",
    b'session={"a":01}',
    b'session={"a":1,}',
    b'session={"a":"\t"}',
    b"session=\xef\xbb\xbf{}",
    b"session=\xc2\xa0{}",
    b"session=[1,2]",
    b'session="text"',
    b"session=null",
    b"session=5",
    b"session=",
    b"session",
    b"",
    b"={}",
    b"Session={}",
    b"session ={}",
    b"session_state={}",
    b"\xef\xbb\xbfsession={}",
]


def open_here(value: str, sealing: Sealing = PAGE) -> Unsealed | BadCookie:
    """Open a value with `unseal`; any other exception than BadCookie is a defect."""
    keys = derive_keys(sealing.keys) if isinstance(sealing.keys, str) else sealing.keys
    try:
        return unseal(value, keys, name=sealing.name)
    except BadCookie as bad:
        return bad


DEFECT = "DEFECT"


def verdict(ours: Unsealed | BadCookie, theirs: Decoded) -> str:
    """Return how both sides opened or refused a value, or DEFECT if they must not differ so."""
    if isinstance(ours, Unsealed):
        read = stringify(ours.content), ours.created_at, ours.duration
        return "opened by both" if read == theirs else DEFECT
    if isinstance(theirs, Opened):
        return _opened_by_node_only(ours, theirs)
    # Node throws only for wrong padding, and checks no time before it decrypts.
    agreed = isinstance(theirs, str) == (ours.reason == "padding") or ours.reason == "time"
    return "refused by both" if agreed else DEFECT


def _opened_by_node_only(ours: BadCookie, theirs: Opened) -> str:
    """Return which known difference this is, or DEFECT. Only insiders can cause them."""
    if ours.reason == "time" and not math.isfinite(theirs.created_at + theirs.duration):
        return "Node only: a time that is NaN or Infinity"
    if ours.reason == "object" and not theirs.content.startswith("{"):
        return "Node only: JSON that is not an object"
    if ours.reason == "json" and "too large for a double" in str(ours):
        return "Node only: a number that JavaScript reads as Infinity"
    if ours.reason == "json" and "lists and dicts deep" in str(ours):
        return "Node only: more than 100 lists and dicts deep"
    return DEFECT


def compare(
    node: Oracle, values: Sequence[str], sealings: Sequence[Sealing] = ()
) -> Counter[str]:
    """Count the verdicts; fail with the values if there is a defect."""
    verdicts: Counter[str] = Counter()
    defects = []
    sealings = sealings or [PAGE] * len(values)
    opened = node.decode(values, sealings)
    for value, sealing, theirs in zip(values, sealings, opened, strict=True):
        ours = open_here(value, sealing)
        found = verdict(ours, theirs)
        verdicts[found] += 1
        if found == DEFECT:
            defects.append((value, sealing, ours, theirs))
    logger.info("%s", dict(verdicts))
    assert defects[:3] == []
    return verdicts


def is_valid(opened: Unsealed, now: int) -> bool:
    """Return whether a session is accepted at `now`, in ms since 1970."""
    end = opened.created_at + opened.duration
    return 0 <= opened.created_at <= end <= END_OF_TIME and now <= end


# Random content, limited to values that both libraries can seal.

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ "
ODD = (
    '"\\/\0\b\t\n\f\r\x1f\x7f\x80\x85\xa0é\u07ff\u0800\u2028\u2029\ud7ff\ue000\ufeff\ufffd'
    "\uffff\U0001f600\U0010ffff.,:;{}[]"
)
HALVES = "\ud800\udbff\udc00\udfff\ud83d\ude00"
ODD_KEYS = [
    "__proto__", "constructor", "toString", "toJSON", "length", "reset", "", "0", "00", "01",
    "-0", "-1", "1.0", "1e3", "4294967293", "4294967294", "4294967295", "4294967296",
    "9007199254740991", "99999999999999999999", "٣",
]  # fmt: skip
ODD_NUMBERS = [
    0, -0.0, 5e-324, 2.2250738585072014e-308, 1e-7, 9.999999999999999e-7, 1e-6, 0.1, 1 / 3, 0.5,
    123456789.125, 2**53 - 1, 1 - 2**53, 2.0**53, 2.0**53 + 2, 1e15, 1e16, 1e17, 1e20,
    999999999999999900000.0, 1e21, 1.5e300, 1.7976931348623157e308,
]  # fmt: skip


def random_text(chance: Random) -> str:
    size = chance.choice([0, 1, 2, 5, 12])
    if chance.random() < 0.1:  # any Unicode character, and surrogates
        return "".join(chr(chance.randrange(0x110000)) for _ in range(size))
    characters = chance.choice([LETTERS, LETTERS + ODD, ODD, ODD + HALVES])
    return "".join(chance.choices(characters, k=size))


def random_number(chance: Random) -> float:
    kind = chance.randrange(5)
    if kind == 0:
        return chance.choice([1, -1]) * chance.choice(ODD_NUMBERS)
    if kind == 1:
        return chance.randrange(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER + 1) >> chance.randrange(54)
    if kind == 2:
        return round(chance.uniform(-1000, 1000), chance.randrange(8))
    if kind == 3:
        return chance.choice([1, -1]) * chance.random() * 10.0 ** chance.randrange(-30, 30)
    (number,) = struct.unpack("d", chance.randbytes(8))
    return float(number) if math.isfinite(number) else 0.5


def random_key(chance: Random) -> str:
    kind = chance.randrange(3)
    if kind == 0:
        return chance.choice(ODD_KEYS)
    if kind == 1:
        return str(chance.randrange(10 ** chance.randrange(1, 12)))
    # Join surrogate pairs: JavaScript would treat "\ud83d\ude00" and "\U0001f600" as one key.
    text = random_text(chance).encode("utf-16", "surrogatepass")
    return text.decode("utf-16", "surrogatepass")


def random_value(chance: Random, depth: int) -> object:
    kind = chance.randrange(4 if depth == 0 else 6)
    if kind == 0:
        return chance.choice([None, True, False, [], {}])
    if kind in (1, 2):
        return random_text(chance)
    if kind == 3:
        return random_number(chance)
    if kind == 4:
        return [random_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return random_dict(chance, depth - 1)


def random_dict(chance: Random, depth: int) -> dict[str, object]:
    size = chance.randrange(4)
    return {random_key(chance): random_value(chance, depth) for _ in range(size)}


def random_content(chance: Random) -> dict[str, object]:
    content = random_dict(chance, 3)
    if chance.random() < 0.02:
        deep: object = random_text(chance)
        for _ in range(chance.randrange(1, 99)):
            deep = [deep] if chance.random() < 0.5 else {random_key(chance): deep}
        content["deep"] = deep
    return content
