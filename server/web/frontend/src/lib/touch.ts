/** Files are picked, pasted or dropped into the next message; what takes them is loaded when the page is touched. */
import type { Composer } from "./composer.ts";

const TOUCHES = ["pointerover", "focusin", "dragover", "change"];

export function awaitFiles(composer: Composer, api: string): void {
  const load = async () => {
    const { Attaching } = await import("./attaching.ts");
    composer.attaching ??= new Attaching(`${api}/attachments`, (words) => composer.complain(words));
  };
  for (const touch of TOUCHES) document.addEventListener(touch, load, { once: true });
}
