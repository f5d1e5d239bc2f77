/** Files are picked, pasted, dropped or spoken into the next message; what takes them comes when the page is touched. */
import type { Composer } from "./composer.ts";
import { the } from "./page.ts";

const TOUCHES = ["pointerover", "focusin", "dragover", "change"];

export function awaitFiles(composer: Composer, api: string): void {
  const form = the("form.composer");
  let missed: HTMLElement | null | undefined = null;
  // Where nothing hovers, the first touch is the press itself, which is done again once all is there.
  const miss = (event: Event) => {
    missed = (event.target as Element).closest<HTMLElement>("#attach, #record");
  };
  const load = async () => {
    const { Attaching } = await import("./attaching.ts");
    composer.attaching ??= new Attaching(`${api}/attachments`, (words) => composer.complain(words));
    form.removeEventListener("click", miss);
    missed?.click();
    missed = null;
  };
  form.addEventListener("click", miss);
  for (const touch of TOUCHES) document.addEventListener(touch, load, { once: true });
}
