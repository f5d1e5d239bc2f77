/** The tools of messages: a page holds many, so that only those which come into view are given theirs. */
import { the } from "./page.ts";
import { complete } from "./rows.ts";

/** Gives a message of the room its tools, unless it has them. */
export function equip(said: HTMLElement): void {
  if (!said.dataset.id || said.querySelector(".acts")) return;
  complete(said);
  if (said.closest(".mine") || document.querySelector("main[data-moderates]")) tell(said);
  const tools = the<HTMLTemplateElement>("#t-tools").content.cloneNode(true) as DocumentFragment;
  const form = the(".editing", tools);
  the("textarea", form).id = the<HTMLLabelElement>("label", form).htmlFor = `edit-${said.id}`;
  said.append(tools);
}

/** Puts the focus on a message: what had it there goes out of sight. */
export function land(said: HTMLElement): void {
  said.tabIndex = -1;
  said.focus({ preventScroll: true });
}

/** Has the mark of an edited message lead to its earlier words, for whoever may see them. */
function tell(said: HTMLElement): void {
  const thread = the<HTMLTemplateElement>("#t-said").content.querySelector(".replies")?.getAttribute("href") ?? "";
  the<HTMLAnchorElement>(".edited", said).href = thread.replace(/t\/$/, `m/${said.dataset.seq}/history`);
}

/** Gives each message in `list` its tools as it comes into view in `box`, those that are added later too. */
export function equipInView(list: HTMLElement, box: HTMLElement): void {
  const watch = new IntersectionObserver(
    (seen) => {
      for (const { isIntersecting, target } of seen) {
        if (!isIntersecting) continue;
        watch.unobserve(target);
        equip(target as HTMLElement);
      }
    },
    { root: box, rootMargin: "25% 0px" },
  );
  const look = (nodes: Iterable<Node>) => {
    for (const node of nodes) {
      if (!(node instanceof HTMLElement)) continue;
      if (node.matches(".said")) watch.observe(node);
      else for (const said of node.querySelectorAll(".said")) watch.observe(said);
    }
  };
  look([list]);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) look(addedNodes);
  }).observe(list, { childList: true, subtree: true });
}
