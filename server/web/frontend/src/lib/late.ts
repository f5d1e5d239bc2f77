/** Scripts that come once the page stands: reading and writing do not wait for them. */

/**
 * Loads at the first press in one of `places`, or when what is answered is called; the last press missed meanwhile is
 * done again once all is there. What could not be loaded is tried again at the next press or call.
 */
export function onceAsked(places: Iterable<HTMLElement>, load: () => Promise<unknown>): () => void {
  let missed: HTMLElement | null = null;
  let asked = false;
  const arrived = () => {
    for (const place of places) place.removeEventListener("click", miss);
    missed?.click();
  };
  const come = () => {
    if (asked) return;
    asked = true;
    load().then(arrived, () => {
      asked = false;
    });
  };
  const miss = (event: Event) => {
    missed = (event.target as Element).closest<HTMLElement>("button, .said");
    come();
  };
  for (const place of places) place.addEventListener("click", miss);
  return come;
}

/** Loads as `onceAsked`, and unasked as soon as the browser is idle. */
export function whenIdle(places: Iterable<HTMLElement>, load: () => Promise<unknown>): void {
  // Safari has no idle callbacks yet.
  (globalThis.requestIdleCallback ?? setTimeout)(onceAsked(places, load));
}
