/** The earlier words of a message, over the talk: the list is that of their page. */
import { drawn } from "./drawn.ts";
import { the } from "./page.ts";

export async function showEarlier(address: string): Promise<void> {
  const page = await drawn(address);
  const list = page === "gone" ? null : page?.querySelector(".versions");
  if (!list) {
    location.assign(address);
    return;
  }
  const dialog = the<HTMLDialogElement>("dialog#earlier");
  the(".box", dialog).replaceChildren(document.importNode(list, true));
  dialog.showModal();
}
