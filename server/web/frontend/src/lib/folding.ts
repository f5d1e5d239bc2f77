/** What members write whom the reader has blocked is folded: a press shows it. Loaded only where somebody is. */
import { copy, the } from "./page.ts";

/** Folds what stands in the list, and what comes. */
export function fold(list: HTMLElement, blocked: readonly string[]): void {
  const those = new Set(blocked);
  const put = () => {
    for (const said of list.querySelectorAll<HTMLElement>(".said[data-author]")) {
      if (those.has(said.dataset.author ?? "") && !said.querySelector(".fold")) wrap(said);
    }
  };
  new MutationObserver(put).observe(list, { childList: true, subtree: true });
  put();
}

function wrap(said: HTMLElement): void {
  const details = copy("t-fold");
  const words = the(".words", said);
  words.replaceWith(details);
  details.append(words, the(".files", said));
}
