"""Compare the app's pages with the course page's, which differ only in a few named changes.

Each page is parsed into a list of its tags and texts. `_CoursePage` makes the named changes
in the course page's list, and `_OurPage` leaves out `ADDED` and `HINTS`. Then both lists
must be equal.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

Attributes = list[tuple[str, str | None]]

#: The course page skips a heading level; ours does not.
RAISED = {"h3": "h2", "h4": "h3"}
#: Our additional tags: a landmark, and tags for the browser.
ADDED = (
    "<main>",
    "</main>",
    '<meta content="light dark" name="color-scheme">',
    '<link href="/static/style.css" rel="stylesheet">',
)
#: Our additional attributes of form fields.
HINTS = (
    "aria-describedby",
    "aria-invalid",
    "autocapitalize",
    "autocomplete",
    "autofocus",
    "spellcheck",
)


class _Page(HTMLParser):
    """The tags and texts of a page; the texts keep the server's escapes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.items: list[str] = []
        self._text = ""
        self.feed(html)
        self.close()
        self._end_text()

    def handle_decl(self, decl: str) -> None:
        self._add(f"<!{decl}>")

    def handle_comment(self, data: str) -> None:
        self._add(f"<!--{data}-->")

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        pairs = (f' {key}="{value}"' for key, value in sorted(attrs))
        self._add(f"<{tag}{''.join(pairs)}>")

    def handle_endtag(self, tag: str) -> None:
        self._add(f"</{tag}>")

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.handle_starttag(tag, attrs)  # `<br />` is `<br>`

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_entityref(self, name: str) -> None:
        self._text += f"&{name};"

    def handle_charref(self, name: str) -> None:
        self._text += f"&#{name};"

    def _add(self, item: str) -> None:
        self._end_text()
        self.items.append(item)

    def _end_text(self) -> None:
        # Only HTML's white space: U+2028, for example, is not white space in HTML.
        text = re.sub(r"[ \t\r\n]+", " ", self._text).strip(" ")
        self._text = ""
        if text:
            self.items.append(text)


class _CoursePage(_Page):
    """The course page with the changes that our pages make.

    It has no rules and no line breaks, because our style sheet sets the spacing. Headings go
    up a level. Each field has a label. The message is an alert before the form, and is also
    in the title.
    """

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if tag in ("hr", "br"):
            self._end_text()
            return
        if tag == "input":
            name, label = dict(attrs)["name"], dict(attrs)["placeholder"]
            self.items += [f'<label for="{name}">', f"{label}", "</label>"]
            attrs = [*attrs, ("id", name)]
        super().handle_starttag(RAISED.get(tag, tag), attrs)

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(RAISED.get(tag, tag))
        if tag == "body" and "</form>" in self.items:
            self._raise_alert()

    def _raise_alert(self) -> None:
        """Move the message from behind the form to before it, and add it to the title."""
        after = self.items.index("</form>") + 1
        message = self.items[after:-1]
        del self.items[after:-1]
        if message:
            form = next(i for i, item in enumerate(self.items) if item.startswith("<form"))
            self.items[form:form] = ['<p id="message" role="alert">', *message, "</p>"]
            title = self.items.index("<title>") + 1
            self.items[title] = f"{message[0]} - {self.items[title]}"


class _OurPage(_Page):
    """Our page without the tags and attributes that a visitor does not see."""

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        super().handle_starttag(tag, [pair for pair in attrs if pair[0] not in HINTS])

    def _add(self, item: str) -> None:
        super()._add(item)
        if item in ADDED:
            self.items.pop()


def expected(course_page: str) -> list[str]:
    """Return what our page must show, given the course page."""
    return _CoursePage(course_page).items


def shown(our_page: str) -> list[str]:
    """Return what our page shows."""
    return _OurPage(our_page).items
