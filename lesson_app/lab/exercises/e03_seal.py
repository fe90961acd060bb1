"""The exercises of notebook 03: sign, verify, unseal, seal, and two attacks."""

from __future__ import annotations

from ...cookie import seal, unseal
from .judging import Exercise, misconceptions
from .oracle_judges import judge_last_byte, judge_read_all, last_byte_ours, read_all_ours
from .seal_judges import judge_seal, judge_stretch, seal_ours, stretch_ours, unseal_ours
from .sign_judges import judge_sign, sign_ours
from .unseal_judges import judge_unseal
from .verify_judges import judge_verify, verify_ours

EXERCISES = (
    Exercise(
        "E3.1",
        "sign",
        judge_sign,
        misconceptions(
            times_outside="the MAC does not cover the two times; anyone with a cookie could "
            "extend its lifetime",
            duration_outside="the MAC does not cover the duration; anyone could make a "
            "session last forever",
            iv_outside="the MAC does not cover the IV; flipping its bits changes the first "
            "block, and the server would not notice",
            no_dots="there are no dots between the fields; without them, 1 and 23 get the "
            "same MAC as 12 and 3",
            base64="you signed the base64 strings; sign the bytes that they encode",
            plain_hash="this is a plain hash, with the key first; an attacker can extend a "
            "SHA-256 hash without the key, so use HMAC",
            key_last="this is a plain hash, with the key last; two messages with the same hash "
            "would get the same MAC, so use HMAC",
            no_key="you did not use the key, so anyone can compute this MAC; use "
            "`hmac.digest(key, …)`",
            written_out="`str` and f-strings write bytes as b'…', with the quotes; join the "
            'bytes themselves: `b".".join(…)`',
            swapped="you used the fields as the key, and the key as the message; swap them",
            not_bytes="these are characters, not the MAC's bytes; return the 32 bytes that "
            "`hmac.digest` returns",
            no_digest="`hmac.new` returns an object, not the MAC; return the bytes of its "
            "`.digest()`",
            other_hash='this is an HMAC with another hash function; use `"sha256"`',
        ),
        (
            "Which of the four fields are bytes already, and which are strings?",
            '`.encode()` makes bytes of a string. `b".".join((…))` joins bytes. As in notebook '
            "02, `hmac.digest` takes a key, a message and the name of the hash function.",
            'hmac.digest(key, b".".join((iv, ciphertext, created_at.encode(), …)), "sha256")',
        ),
        (sign_ours,),
        level=1,
        minutes=5,
    ),
    Exercise(
        "E3.2",
        "verify",
        judge_verify,
        misconceptions(
            not_verified="you accepted a changed IV or ciphertext; compute the MAC again, and "
            "compare it with the cookie's",
            fixed_times="you accept only the times of one cookie; give `sign` the times that "
            "arrived",
            times_read_first="you converted the times to numbers before you verified them; an "
            "attacker may send `hello` or `0120000`. Sign the strings as they arrived",
            compared_by_equals="your results are right, but == may stop at the first "
            "difference, and its time shows where; use `hmac.compare_digest`",
            fields_not_counted="if there are not exactly five fields, raise BadFormat; a "
            "visitor may send anything",
            iv_any_length="you accepted an IV of another length; then an attacker can move "
            "the border between IV and ciphertext, and the MAC stays valid",
            not_raised="verify must raise an error for a bad cookie; a caller may overlook "
            "a returned None or False",
            says_yes="you return True; return the four verified fields instead",
            still_base64="the fields are still base64 strings; convert IV, ciphertext and MAC "
            "to bytes with `from_base64`",
            key_ignored="you sign with one fixed key, whatever the caller gives; use the "
            "parameter `key`",
            raised_without_message="the `raise` failed: these errors need two "
            'arguments, as in BadSignature("signature", "the MAC differs")',
        ),
        (
            "What does the server need for a new MAC, and in which of the five fields is it?",
            'value.split(".") returns a list of strings; `from_base64` makes bytes of three of '
            "them. `sign` makes the MAC; `hmac.compare_digest` returns True or False.",
            "if not hmac.compare_digest(mac, sign(iv, ciphertext, created_at, duration, key)): "
            "raise BadSignature(…, …). Before that come the two `if` with BadFormat. At the "
            "end, return the four fields.",
        ),
        (verify_ours,),
        level=2,
        minutes=12,
    ),
    Exercise(
        "E3.3",
        "unseal",
        judge_unseal,
        misconceptions(
            decrypts_first="you decrypt before you verify, and a decryption error may help "
            "an attacker; call `verify` first, then `decrypt`",
            other_key="you mixed up the two keys; `derive_keys` returns the encryption key "
            "first, the signature key second",
            name_not_checked="you opened a cookie that was sealed for another name; compare "
            "the sealed name with the parameter `name`",
            name_begins_alike="you accepted a name of which only a part is right; "
            "compare everything before the first =",
            fixed_key="you ignore the parameter `secret`, so you cannot open cookies of "
            "another secret; derive the keys from it",
            not_raised="unseal must raise an error for a bad cookie; a caller may use a "
            "returned value as a session",
            one_name="a cookie that was sealed for another name does not open under that name; "
            "compare with the parameter `name`, not with a fixed name",
            every_equals="a session may contain =; only the first = ends the name, so use "
            "`partition`",
            content_alone="return three values: the content, created_at and duration",
            content_is_string="the content is still a string; convert it with `json.loads`",
            times_are_strings="created_at and duration are still strings; convert them with "
            "`int(…)`",
            raised_without_message="the `raise` failed: BadName needs two arguments, a code "
            'and a message, as in BadName("name", "sealed for another cookie")',
        ),
        (
            "Which of the two keys does each step need? What does `decrypt` return: a "
            "string or bytes?",
            'text.partition("=") returns what is before the first =, the =, and the rest. '
            "`json.loads` makes a dict of JSON.",
            "If the sealed name is not `name`, raise BadName(…, …). Otherwise, return "
            "json.loads of the rest, and int of both times.",
        ),
        (unseal_ours,),
        level=2,
        minutes=8,
        alike=(unseal,),
    ),
    Exercise(
        "E3.4",
        "seal",
        judge_seal,
        misconceptions(
            no_name="the plaintext lacks the name; encrypt `session=` and then the JSON",
            spaces="the JSON has spaces after : or , and JavaScript writes none; give "
            '`json.dumps` the argument separators=(",", ":")',
            escaped="the JSON has \\u00e9 where JavaScript writes \u00e9; give `json.dumps` "
            "the argument ensure_ascii=False",
            one_key="you signed with the encryption key; sign with the second key of "
            "`derive_keys`",
            signs_plaintext="you signed the plaintext; encrypt first, then sign the ciphertext",
            iv_ignored="you did not use the given iv; make a new one only if it is None",
            iv_again="several cookies have the same IV; call `os.urandom(16)` in the "
            "function's body, each time (Python computes a default value only once)",
            keys_of_another="your cookie does not open with the given secret; derive the keys "
            "from the parameter `secret`",
            fixed_name="your cookie is sealed for another name; use the parameter `name`",
            encrypts_otherwise="the ciphertext does not decrypt; use `encrypt` with the first "
            "key of `derive_keys` and the iv",
        ),
        (
            "What did `unseal` do, step by step? Do the opposite, from the last step to the "
            "first.",
            "`json.dumps(content, …)` writes JSON; its arguments `separators` and "
            "`ensure_ascii` say how. `to_base64` writes a field.",
            'Join the name, "=" and the JSON; encrypt with the first key; sign IV, ciphertext '
            "and str of both times with the second key; join five fields with dots.",
        ),
        (seal_ours,),
        level=2,
        minutes=10,
        must=False,
        alike=(seal,),
    ),
    Exercise(
        "E3.5",
        "stretch",
        judge_stretch,
        misconceptions(
            unchanged="the cookie is the same as before; find its duration, whatever it is",
            other_time="you changed created_at; the duration is the field after it",
            other_field="you changed another field, too; change only the duration",
            in_seconds="this duration is ten years in seconds; the cookie counts milliseconds",
        ),
        (
            "At which position is the duration, if you count from 0?",
            'Split at the dots, replace one field, and join again with ".".join(…).',
            'fields = value.split("."); fields[3] = str(…), in milliseconds',
        ),
        (stretch_ours,),
        level=1,
        minutes=4,
        must=False,
    ),
    Exercise(
        "E3.6",
        "last_byte",
        judge_last_byte,
        misconceptions(
            longer_padding="the server also accepts a guess that makes longer padding, such as "
            "2 2; check that your guess really makes the last byte 1",
            not_mixed="this is what the cipher gives for the last byte; mix it with the last "
            "byte of the real block before",
            forgot_the_1="the accepted guess makes the last byte 1, not 0; mix the 1 in, too",
            returns_guess="this is the guess that was accepted; compute from it what the "
            "cipher gives, and then the plaintext",
            guesses_missing="you never sent the value that fits; a byte has 256 values, from 0 "
            "to 255",
            too_many="you asked more than 600 questions; 256 values and a few checks are "
            "enough",
            never_asked="you never called the parameter `good`; ask it, not a function from "
            "another cell",
            not_a_number="return a number, not bytes; block[15] is a number, block[15:] is "
            "bytes",
        ),
        (
            "For an accepted guess, what is the last byte after the XOR? And which two numbers "
            "can it be, if two guesses are accepted?",
            "Padding 1 is one byte. For longer padding, the server also looks at the byte "
            "before it. What happens if you change that byte and ask again?",
            "Try each guess at iv[15]. If it is accepted, change iv[14] and ask again: only "
            "padding 1 stays right. Then the cipher gives guess ^ 1. Mix it with before[15].",
        ),
        (last_byte_ours,),
        level=3,
        minutes=20,
    ),
    Exercise(
        "E3.7",
        "read_all",
        judge_read_all,
        misconceptions(
            first_block="the first block is missing; the IV is the block before it",
            backwards="your bytes are right, but in another order; a new byte belongs before "
            "those that you know of its block",
            padding_removed="return the plaintext with its padding",
            misled="a server accepted a wrong guess for a last byte, because it made two "
            "bytes of padding; tell that apart, as in last_byte",
            text_not_bytes="return the plaintext as bytes, not as a string",
            asks_too_much="you asked more than 600 questions for each byte; start each byte "
            "from what you know of its block",
        ),
        (
            "You know the last byte that the cipher gives. How do you make the last byte "
            "of the padding 2?",
            "For padding of n bytes, set each known byte of the iv to (what the cipher gives) "
            "^ n. Then guess the byte before them.",
            "given = [last_byte(good, bytes(16), block)]. For n from 2 to 16: iv = "
            "bytes(16 - n) + bytes([guess]) + bytes(g ^ n for g in given). At the end, mix "
            "with the block before.",
        ),
        (read_all_ours,),
        level=3,
        minutes=20,
        must=False,
    ),
)
