"""The fast path gives the same results as `cookie`, and no call affects the next."""

from __future__ import annotations

import copy
import itertools
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import example, given
from hypothesis import strategies as st

from lesson_app import BadCookie, Keys, Unsealed, derive_keys, seal, unseal
from lesson_app._engine.codec import SealedCodec
from lesson_app._engine.prepared import POOL_SIZE, Prepared, read, write
from lesson_app.cookie import CIPHERS, MACS, decrypt, encrypt, sign
from lesson_app.lab import seeded_urandom
from tests.conftest import forge, secret_of

SECRET = secret_of("prepared")
KEYS = derive_keys(SECRET)
IV = bytes(range(16))
LOGIN = {"user": {"userName": "sampleuser", "email": "sampleuser@example.com"}}


def prepare(keys: Keys = KEYS) -> Prepared:
    mac = MACS[keys.mac]
    return Prepared(keys.encryption, keys.signature, mac.hash, mac.length)


READY = prepare()  # shared, so that a call that affects the next one makes a test fail


def outcome(open_it: Any) -> Unsealed | tuple[type[Exception], str, str, bytes]:
    """Return the opened cookie, or the error's type, reason and message."""
    try:
        opened: Unsealed = open_it()
    except BadCookie as bad:
        return type(bad), bad.reason, str(bad), b""
    return opened


@given(st.binary(max_size=100), st.binary(min_size=16, max_size=16))
def test_encrypt(plaintext: bytes, iv: bytes) -> None:
    """A reused context encrypts to the same bytes as a new one, and decrypts them."""
    ciphertext = READY.encrypt(plaintext, iv)

    assert ciphertext == encrypt(plaintext, KEYS, iv)
    assert READY.decrypt(ciphertext, iv) == decrypt(ciphertext, KEYS, iv) == plaintext


@given(st.binary(max_size=100), st.binary(min_size=16, max_size=16))
@example(b"", IV)
@example(b"x" * 16, IV)
def test_decrypt_anything(ciphertext: bytes, iv: bytes) -> None:
    """Random bytes give the same result as in `cookie`, and do not affect the next call."""
    try:
        plain: bytes | None = decrypt(ciphertext, KEYS, iv)
    except BadCookie:
        plain = None

    assert READY.decrypt(ciphertext, iv) == plain
    assert READY.decrypt(encrypt(b"the next", KEYS, IV), IV) == b"the next"


@pytest.mark.parametrize("length", [1, 15, 17, 31, 33])
def test_part_of_a_block_reaches_no_context(length: int) -> None:
    """A partial block is refused before a context can keep it."""
    ready = prepare()
    good = encrypt(b"the next visitor's", KEYS, IV)
    assert ready.decrypt(good, IV) == b"the next visitor's"

    assert ready.decrypt(b"x" * length, IV) is None

    assert ready.decrypt(good, IV) == b"the next visitor's"


@pytest.mark.parametrize("iv", [b"", b"x" * 15, b"x" * 17, b"x" * 32], ids=len)
def test_other_iv_reaches_no_context(iv: bytes) -> None:
    """An IV of another length is refused before a context can keep it."""
    ready = prepare()
    good = ready.encrypt(b"text", IV)
    for use in (ready.encrypt, ready.decrypt):
        with pytest.raises(ValueError, match=f"the IV must have 16 bytes, got {len(iv)}"):
            use(good, iv)

    assert ready.encrypt(b"text", IV) == good
    assert ready.decrypt(good, IV) == b"text"


ALGORITHMS = list(itertools.product(CIPHERS, MACS))


@pytest.mark.parametrize(("cipher", "mac"), ALGORITHMS, ids=map("/".join, ALGORITHMS))
def test_same_cookie(cipher: str, mac: str) -> None:
    """With each cipher and each MAC, the codec gives the same bytes as `seal`."""
    keys = Keys(b"e" * CIPHERS[cipher], b"s" * 64, cipher, mac)
    codec = SealedCodec(keys, urandom=seeded_urandom(3))
    draw = seeded_urandom(3)

    for size in range(40):
        options: dict[str, Any] = {
            "name": "n",
            "created_at": size,
            "duration": 10**size % 2**53,
        }
        content = {"a": "é" * size}
        value = codec.seal(content, **options)
        assert value == seal(content, keys, iv=draw(16), **options)
        assert outcome(lambda v=value: codec.unseal(v, name="n")) == unseal(
            value, keys, name="n"
        )


