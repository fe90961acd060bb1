// What scrolls sideways can be reached with the Tab key, and then be scrolled with the arrows.
const SCROLLERS = "article :is(pre, table, .table-wrapper, .text_html)";

function letTabIn() {
  for (const each of document.querySelectorAll(SCROLLERS)) {
    if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
    else each.removeAttribute("tabindex");
  }
}

letTabIn();
window.addEventListener("resize", letTabIn);
// A <details> that opens; the event does not bubble.
document.addEventListener("toggle", letTabIn, true);

// Two regions of the same kind are told apart by their names.
document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "All pages");
document.querySelector(".toc-drawer")?.setAttribute("aria-label", "This page");
