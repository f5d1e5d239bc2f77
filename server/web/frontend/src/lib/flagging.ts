/** Flagging: the dialog asks why, and says what became of it; loaded when it is first needed. */
import { call } from "./api.ts";
import { LATER } from "./later.ts";
import { the } from "./page.ts";

/** Asks why a message is flagged, and sends that to `address`; a refusal stands in the dialog. `closed` ends it. */
export function askToFlag(address: string, closed: () => void): void {
  const dialog = the<HTMLDialogElement>("#ask-flag");
  const form = the<HTMLFormElement>("form", dialog);
  const words = the<HTMLTextAreaElement>("textarea", form);
  form.reset();
  complain(form, "");
  let flagging = false;
  form.onsubmit = async (event) => {
    if ((event.submitter as HTMLButtonElement | null)?.value !== "flag") return;
    event.preventDefault();
    // Pressed twice it is flagged once.
    if (flagging) return;
    flagging = true;
    const reason = new FormData(form).get("reason");
    try {
      await call("POST", address, { reason, words: words.value.trim().replace(/\s+/g, " ") });
      dialog.close();
      form.reset();
      thank();
    } catch (fault) {
      complain(form, (fault as Error).message);
      flagging = false;
    }
  };
  dialog.onclose = closed;
  dialog.showModal();
}

function complain(form: HTMLElement, text: string): void {
  const fault = the(".error", form);
  fault.hidden = !text;
  the("span", fault).textContent = text;
}

function thank(): void {
  const strip = the<HTMLTemplateElement>("template#t-notice").content.firstElementChild?.cloneNode(true) as HTMLElement;
  the("b", strip).textContent = LATER.flagged;
  the("a", strip).hidden = true;
  the("button", strip).addEventListener("click", () => strip.remove());
  the("#notices").append(strip);
}
