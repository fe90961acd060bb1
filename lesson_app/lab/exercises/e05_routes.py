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
from .login_limit import LIMITED
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
            no_parameter="your link leads to the right route, but brings no message; write a "
            "`?`, and the name that `add` reads",
            empty="the value of `message` in your link is empty; put the script there",
            stripped="spaces or line ends around the script are missing; leave it as it is",
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
            stripped="spaces at the ends of a message are missing; show it as it was written",
            session_changed="your view changes the session, perhaps one without a message; "
            "change only what the page shows",
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
            length="you look at the length of the text, but other words can be as long; "
            "compare the text itself",
            status_only="you compare the status, but not the whole text; this login differs in "
            "its text alone",
            missed="you did not find the names that exist; compare the whole text and the "
            "status of each answer with those for a name that nobody has",
            no_control="your function needs names of both kinds in the list; compare each "
            "answer with the answer to a name that surely nobody has",
            taken="you compare with a name that may exist, such as `sampleuser`; take one that "
            "surely nobody has",
            empty_name="you compare with the empty name, but a login may answer it in another "
            "way; take a name that surely nobody has",
            echo="the page repeats the typed name, so all pages differ; remove the name from "
            "the page before you compare",
            escaped="this page repeats the typed name as `escape` writes it: `&` is `&amp;` "
            "and `'` is `&#39;`; remove the name in this form, too",
            unescaped="this page repeats the name as it was typed, with its `&` and `'`; "
            "remove the name in both forms",
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
            "what you typed? How would the page write `Tom & Jerry`?",
            "`html.unescape(answer.text).replace(name, '')` is a page without the name. "
            "Compare it, and the status, with those for a random name.",
        ),
        (find_users_ours,),
        minutes=8,
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
            skipped="you answer an empty field in another way, or without `is_user`; treat it "
            "like every wrong login",
            twice="you check the password twice for one login, which takes twice as long; call "
            "`is_user` once, and keep its answer",
            not_as_typed="you change what the visitor typed, perhaps with `strip` or `lower`; "
            "use both fields as they are",
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
            open_redirect="the login leads to another site; always redirect to `/dashboard`",
            next_in_url="a link with `?next=…` decides where your visitor goes after the "
            "login, also to another site; always redirect to `/dashboard`",
            next_in_form="a field `next` in the form decides where your visitor goes after the "
            "login, and an attacker can write it; always redirect to `/dashboard`",
            field_missing="a request without the two fields causes an error (status 500); give "
            'a default: `request.form.get("password", "")`',
            not_reset="data from before the login is still in the session, and an attacker "
            "may have put it there; empty the session first",
            old_lifetime="the session is empty, but its old lifetime goes on after the login; "
            "`session.reset()` begins a new one",
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
            inverted="you returned the names with quick answers; the slow ones exist",
            not_timed="you found nobody, but some names take three times as long as others, or "
            "more; measure times, and call twice the time of a random name slow",
            fixed="on a slower server you call every name slow, though nobody has one; compare "
            "with the time of a random name on the same server",
            not_slow="you call a name slow that nobody has; a fixed number of seconds or a "
            "small difference means nothing, so compare with twice the time of a random name",
            no_control="if all names on the list exist, or none, comparing them finds"
            " nothing; compare each with a name that nobody has",
            taken="you compare with a name that may exist, such as `admin`; take one that "
            "surely nobody has",
            empty_name="you compare with the time of an empty name, which a login may refuse "
            "at once; take a name that surely nobody has",
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
        must=False,
        tries=3,
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
            only_users="you empty the session only if it holds a user; empty every session",
            needs_user="`logout` raises an error for a visitor who is not logged in; end "
            "every session in the same way",
            no_redirect="you answer without a redirect, so the browser stays at `/logout`; "
            "send it to `/login`",
            open_redirect="the logout leads to another site; always redirect to `/login`",
            logout_by_get="`copy_works` sends a GET to `/logout`; only a POST logs out",
            no_logout="in `copy_works`, the victim never logged out with the cookie; send "
            "`victim.post` to `/logout`",
            not_looked="in `copy_works`, nobody requests `/dashboard` after the logout; let "
            "the thief try",
            no_copy="the thief did not send the cookie from before the logout; copy it into "
            "the thief's `cookies` first, and then log the victim out",
            alias="both visitors share one cookie jar, so the logout changes the thief's "
            "cookie, too; copy the cookie itself, for example with `update`",
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
    LIMITED,
)
