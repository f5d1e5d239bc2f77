/** A moderator deletes another's message: with a reason, and ten seconds to take it back; loaded when first needed. */
import { call } from "./api.ts";
import { LATER } from "./later.ts";
import { copy, the } from "./page.ts";

const UNDO_MS = 10_000;

/** Deletes a message by an act, and offers to undo it for as long as that can be done; rejects with the refusal. */
export async function deleteTheirs(api: string, message: string, reason: string): Promise<void> {
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
