"""Compare the app's pages with the course page's: the same, but for a few named changes.

A page is read into the list of its tags and texts, in order. The course page's list is changed
as `_CoursePage` says; from ours is left out what is in `ADDED` and `HINTS`. Then both are
equal; one more attribute, or one text less, and they are not.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

Attributes = list[tuple[str, str | None]]

#: The course page leaves out a level of headings; ours does not.
RAISED = {"h3": "h2", "h4": "h3"}
#: Ours has these besides: a landmark, and what is for the browser.
ADDED = (
    "<main>",
    "</main>",
    '<meta content="light dark" name="color-scheme">',
    '<link href="/static/style.css" rel="stylesheet">',
)
#: And on its fields these.
HINTS = (
    "aria-describedby",
    "aria-invalid",
    "autocapitalize",
    "autocomplete",
    "autofocus",
    "spellcheck",
)


class _Page(HTMLParser):
    """The tags and texts of a page; a text is as the server wrote it, escapes and all."""

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
        # HTML's white space only: U+2028, say, is a character like any other.
        text = re.sub(r"[ \t\r\n]+", " ", self._text).strip(" ")
        self._text = ""
        if text:
            self.items.append(text)


class _CoursePage(_Page):
    """The course page's, changed as ours is.

    No lines and no breaks, which are the style sheet's; headings raised; a label before each
    field; the message before the form, as an alert, and in the title.
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
        """Move what stands between the form and the end of the body."""
        after = self.items.index("</form>") + 1
        message = self.items[after:-1]
        del self.items[after:-1]
        if message:
            form = next(i for i, item in enumerate(self.items) if item.startswith("<form"))
            self.items[form:form] = ['<p id="message" role="alert">', *message, "</p>"]
            title = self.items.index("<title>") + 1
            self.items[title] = f"{message[0]} - {self.items[title]}"


class _OurPage(_Page):
    """Ours, without what nobody sees."""

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        super().handle_starttag(tag, [pair for pair in attrs if pair[0] not in HINTS])

    def _add(self, item: str) -> None:
        super()._add(item)
        if item in ADDED:
            self.items.pop()


def expected(course_page: str) -> list[str]:
    """Return what a visitor must get from our page, given the course page's."""
    return _CoursePage(course_page).items


def shown(our_page: str) -> list[str]:
    """Return what a visitor gets from our page."""
    return _OurPage(our_page).items
