"""The exercises of notebook 05: routes and the attacks on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..http.visitor import Visitor
from .judging import Exercise, misconceptions
from .login_attacks import (
    find_users_ours,
    judge_find_users,
    judge_slow_names,
    slow_names_ours,
)
from .login_copy import copy_works_ours, judge_copy_works
from .login_limit import judge_limited, limited_ours
from .login_views import judge_login, judge_logout, login_ours, logout_ours
from .message_routes import evil_link_ours, judge_evil_link, judge_read, read_ours


def _judge_logout_and_copy(
    logout: Callable[[], Any], copy_works: Callable[[str, Visitor, Visitor], Any]
) -> None:
    judge_logout(logout)
    judge_copy_works(copy_works)


EXERCISES = (
    Exercise(
        "E5.1",
        "evil_link",
        judge_evil_link,
        misconceptions(
            sent="you sent the request yourself; return only the link, as text: the victim "
            "opens it",
            other_path="your link does not lead to the route that stores a message; look at "
            "the path of `add`",
            no_parameter="your link leads to the right route, but brings no message; look at "
            "the name that `add` reads",
            fixed="your link always contains the same script; use the argument `script`",
            escaped="your link contains `&lt;` instead of `<`; that is the defence, and an "
            "attacker leaves it out",
            encoded_twice="you percent-encoded the script twice, so the server stores `%3C` "
            "instead of `<`; do it once",
            not_encoded="a script with `&`, `+`, `%` or `#` arrives changed, because these "
            "characters have a meaning in a URL; percent-encode the script",
        ),
        (
            "Which characters end a value in a URL, or mean something else there?",
            "The module `urllib.parse` percent-encodes a text for a URL.",
            'Append a `?` and `urlencode({"message": script})` to the URL of the route.',
        ),
        (evil_link_ours,),
    ),
    Exercise(
        "E5.2",
        "read",
        judge_read,
        misconceptions(
            not_escaped="the script comes back as a script, so the victim's browser runs it; "
            "escape the message where you write it into HTML",
            script_only="you stop `<script>`, but other tags run scripts too, such as "
            '`<img onerror="…">`; escape every `<`',
            changed="an honest message with `<` or `&` is not shown as it was written; remove "
            "nothing, escape it",
            twice="an honest message is shown with `&lt;` or `&amp;`, because it was escaped "
            "twice; do it once",
            template="you put the message into a template's source, where `{{ … }}` runs as "
            "code; pass it as a variable, or use no template",
            session_changed="after your view, the session holds another message; change only "
            "what the page shows",
            no_message="without a message, the page should show `session message: undefined`",
        ),
        (
            "Which character begins a tag? What must the browser get instead of it?",
            "The first cell imports a function that writes a text so that HTML shows it.",
            "Return an f-string with `escape(session.get('message', 'undefined'))`.",
        ),
        (read_ours,),
        minutes=3,
    ),
    Exercise(
        "E5.3",
        "find_users",
        judge_find_users,
        misconceptions(
            inverted="you returned the names that nobody has; return the others",
            wording="you look for the words of one login; another login has other words, so "
            "compare each answer with the answer to a name that nobody has",
            no_control="your function needs names of both kinds in the list; compare each "
            "answer with the answer to a name that surely nobody has",
            echo="the page repeats the typed name, so all pages differ; remove the name from "
            "the page before you compare",
            status="this login shows the same text, but its status differs; compare the "
            "status code, too",
            too_many="you send hundreds of requests; a few for each name are enough",
            not_asked="some names never reached the login; POST a form with the field "
            "`userName` to `/login` for each name",
            not_names="you returned something that is not one of the names; return a set of "
            "names",
        ),
        (
            "How does the login answer to a name of which you know that nobody has it?",
            "Compare the status and the text of two answers. What in the text depends only on "
            "what you typed?",
            "Compare `(answer.status_code, answer.text.replace(name, ''))` for each name with "
            "the same for a random name.",
        ),
        (find_users_ours,),
        minutes=5,
    ),
    Exercise(
        "E5.4",
        "login",
        judge_login,
        misconceptions(
            everybody="you accepted a wrong name or password; check both with `is_user`",
            logs_out="a wrong login changed the session, so a typing error logs a visitor "
            "out; change the session only after the check",
            gives_names_away="an unknown name and a wrong password get different responses, so "
            "a stranger learns who has an account; give both the same response",
            other_time="for an unknown name you compute more or fewer password hashes than for "
            "a known one, so the time reveals who exists; call `is_user` once for every name",
            not_hashed="you compare the password without its hash; nobody should read the "
            "password in your code, so call `is_user`",
            wrong_redirects="you redirect after a wrong password; show the form again, with "
            "the message",
            no_message="the visitor does not learn what went wrong; show the message "
            "'invalid login' in the form",
            no_form="after a wrong password, show the form again, with its two fields",
            name_lost="the form has lost the name that the visitor typed; pass it to the "
            "template as `user_name`",
            name_changed="a name with `<`, `&` or a quotation mark comes back changed; pass it "
            "to the template as it is, and the template escapes it once",
            guess_shown="the page shows the password that the visitor typed; show only the "
            "name again",
            template="a name like `{{ 7 * 7 }}` runs as code, because it is in the template's "
            "source; pass it to the template as a variable",
            markup="markup in the user name becomes part of your page; pass the name to the "
            "template as a variable, which is escaped",
            not_the_form="you refused the right password; read the fields `userName` and "
            "`password`, and show the form only if they are wrong",
            password_kept="the password is in a cookie; store only the user, in the session",  # noqa: S106
            no_redirect="there is no redirect; if the visitor reloads the page, the browser "
            "sends the form again, with the password",
            open_redirect="a link with `?next=…` sends your visitor to another site after the "
            "login; always redirect to `/dashboard`",
            field_missing="a request without the two fields causes an error (status 500); give "
            'a default: `request.form.get("password", "")`',
            not_reset="data from before the login is still in the session, and an attacker "
            "may have put it there; empty the session first",
            shared="all visitors share one dict: a change in one session changes the next "
            "visitor's user; store a copy of `USER`",
            from_url="you read a field from the URL, which ends up in logs and "
            "histories; `request.form` reads the body of the POST",
        ),
        (
            "Which of the rules are about a wrong login? Return before you touch the session.",
            "`render_template_string` fills `LOGIN`, `session.reset()` empties the session, "
            "`dict(…)` copies a dict.",
            "If `is_user` refuses the two fields, return the form with `message` and "
            "`user_name`. Otherwise reset, store `dict(USER)`, redirect.",
        ),
        (login_ours,),
        level=2,
        minutes=12,
    ),
    Exercise(
        "E5.5",
        "slow_names",
        judge_slow_names,
        misconceptions(
            not_timed="you found nobody, but some answers here take several times as long as "
            "others; measure the time of each answer, not its text",
            not_slow="you call a name slow that nobody has; a fixed number of seconds or a "
            "small difference means nothing, so compare with twice the time of a random name",
            no_control="if every name on the list exists, none is slower than the others; "
            "compare each with a name that nobody has",
            once="you took an answer that was late by chance for a slow one; measure each name "
            "several times, and take the quickest or the median, not the mean",
            too_many="you send more than forty requests for each name; five are enough",
            not_asked="some names never arrived; send a wrong login for each of the names",
            not_names="you returned more than the list's names; return a set of slow names, "
            "without the one that you compare with",
        ),
        (
            "With what do you compare a time, if you know nothing of the server's speed?",
            "`time.perf_counter()` before and after a request gives its time. Noise makes an "
            "answer later, never earlier.",
            "Take the `min` of five times for each name, and for a random name. Return the "
            "names whose `min` is more than twice that of the random name.",
        ),
        (slow_names_ours,),
        level=2,
        minutes=10,
    ),
    Exercise(
        "E5.6",
        "logout, copy_works",
        _judge_logout_and_copy,
        misconceptions(
            still_in="the user is still in the session; call `session.reset()`",
            rest_kept="you removed the user, but not the rest, which the next visitor at this "
            "computer can see; call `session.reset()`",
            cookie_deleted="you only asked the browser to delete its cookie; empty the "
            "session with `session.reset()` instead",
            needs_user="`logout` raises an error for a visitor who is not logged in; end "
            "every session in the same way",
            no_redirect="there is no redirect, so the visitor sees an empty page; redirect "
            "them to the form",
            open_redirect="the logout leads to another site; always redirect to `/login`",
            logout_by_get="`copy_works` sends a GET to `/logout`; only a POST logs out",
            no_logout="in `copy_works`, the victim never logged out with the cookie; send "
            "`victim.post` to `/logout`",
            not_looked="in `copy_works`, nobody requests `/dashboard` after the logout; let "
            "the thief try",
            no_copy="the thief did not send the cookie from before the logout; copy it into "
            "the thief's `cookies` first, and then log the victim out",
            any_page="you returned True, but the server had led the thief to the form, also "
            "with status 200; look for the greeting in the page",
            no_greeting="you returned False, but the thief's page greets the victim; look for "
            "`Hello` in the thief's answer, and return the result",
        ),
        (
            "What must be in the browser's cookie after a logout? And what has the thief still "
            "got?",
            "`session.reset()` empties a session. `thief.cookies` has a method `update`.",
            "Copy with `thief.cookies.update(victim.cookies)`, then `victim.post(…)`, then "
            'look for "Hello" in `thief.get(…).text`.',
        ),
        (logout_ours, copy_works_ours),
        minutes=10,
    ),
    Exercise(
        "E5.7",
        "limited",
        judge_limited,
        misconceptions(
            shut="the very first login with the right password is refused; call `view` and "
            "return its answer",
            changed="the answer of `view` arrives changed, or another one came; return its "
            "answer as it is, or status 429",
            too_early="a name is refused before its ten wrong tries; the tenth still gets the "
            "answer of `view`",
            too_late="the eleventh wrong try still got the answer of `view`; refuse after ten",
            no_limit="after fourteen wrong tries, the name is not refused; count the wrong "
            "tries of each name",
            right_passes="during the wait, the right password logs in, so an attacker can go "
            "on guessing; refuse every try for this name",
            still_calls="you call `view` also during the wait, so the server computes a hash "
            "for each guess; refuse before you call it",
            all_names="the tries for one name shut out another name; count each name apart",
            shared="two sites share one count; keep the counts inside `limited`, not in a "
            "global variable or a default",
            too_short="the wait ended before 60 seconds; it begins with the tenth wrong try",
            own_clock="the wait never ended, and you never asked the clock; call `now()`",
            never_ends="the wait did not end after 60 seconds; compare `now()` with the time "
            "of the tenth wrong try",
            extended="tries during the wait make it longer, so a stranger can shut a visitor "
            "out for ever; don't count refused tries",
            not_restarted="after the wait, a name is refused before ten new wrong tries; begin "
            "to count from zero",
            only_once="after the first wait, a name may guess for ever; limit it again",
            uncounted="after a right login, a name may guess without a limit; begin to count "
            "from zero",
            not_forgotten="wrong tries from before a right login still count; forget them "
            "when the visitor logs in",
        ),
        (
            "What must the server remember for each name, and when does it forget?",
            "A function inside `limited` can use dicts of `limited`. `make_response(view())` "
            "has a `status_code` and a `location`, whatever the view returned.",
            "Keep two dicts: the wrong tries of a name, and until when it must wait. At the "
            "tenth try, delete the count and store `now() + 60`.",
        ),
        (limited_ours,),
        level=3,
        minutes=20,
        must=False,
    ),
)
