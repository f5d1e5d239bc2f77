/** Deleting a message: one's own at once, another's with a reason and time to take it back; loaded when first needed. */
import { call } from "./api.ts";
import { LATER } from "./later.ts";
import { copy, the } from "./page.ts";
import type { Wire } from "./wire.ts";

const UNDO_MS = 10_000;

/** Asks whether a message shall go, and a moderator why; resolves with what deletes it, or nothing. */
export async function askToDelete(wire: Wire, api: string, said: HTMLElement): Promise<(() => Promise<void>) | null> {
  const dialog = the<HTMLDialogElement>("#ask-delete");
  const why = dialog.querySelector<HTMLElement>("#why-delete");
  if (why) why.hidden = Boolean(said.closest(".mine"));
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  if (dialog.returnValue !== "delete") return null;
  const id = said.dataset.id ?? "";
  if (!why || why.hidden) return () => wire.delete(id);
  const reason = the<HTMLSelectElement>("select", why).value;
  return () => deleteTheirs(api, id, reason);
}

/** Deletes a message by an act, and offers to undo it for as long as that can be done; rejects with the refusal. */
async function deleteTheirs(api: string, message: string, reason: string): Promise<void> {
  const acts = `${api}/moderation/acts`;
  const { id } = await call<{ id: string }>("POST", acts, { kind: "delete", reason, message });
  const strip = copy("t-notice");
  the("b", strip).textContent = LATER.removed;
  the("a", strip).hidden = true;
  const undo = the<HTMLButtonElement>("button", strip);
  undo.textContent = LATER.undo;
  undo.addEventListener("click", async () => {
    await call("PUT", `${acts}/${id}/undone`).then(
      () => strip.remove(),
      (fault: Error) => {
        the("b", strip).textContent = fault.message;
        undo.remove();
      },
    );
  });
  the("#notices").append(strip);
  setTimeout(() => strip.remove(), UNDO_MS);
}
