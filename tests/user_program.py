# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""An engineer's program. Nobody runs it: test_typing.py gives it to the type checkers.

Each `type: ignore` marks a mistake that they must report; without one, it is unnecessary.
"""

from collections.abc import Callable
from typing import assert_type

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from lesson_app import ensure_login
from lesson_app.guard import refuse_cross_site

app = Flask(__name__)
app.before_request(refuse_cross_site)


@app.get("/page")
@ensure_login
def page() -> str:
    return "page"


@app.get("/item/<int:number>")
@ensure_login
def item(number: int, *, short: bool = False) -> tuple[str, int]:
    return f"item {number}", 200


@app.get("/later/<int:number>")
@ensure_login
async def later(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/either")
@ensure_login
def either() -> ResponseReturnValue:
    return "either"


@app.get("/either-later")
@ensure_login
async def either_later() -> ResponseReturnValue:
    return "either"


class Orders(MethodView):
    decorators = [ensure_login]  # noqa: RUF012  # as in Flask's documentation

    @ensure_login
    def post(self, number: int) -> str:
        return f"order {number}"


app.add_url_rule("/orders", view_func=ensure_login(Orders.as_view("orders")))

assert_type(page(), str | Response)
assert_type(item(1, short=True), tuple[str, int] | Response)
assert_type(later(1), dict[str, int] | Response)
assert_type(Orders().post(1), str | Response)
assert_type(ensure_login(lambda: 1)(), int | Response)
guard: Callable[[Callable[[], str]], Callable[[], str | Response]] = ensure_login

page(1)  # type: ignore
item("one")  # type: ignore
later()  # type: ignore
ensure_login("page")  # type: ignore
ensure_login()  # type: ignore
text: str = page()  # type: ignore