@given(st.binary(max_size=99), st.binary(max_size=64), st.integers(0, 2**53 - 1))
def test_sign(ciphertext: bytes, iv: bytes, number: int) -> None:
    """A copied HMAC gives the same result as a new one."""
    text = str(number)

    signature = READY.sign(b".".join((iv, ciphertext, text.encode(), b"7")))

    assert signature == sign(iv, ciphertext, text, "7", KEYS)


ODD = "AZaz09-_+/=. !\n\0é\u0663\ud800\U0001f600"


@given(st.integers(0, 250), st.integers(0, 3), st.text(ODD, max_size=5), st.booleans())
@example(0, 0, "", False)
@example(21, 1, "x", True)  # spare bits
@example(21, 1, "x", False)
def test_same_refusal(at: int, cut: int, text: str, strict: bool) -> None:
    """For any changed cookie, codec and `unseal` give the same content or the same error."""
    value = seal(LOGIN, KEYS, created_at=1_700_000_000_000, duration=1, iv=IV)
    value = value[:at] + text + value[at + cut :]
    codec = SealedCodec(KEYS, strict=strict)

    ours = outcome(lambda: codec.unseal(value, name="session"))
    plain = outcome(lambda: unseal(value, KEYS, strict=strict))

    assert ours == plain
    assert getattr(ours, "mac", b"") == getattr(plain, "mac", b"")


SIGNED = {
    "no padding": {"ciphertext": encrypt(b"session={}" + b"\0" * 16, KEYS, bytes(16))[:16]},
    "no block": {"ciphertext": b""},
    "half a block": {"ciphertext": b"x" * 24},
    "other name": {"plaintext": b"other={}"},
    "no name": {"plaintext": b"{}"},
    "not UTF-8": {"plaintext": b'session={"a":"\xff"}'},
    "not JSON": {"plaintext": b"session={'a':1}"},
    "a list": {"plaintext": b"session=[1]"},
    "white space": {"plaintext": b"session= {} "},
    "leading zero": {"created_at": "01"},
    "leading zero of the duration": {"duration": "01"},
    "sixteen digits": {"created_at": "9007199254740993"},
    "sixteen digits of the duration": {"duration": "9007199254740993"},
    "not decimal": {"created_at": "1e3"},
    "short IV": {"iv": bytes(13), "ciphertext": bytes(16)},
    "empty number": {"duration": ""},
    "duration not decimal": {"duration": "1e3"},
    "good": {},
}


@pytest.mark.parametrize("forged", SIGNED.values(), ids=SIGNED)
@pytest.mark.parametrize("strict", [False, True], ids=["", "strict"])
def test_signed_and_unusual(forged: dict[str, Any], strict: bool) -> None:
    """Unusual values with a valid MAC give the same content or the same error, too."""
    usual = {"plaintext": b'session={"a":1}', "created_at": "1", "duration": "1"}
    value = forge(**{**usual, "secret": SECRET, **forged})
    codec = SealedCodec(derive_keys(secret_of("newer")), KEYS, strict=strict)

    ours = outcome(lambda: codec.unseal(value, name="session"))
    plain = outcome(lambda: unseal(value, KEYS, strict=strict))

    # With two keys, the codec raises the error of the keys that got furthest.
    assert ours == (
        Unsealed(plain.content, plain.created_at, plain.duration, rotated=True)
        if isinstance(plain, Unsealed)
        else plain
    )


