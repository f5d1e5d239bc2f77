/** One piece of a page made like another, with as little change as may be: focus and choice stay where nothing changed. */

/** Makes `old` what `fresh` is; the rows of lists are the same by their `data-key`. */
export function alike(old: ChildNode, fresh: ChildNode): void {
  if (old.isEqualNode(fresh)) return;
  if (!old.cloneNode().isEqualNode(fresh.cloneNode()) || !fresh.hasChildNodes()) {
    old.replaceWith(fresh);
  } else if (keyed(old) && keyed(fresh)) {
    rows(old as Element, fresh as Element);
  } else if (old.childNodes.length === fresh.childNodes.length) {
    const others = [...fresh.childNodes];
    for (const [at, each] of [...old.childNodes].entries()) alike(each, others[at] as ChildNode);
  } else {
    old.replaceWith(fresh);
  }
}

function keyed(list: ChildNode): boolean {
  return list instanceof Element && list.matches("ol, ul") && list.querySelector(":scope > [data-key]") !== null;
}

/** What goes is taken out first: then a row that stays where it was is not moved, and keeps the focus. */
function rows(old: Element, fresh: Element): void {
  const next = [...fresh.children];
  const keys = new Set(next.map(key));
  for (const row of [...old.children]) if (!keys.has(key(row))) row.remove();
  const held = new Map([...old.children].map((row) => [key(row), row]));
  let at = old.firstElementChild;
  for (const row of next) {
    const same = held.get(key(row));
    if (!same) {
      old.insertBefore(row, at);
      continue;
    }
    if (same === at) at = at.nextElementSibling;
    else old.insertBefore(same, at);
    alike(same, row);
  }
}

function key(row: Element): string {
  return row.getAttribute("data-key") ?? "";
}
