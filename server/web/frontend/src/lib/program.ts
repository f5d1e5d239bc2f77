/** What a program writes, marked as such: loaded with the first such message. */
import { LATER } from "./later.ts";
import { copy, the } from "./page.ts";

/** Gives a head the sign of a program and its word; its name leads to nobody's page. */
export function mark(post: HTMLElement): void {
  post.querySelector(":scope > .tile")?.replaceWith(copy("t-program"));
  const who = the(".who", post);
  who.replaceWith(...who.childNodes);
  const tag = the(".by .tag", post);
  tag.textContent = LATER.program;
  tag.classList.remove("brand");
  tag.hidden = false;
}
