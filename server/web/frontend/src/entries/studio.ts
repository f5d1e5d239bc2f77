/** The studio: its forms work by themselves; scripts add uploads with a bar, and what is shown while one types. */
import "../../styles/studio.css";
import { Uploader } from "../lib/uploader.ts";

for (const root of document.querySelectorAll<HTMLElement>("[data-uploads]")) new Uploader(root);

for (const opener of document.querySelectorAll<HTMLElement>("[data-opens]")) {
  const dialog = document.getElementById(opener.dataset.opens ?? "");
  opener.addEventListener("click", (event) => {
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    dialog.showModal();
  });
}

for (const button of document.querySelectorAll<HTMLElement>("[data-copies]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies ?? "")?.textContent ?? "");
    button.textContent = button.dataset.copied ?? "";
  });
}

const desk = document.getElementById("moderation");
if (desk) void import("../lib/moderating.ts").then(({ moderate }) => moderate(desk));

const ordered = document.querySelector<HTMLElement>("[data-orders]");
if (ordered) void import("../lib/ordering.ts").then(({ order }) => order(ordered));