def test_verify_before_decrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value with a wrong MAC is never decrypted."""
    seen: list[bytes] = []
    monkeypatch.setattr(Prepared, "decrypt", lambda self, text, iv: seen.append(text))
    fields = read(seal({}, KEYS, iv=IV))
    assert fields is not None

    for at, field in enumerate(fields):
        changed = [*fields]
        changed[at] = bytes([field[0] ^ 1]) + field[1:]
        assert READY.open((changed[0], changed[1], changed[2], changed[3], changed[4])) is None
    assert seen == []
    READY.open(fields)
    assert seen == [fields[1]]


UNUSUAL: dict[str, dict[str, Any]] = {
    "content": {"content": [1]},
    "name": {"name": "a=b"},
    "half a name": {"name": "\ud800"},
    "name of bytes": {"name": b"session"},
    "text for a time": {"created_at": "1"},
    "true for a time": {"duration": True},
    "negative": {"duration": -1},
    "too late": {"created_at": 2**53},
    "not JSON": {"content": {"a": {1}}},
}


@pytest.mark.parametrize("options", UNUSUAL.values(), ids=UNUSUAL)
def test_same_error(options: dict[str, Any]) -> None:
    """A wrong argument raises the same error as in `seal`."""
    given: dict[str, Any] = {"content": {}, "name": "s", "created_at": 1, "duration": 1}
    given |= options
    content = given.pop("content")
    with pytest.raises((TypeError, ValueError)) as plain:
        seal(content, KEYS, **given)

    with pytest.raises(plain.type) as ours:
        SealedCodec(KEYS).seal(content, **given)

    assert str(ours.value) == str(plain.value)


@pytest.mark.parametrize("iv", [b"x" * 15, "x" * 16, bytearray(16)], ids=repr)
def test_bad_urandom(iv: Any) -> None:
    """An invalid IV from `urandom` is refused."""
    codec = SealedCodec(KEYS, urandom=lambda _: iv)

    with pytest.raises((TypeError, ValueError), match=r"the IV must have 16|iv must be bytes"):
        codec.seal({}, name="s", created_at=1, duration=1)


def test_each_iv_is_drawn() -> None:
    """Each cookie draws sixteen bytes, never in advance."""
    drawn: list[int] = []

    def draw(size: int) -> bytes:
        drawn.append(size)
        return os.urandom(size)

    codec = SealedCodec(KEYS, urandom=draw)
    values = [codec.seal({}, name="s", created_at=1, duration=1) for _ in range(50)]

    assert drawn == [16] * 50
    assert len({value.split(".")[0] for value in values}) == 50
    assert len({value.split(".")[1] for value in values}) == 50


class Failing:
    """A context that reads the data and then fails."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def update(self, data: bytes) -> bytes:
        """Advance the context, then fail."""
        self._context.update(data)
        raise MemoryError


