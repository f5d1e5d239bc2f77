/** Files are picked, pasted, dropped or spoken into the next message; what takes them comes when the page is touched. */
import type { Attaching } from "./attaching.ts";
import type { Composer } from "./composer.ts";
import { onceAsked } from "./late.ts";
import { the } from "./page.ts";

/** Where nothing hovers, the first touch is the press itself. */
const TOUCHES = ["pointerover", "focusin", "dragover", "change"];

/** What takes files: asked for, and when it has come. */
export interface Files {
  ask(): void;
  arrived: Promise<Attaching>;
}

export function awaitFiles(composer: Composer, api: string): Files {
  const { form } = composer;
  let arrive: (attaching: Attaching) => void;
  const arrived = new Promise<Attaching>((done) => {
    arrive = done;
  });
  const come = onceAsked([the("[id$=attach]", form), the("[id$=record]", form)], async () => {
    const { Attaching } = await import("./attaching.ts");
    composer.attaching ??= new Attaching(form, `${api}/attachments`, (words) => composer.complain(words));
    for (const touch of TOUCHES) document.removeEventListener(touch, come);
    arrive(composer.attaching);
  });
  for (const touch of TOUCHES) document.addEventListener(touch, come);
  return { ask: come, arrived };
}

/** The form of a poll is the page's own, and opens without a script; what helps with it comes when it does. */
export function awaitPoll(address: string, root: string | null): void {
  const form = document.querySelector<HTMLFormElement>("#ask-poll");
  if (!form) return;
  const come = () => void import("./asking.ts").then(({ Asking }) => new Asking(form, address, root));
  if (form.matches(":popover-open")) come();
  else form.addEventListener("toggle", come, { once: true });
}
