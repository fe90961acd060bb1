"""What learners misunderstand in notebook 07, by flag."""

from __future__ import annotations

from collections.abc import Mapping

from .judging import misconceptions

KNOWN: dict[int, Mapping[str, str]] = {
    1: misconceptions(
        in_hand="you read the target's secret, which an attacker cannot do; this one is "
        "printed on the Express course page: SECRET",
        never_asked="you have not requested /flag; send your forged cookie there, with a GET",
        logs_in="you also logged in, which this attack does not need; send the forged cookie "
        "alone",
        no_cookie="you requested /flag without a cookie; send the one that you sealed",
        misnamed="your cookie has another name; the app reads the cookie `session`",
        two_cookies="two cookies named `session` came, and the app took your own; send the "
        "forged one alone",
        signature="your cookie was sealed with another secret than `SECRET`; make the "
        "keys with `derive_keys(SECRET)`",
        expired="your cookie has expired; leave `created_at` out, and it begins now",
        no_user="your cookie opens, but its session has no `userName`, where this app stores "
        "the name",
        not_admin="your cookie opens, but its `userName` is not the admin; use the value of "
        "`target.admin`, without quotes",
    ),
    2: misconceptions(
        in_hand="you read the target's secret; for this flag you only need a copy of a cookie",
        never_asked="you have not requested /flag; send the copy there, after the logout",
        no_cookie="you requested /flag without any cookie; send the copy",
        two_cookies="you sent two cookies named `session`, and the app took your own; send "
        "only the copy",
        too_early="you captured the flag while the admin was logged in; send the copy "
        "*after* `target.victim.log_out()`",
        copied_too_late="you copied the cookie after the logout, when its session was "
        "empty; copy it before",
        not_admin="you sent a session of your own; send the victim's cookie",
        signature="you sealed a cookie, and it does not open; copy one instead",
    ),
    3: misconceptions(
        in_hand="you read the target's secret; find it with a cookie of your own and the "
        "list of words",
        never_asked="you have not requested /flag; forge a cookie with the word that you "
        "found, and send it there",
        asks_the_target="you try the words on the target, which sees each guess; try them "
        "on your own cookie with `unseal`, without a request",
        logs_in_often="the target saw several log-ins; one cookie is enough to try all words",
        guesses_anyway="your attack works, but if no word fits, it should not request /flag: "
        "the target sees that guess",
        two_cookies="two cookies named `session` came, your own and the forged one, and the "
        "app took your own; send only the forged one",
        signature="you forged a cookie with a wrong word; with the right word, `unseal` "
        "opens your own cookie",
        not_admin="you requested /flag under your own name; seal a cookie whose `userName` is "
        "the admin",
        no_cookie="you requested /flag without a cookie; seal one with the keys that "
        "opened yours",
    ),
    4: misconceptions(
        in_hand="you read the target's secret; you don't need it, because the guestbook "
        "seals for you",
        never_asked="you only visited the guestbook; request /flag at `target.url` with "
        "the same browser",
        other_door="you requested /flag from the guestbook, which has no flag; request it "
        "at `target.url`",
        no_cookie="the browser that requested /flag has no cookie from the guestbook; use "
        "one browser for both",
        two_cookies="two cookies named `session` came, and the app took one that is not the "
        "guestbook's; send the guestbook's alone",
        not_admin="you requested /flag under a name that is not the admin's; choose "
        "`target.admin` in the guestbook",
        no_user="the guestbook sealed no name; send its form field `userName`: `data={…}`",
        signature="you sealed a cookie that does not open; let the guestbook seal one for you",
    ),
    5: misconceptions(
        in_hand="you read the target's secret; you don't need it, because the app seals "
        "your preferences for you",
        never_asked="the app sealed your preferences; now request /flag with that value",
        no_cookie="you requested /flag as a new visitor; send the cookie from /prefs",
        misnamed="you sent the cookie as `prefs`, but /flag reads `session`; send its "
        "value under that name",
        two_cookies="you sent two values named `session`, and the app took that of your "
        "log-in; send only the value from /prefs",
        no_user="the value opened as a session, but has no `userName`; store that field with "
        "/prefs",
        not_admin="the app read a `session` with another user; store `target.admin` as "
        "`userName`, and send the value from /prefs",
        signature="you sealed a value that does not open, because you don't know this "
        "secret; let /prefs seal it",
    ),
}
HOLE = misconceptions(
    in_hand="your attack also captures the flag of an app without the hole; use only what the "
    "app answers",
    no_request="your attack has sent no request to `target.url`; begin with one",
    all_refused="the app refused each of your requests with 401 or 403; `target.log_in()` "
    "returns a visitor with an account",
    too_many="the app answered 429, too many requests: it counts your tries; ask where it "
    "keeps the count",
    taken="the app answered 409: the name that you want to sign up with is taken",
    no_code="the app accepted none of your codes; a code has two digits, from 00 to 99",
    wrong_page="this app has no page /flag: its flag is the text of note 1",
)
PATCH = misconceptions(
    not_a_class="`Patched` must be a class that begins with `class Patched(Notes):`",
    still_open="the hole is still open: our attack captures the flag as before",
    one_spelling="you stopped one wording of the attack, but in another request somebody still "
    "gets what the app should keep; check what is allowed, not what is forbidden",
    other_hole="you closed the hole, but opened another: a visitor reads what is not theirs",
)
