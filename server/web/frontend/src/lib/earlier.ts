/** The earlier words of a message, over the talk: the list is that of their page. */
import { the } from "./page.ts";

export async function showEarlier(address: string): Promise<void> {
  const list = (await page(address))?.querySelector(".versions");
  if (!list) {
    location.assign(address);
    return;
  }
  const dialog = the<HTMLDialogElement>("dialog#earlier");
  the(".box", dialog).replaceChildren(document.importNode(list, true));
  dialog.showModal();
}

/** A page of ours as a document: our policy lets no script parse one from text. */
function page(address: string): Promise<Document | null> {
  return new Promise((done) => {
    const asked = new XMLHttpRequest();
    asked.responseType = "document";
    asked.addEventListener("loadend", () => done(asked.status === 200 ? asked.responseXML : null));
    asked.open("GET", address);
    asked.send();
  });
}
