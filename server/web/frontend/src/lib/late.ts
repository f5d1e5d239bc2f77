/** Scripts that come once the page stands: reading and writing do not wait for them. */

/** Loads when the browser is idle, or at the first press in one of `places`, which is done again once all is there. */
export function whenIdle(places: Iterable<HTMLElement>, load: () => Promise<unknown>): void {
  let missed: HTMLElement | null = null;
  let coming = false;
  const arrived = () => {
    for (const place of places) place.removeEventListener("click", miss);
    missed?.click();
  };
  const come = () => {
    // What could not be loaded is tried again at the next press.
    if (!coming)
      load().then(arrived, () => {
        coming = false;
      });
    coming = true;
  };
  const miss = (event: Event) => {
    missed = (event.target as Element).closest<HTMLElement>("button, .said");
    come();
  };
  for (const place of places) place.addEventListener("click", miss);
  // Safari has no idle callbacks yet.
  (globalThis.requestIdleCallback ?? setTimeout)(come);
}