def test_each_random_block_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default, each cookie draws sixteen bytes from ``os.urandom``."""
    drawn: list[bytes] = []
    system, codec = os.urandom, SealedCodec(KEYS)

    def draw(size: int) -> bytes:
        drawn.append(system(size))
        return drawn[-1]

    monkeypatch.setattr(os, "urandom", draw)

    values = [codec.seal({}, name="s", created_at=1, duration=1) for _ in range(50)]

    assert list(map(len, drawn)) == [16] * 50
    assert len({value.split(".")[0] for value in values}) == 50


def ecb(block: bytes) -> bytes:
    return Cipher(algorithms.AES(KEYS.encryption), modes.ECB()).encryptor().update(block)


@given(st.lists(st.tuples(st.binary(max_size=50), st.booleans()), min_size=1, max_size=6))
def test_fresh_iv(texts: list[tuple[bytes, bool]]) -> None:
    """A fresh IV is the encrypted random block, and the ciphertext matches that IV."""
    ready, last = prepare(), bytes(16)
    for text, fresh in texts:
        iv = IV
        if fresh:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(os, "urandom", lambda size: b"\x5a" * size)
                iv, ciphertext = ready.encrypt_afresh(text)
            assert iv == ecb(bytes(byte ^ 0x5A for byte in last))
        else:
            ciphertext = ready.encrypt(text, IV)

        assert ciphertext == encrypt(text, KEYS, iv)
        last = ciphertext[-16:]


def test_fresh_ivs_look_random() -> None:
    """Two thousand IVs for the same text all differ, and each bit is set in about half."""
    ivs = [READY.encrypt_afresh(b"text")[0] for _ in range(2000)]

    assert len({iv[:8] for iv in ivs}) == 2000
    for bit in range(128):
        ones = sum(int.from_bytes(iv, "big") >> bit & 1 for iv in ivs)
        assert 1000 - 7 * 22.4 < ones < 1000 + 7 * 22.4  # seven standard deviations


def test_pool_keeps_no_session() -> None:
    """The pool keeps one ciphertext block of a session, which the next call needs."""
    ready = prepare()
    sealed = [ready.encrypt(b"text" * 500, IV), ready.encrypt_afresh(b"text" * 500)[1]]
    kept = [last for _, last in ready._encryptors]

    assert kept == [sealed[-1][-16:]]


def test_failed_context_is_dropped() -> None:
    """After an error, the context is not used again."""
    ready = prepare()
    good = ready.encrypt(b"text", IV)
    ready.decrypt(good, IV)
    encryptor, last = ready._encryptors.pop()
    failing: Any = Failing(encryptor)
    ready._encryptors.extend([(failing, last), (failing, last)])
    ready._decryptors.append(Failing(ready._decryptors.pop()))  # type: ignore[arg-type]

    for fails in (
        lambda: ready.encrypt(good, IV),
        lambda: ready.encrypt_afresh(good),
        lambda: ready.decrypt(good, IV),
    ):
        with pytest.raises(MemoryError):
            fails()

    assert (len(ready._encryptors), len(ready._decryptors)) == (0, 0)
    assert ready.encrypt(b"text", IV) == good
    assert ready.decrypt(good, IV) == b"text"


class Entering:
    """A context that seals something else during its call, as a signal handler could."""

    def __init__(self, context: Any, enter: Any) -> None:
        self._context, self._enter = context, enter

    def update(self, data: bytes) -> bytes:
        """Make the other call first."""
        self._enter()
        result: bytes = self._context.update(data)
        return result


def test_call_within_a_call() -> None:
    """A call during another call gets its own context."""
    ready = prepare()
    good = ready.encrypt(b"text", IV)
    ready.decrypt(good, IV)
    inner: list[Any] = []
    encryptor, last = ready._encryptors.pop()
    enter = Entering(encryptor, lambda: inner.append(ready.encrypt(b"text", IV)))
    ready._encryptors.append((enter, last))  # type: ignore[arg-type]
    decrypting = Entering(
        ready._decryptors.pop(), lambda: inner.append(ready.decrypt(good, IV))
    )
    ready._decryptors.append(decrypting)  # type: ignore[arg-type]

    assert ready.encrypt(b"text", IV) == good
    assert ready.decrypt(good, IV) == b"text"
    assert inner == [good, b"text"]
    iv, ciphertext = ready.encrypt_afresh(b"other")
    assert ciphertext == encrypt(b"other", KEYS, iv)
    assert inner == [good, b"text", good]


def test_threads() -> None:
    """Eight threads give correct results for long texts, during which OpenSSL frees the GIL."""
    ready = prepare()
    start = threading.Barrier(8)

    def work(number: int) -> bool:
        start.wait()
        text, iv = bytes([number]) * 70_001, bytes([number]) * 16
        wanted = encrypt(text, KEYS, iv)
        return all(
            ready.encrypt(text, iv) == wanted
            and ready.decrypt(wanted, iv) == text
            and ready.decrypt(*reversed(ready.encrypt_afresh(text))) == text
            for _ in range(40)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_pool_is_limited() -> None:
    """After many simultaneous calls, the pool keeps only its limit."""
    ready = prepare()
    depth = iter(range(POOL_SIZE + 5))

    def enter() -> None:
        if next(depth, None) is not None:
            other = prepare()
            other.decrypt(encrypt(b"", KEYS, IV), IV)
            ready._decryptors.append(Entering(other._decryptors.pop(), enter))  # type: ignore[arg-type]
            ready.decrypt(encrypt(b"text", KEYS, IV), IV)

    enter()

    assert len(ready._decryptors) == POOL_SIZE


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_fork() -> None:
    """After a fork, both processes seal correctly, with different IVs."""
    codec = SealedCodec(KEYS)
    options: dict[str, Any] = {"name": "s", "created_at": 1, "duration": 1}
    codec.unseal(codec.seal(LOGIN, **options), name="s")
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            values = [codec.seal(LOGIN, **options) for _ in range(20)]
            os.write(into, " ".join(values).encode())
        finally:
            os._exit(0)
    os.close(into)
    ours = [codec.seal(LOGIN, **options) for _ in range(20)]
    with os.fdopen(out) as pipe:
        theirs = pipe.read().split()
    os.waitpid(child, 0)

    assert len(theirs) == 20
    assert len({value.split(".")[0] for value in ours + theirs}) == 40
    assert all(codec.unseal(value, name="s").content == LOGIN for value in ours + theirs)
    assert all(unseal(value, KEYS, name="s").content == LOGIN for value in ours + theirs)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))]
)
def test_copies_share_no_context(duplicate: Any) -> None:
    """A copied codec seals correctly; a copy of `Prepared` has no contexts yet."""
    codec = SealedCodec(KEYS)
    codec.seal({}, name="s", created_at=1, duration=1)

    value = duplicate(codec).seal(LOGIN, name="s", created_at=1, duration=1)

    assert codec.unseal(value, name="s").content == LOGIN
    assert not duplicate(READY)._encryptors


def test_keys_are_not_shown() -> None:
    """The repr of prepared keys shows no key."""
    shown = repr([READY, SealedCodec(KEYS)])

    assert repr(KEYS.encryption)[2:8] not in shown
    assert KEYS.signature.hex()[:8] not in shown


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=80), st.binary(max_size=64))
def test_read_what_was_written(iv: bytes, ciphertext: bytes, mac: bytes) -> None:
    """`read` returns the fields that `write` wrote."""
    fields = (iv, ciphertext, b"1", b"120", mac)

    assert read(write(fields)) == fields
