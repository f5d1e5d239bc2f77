/** The files of a message as elements, from the page's templates; loaded with the first message that has some. */
import type { FileOf, Message, Preview } from "./message.ts";
import { copy, the } from "./page.ts";
import { blank, bring } from "./polled.ts";
import { length, size } from "./sizes.ts";

/** The same numbers as in `views/attached.py`. */
const WIDEST = 384;
const HIGHEST = 320;

/** Shows the files of a message, its preview and its poll in their box, if they are not those that stand there. */
export function show(box: HTMLElement, message?: Message): void {
  const files = message?.files ?? [];
  const preview = message?.preview;
  const ids = [...files.map((file) => file.id), preview?.url, message?.poll && "poll"].filter(Boolean).join(" ");
  if (box.dataset.files?.trim() !== ids) {
    const poll = message?.poll ? [box.querySelector<HTMLElement>(".poll") ?? blank(message)] : [];
    box.dataset.files = ids;
    box.hidden = !ids;
    box.replaceChildren(...poll, ...files.map(one), ...(preview ? [page(preview)] : []));
  }
  const poll = box.querySelector<HTMLFormElement>("form.poll");
  if (poll && message?.poll) bring(poll, message.id, message.poll);
}

function page({ url, title, description, site }: Preview): HTMLElement {
  const card = copy("t-preview");
  the<HTMLAnchorElement>("a", card).href = url;
  the(".meta", card).textContent = site;
  the("b", card).textContent = title;
  the(".told", card).textContent = description;
  return card;
}

function one(file: FileOf): HTMLElement {
  if (file.kind === "image" && file.thumbnail) return picture(file, file.thumbnail);
  return file.kind === "audio" ? sound(file) : saved(file);
}

/** A picture has its place before it is there, so that nothing below it moves. */
function picture(file: FileOf, thumbnail: string): HTMLElement {
  const link = copy("t-picture") as HTMLAnchorElement;
  const image = the<HTMLImageElement>("img", link);
  const [width, height] = [file.width ?? 1, file.height ?? 1];
  const scale = Math.min(1, WIDEST / width, HIGHEST / height);
  link.href = file.url;
  image.width = Math.max(1, Math.round(width * scale));
  image.height = Math.max(1, Math.round(height * scale));
  image.alt = file.name;
  image.src = thumbnail;
  return link;
}

function sound(file: FileOf): HTMLElement {
  const figure = copy("t-sound");
  the<HTMLAudioElement>("audio", figure).src = file.url;
  // What it is played from is nothing to read.
  the("bdi", figure).textContent = file.name.replace(/\.[^.]*$/, "");
  the(".num", figure).textContent = length(file.seconds ?? 0);
  return figure;
}

function saved(file: FileOf): HTMLElement {
  const link = copy("t-saved") as HTMLAnchorElement;
  link.href = file.url;
  the("bdi", link).textContent = file.name;
  the(".num", link).textContent = size(file.size);
  return link;
}
