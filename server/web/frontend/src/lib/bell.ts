/** The bell in a page's head: how many notices are not read. */
import type { Notice } from "./message.ts";
import { the } from "./page.ts";
import { number } from "./words.ts";

export class Bell {
  readonly #count = the("[data-bell]");
  #unread = Number(this.#count.dataset.bell);
  readonly #heard = new Set<string>();

  /** Counts one more, unless it is news of one that is unread; false for one that was heard before. */
  ring(notice: Notice): boolean {
    if (notice.id && this.#heard.has(notice.id)) return false;
    if (notice.id) this.#heard.add(notice.id);
    if ((notice.times ?? 1) < 2) this.show(this.#unread + 1);
    return true;
  }

  show(unread: number): void {
    this.#unread = unread;
    the(".num", this.#count).textContent = number(unread);
    this.#count.hidden = !unread;
  }
}
