"""Find the forms of a page, and what a browser sends if a visitor fills them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

_UNSEEN = ("script", "style")
_LINKS = ("href", "src", "action", "formaction")
_TEXTS = ("text", "search", "textarea")
#: What a visitor could type into a field of this type.
_TYPED = {
    "email": "ada@example.com", "url": "https://ada.example/", "tel": "123", "number": "1",
    "range": "1", "date": "2030-01-02", "time": "12:00", "datetime-local": "2030-01-02T12:00",
}  # fmt: skip


@dataclass
class Form:
    """A form of a page. Each field is a type, a name and a value, in the page's order."""

    action: str = ""
    method: str = "get"
    #: Where the first button with a ``formaction`` sends the form instead.
    formaction: str = ""
    fields: list[tuple[str, str, str]] = field(default_factory=list)

    def has(self, *kinds: str) -> bool:
        """Return whether the form has a field of one of these types."""
        return bool(self.names(*kinds))

    def names(self, *kinds: str) -> set[str]:
        """Return the names of the fields of these types."""
        return {name for kind, name, _ in self.fields if kind in kinds}

    def filled(self, text: str, password: str | None = None) -> dict[str, str]:
        """Return what a browser sends if a visitor types `text` into each text field.

        With a password, the form is a login: the first field that takes a name gets `text`.
        """
        sent: dict[str, str] = {}
        names = (*_TEXTS, "email", "tel") if password is not None else _TEXTS
        named = password is not None
        for kind, name, value in self.fields:
            if kind == "password":
                sent[name] = password or ""
            elif kind in names and (named or password is None):
                sent[name], named = text, False
            elif kind == "submit":  # a browser sends only the button that was pressed
                if not self.names("submit") & sent.keys():
                    sent[name] = value
            elif kind in ("radio", "select"):
                sent[name] = sent.get(name) or value  # the first may only say "choose one"
            else:
                sent[name] = value or _TYPED.get(kind, "")
        return sent


class _Parser(HTMLParser):
    """Collects a page's forms, its visible text, where it leads, and what it runs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.visible: list[str] = []
        #: The names of all tags and attributes.
        self.names: set[str] = set()
        #: Where links, pictures, forms and refreshes lead.
        self.links: list[str] = []
        #: The texts of scripts, and of attributes such as onclick.
        self.scripts: list[str] = []
        self._form: Form | None = None
        self._by_id: dict[str, Form] = {"": Form()}
        self._later: list[tuple[str, Mapping[str, str], bool]] = []
        self._option: dict[str, str] | None = None
        self._within: list[str] = []
        self._list = ""
        self.feed(text)
        self.close()
        for kind, given, first in self._later:
            if given["form"] in self._by_id:
                self._add(kind, given, first=first)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag; a form or a field becomes a part of the page's forms."""
        given = {name: value or "" for name, value in attrs}
        self.names |= {tag, *given}
        self._note(given)
        if tag == "form":
            method = given.get("method", "get").lower()
            self._form = Form(given.get("action", ""), method)
            self.forms.append(self._form)
            self._by_id[given.get("id", "")] = self._form
        elif tag in _UNSEEN:
            self._within.append(tag)
        elif tag == "select":
            self._list = given.get("name", "")
        elif tag == "option":
            self._end_option()
            self._option = {"name": self._list, **given}
        elif tag in ("input", "button", "textarea"):
            usual = {"input": "text", "button": "submit"}.get(tag, tag)
            kind = usual if tag == "textarea" else given.get("type", usual).lower()
            self._add(kind, given, first="checked" in given)
            if kind in (*_TEXTS, *_TYPED):
                self.visible.append(given.get("value", ""))

    def _end_option(self) -> None:
        if self._option is not None:
            given, self._option = self._option, None
            self._add("select", given, first="selected" in given)

    def _note(self, given: Mapping[str, str]) -> None:
        """Note where a tag leads, and what it runs."""
        self.links += [given[name] for name in _LINKS if name in given]
        if given.get("http-equiv", "").lower() == "refresh":
            self.links.append(given.get("content", "").partition("=")[2].strip("'\" "))
        self.scripts += [text for name, text in given.items() if name.startswith("on")]

    def _add(self, kind: str, given: Mapping[str, str], *, first: bool) -> None:
        """Add a field to the form that is open. The first choice of a name counts."""
        unsent = kind in ("reset", "button", "file", "image") or "disabled" in given
        unsent = unsent or (kind == "checkbox" and not first and "required" not in given)
        if given.get("form", "") not in self._by_id:  # its form comes later in the page
            self._later.append((kind, given, first))
            return
        form = self._by_id[given["form"]] if "form" in given else self._form
        if form is None or unsent:
            return
        if kind == "submit" and not form.formaction:
            form.formaction = given.get("formaction", "")
        if not given.get("name"):
            return
        usual = "on" if kind in ("checkbox", "radio") else ""
        place = 0 if first else len(form.fields)
        form.fields.insert(place, (kind, given["name"], given.get("value", usual)))

    def handle_endtag(self, tag: str) -> None:
        """Leave a form, or a part whose text is not shown."""
        if tag == "form":
            self._form = None
        elif tag in ("select", "option"):
            self._end_option()
            self._list = "" if tag == "select" else self._list
        elif self._within[-1:] == [tag]:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        """Note the text that a visitor sees, or that the browser runs."""
        if self._option is not None:
            self._option.setdefault("value", data.strip())  # of an option without a value
        if not self._within:
            self.visible.append(data)
        elif self._within[-1] == "script":
            self.scripts.append(data)


@dataclass(frozen=True)
class Page:
    """What a browser shows at last, and the responses that led there."""

    hops: tuple[requests.Response, ...]

    @property
    def last(self) -> requests.Response:
        """Return the response that the browser shows."""
        return self.hops[-1]

    @property
    def path(self) -> str:
        """Return the path of the page."""
        return urlsplit(self.last.url).path

    def target(self, form: Form) -> str:
        """Return the URL to which a form of the page goes."""
        return urljoin(self.last.url, form.formaction or form.action)

    @property
    def is_html(self) -> bool:
        """Return whether a browser reads the page as HTML."""
        return "html" in self.last.headers.get("Content-Type", "")

    @cached_property
    def parsed(self) -> _Parser:
        """Return the page's forms, visible text and names."""
        return _Parser(self.last.text if self.is_html else "")

    @property
    def visible(self) -> str:
        """Return the text that a visitor sees, with single spaces."""
        text = " ".join(self.parsed.visible) if self.is_html else self.last.text
        return " ".join(text.split())

    def form(self, *kinds: str, method: str = "") -> Form | None:
        """Return the first form with a field of one of these types."""
        return next(
            (
                each
                for each in self.parsed.forms
                if each.has(*kinds) and method in ("", each.method)
            ),
            None,
        )
