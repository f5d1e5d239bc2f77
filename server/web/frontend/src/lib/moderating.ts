/** The moderator's desk: keys press its buttons, a case on screen is claimed, what others do appears. */
import { call } from "./api.ts";
import { LATER } from "./later.ts";
import { the } from "./page.ts";
import { SocketTransport } from "./socket.ts";
import { say } from "./words.ts";

interface Changed {
  case: string;
  open: number;
  claimed_by: string;
}

export function moderate(root: HTMLElement): void {
  const { channel = "", case: shown = "" } = root.dataset;
  document.addEventListener("keydown", (event) => pressed(root, event));
  the("[data-key='?']", root).addEventListener("click", () => help());
  const claims = shown && root.dataset.closed === undefined && the("#claim", root).hidden;
  if (claims) void claim(root);
  const undo = document.querySelector<HTMLElement>("#undo");
  if (undo) setTimeout(() => undo.remove(), Number(undo.dataset.seconds) * 1_000);
  let leaving = false;
  document.addEventListener("submit", () => {
    leaving = true;
  });
  // Who goes elsewhere looks at it no more: it is free for others. A form that was sent decides about it itself.
  addEventListener("pagehide", () => claims && !leaving && release(root));
  addEventListener("pageshow", ({ persisted }) => {
    leaving = false;
    if (claims && persisted) void claim(root);
  });
  // The answer to a form is on its way, and says more than this page would; what this one said is over.
  const renew = () => leaving || location.replace(location.pathname);
  const wire = new SocketTransport(channel);
  wire.on("moderation.changed", (event: Changed) => {
    changed(root, event, renew);
    if (shown && event.case === shown && !event.claimed_by && !leaving) void settled(root);
  });
  // Raid mode goes on or off: its banner is the server's.
  wire.on("notice", ({ kind }: { kind: string }) => kind === "raid" && (leaving || location.reload()));
}

/** A single key presses what carries it, unless one writes or holds a modifier. */
function pressed(root: HTMLElement, event: KeyboardEvent): void {
  const here = event.target as Element;
  if (event.ctrlKey || event.metaKey || event.altKey || here.closest("dialog[open]")) return;
  const field = here.closest<HTMLElement>("input, textarea, select");
  if (field && event.key === "Escape") field.blur();
  if (field) return;
  const key = event.key === "ArrowDown" ? "j" : event.key;
  const target = root.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (!target || event.repeat) return;
  event.preventDefault();
  target.click();
}

function help(): void {
  the<HTMLDialogElement>("#keys").showModal();
}

function address(root: HTMLElement): string {
  return `/api/v1/channels/${root.dataset.channel}/moderation/cases/${root.dataset.case}/claim`;
}

async function claim(root: HTMLElement): Promise<void> {
  await call("PUT", address(root)).catch((fault: Error) => tell(root, fault.message));
}

function release(root: HTMLElement): void {
  void call("DELETE", address(root), undefined, { keepalive: true }).catch(() => undefined);
}

function tell(root: HTMLElement, words: string): void {
  const line = the("#claim", root);
  the("span", line).textContent = words;
  line.hidden = !words;
}

/** Another count for all; where the case on screen is meant, who looks at it; an empty desk takes what came. */
function changed(root: HTMLElement, { case: about, open, claimed_by: by }: Changed, renew: () => void): void {
  the("#waiting").textContent = say(LATER.waits, { count: open });
  if (!root.dataset.case && open) renew();
  const me = root.dataset.me ?? "";
  if (about === root.dataset.case && by !== me) tell(root, by ? say(LATER.looking, { name: by }) : "");
}

/** The case on screen was let go, decided or opened again elsewhere: what decides it works as long as it is open. */
async function settled(root: HTMLElement): Promise<void> {
  const url = address(root).replace(/\/claim$/, "");
  const { closed_at: over } = await call<{ closed_at: string | null }>("GET", url);
  if (over) tell(root, LATER.decided);
  const deciding = ":is([value=keep], [value=hide], [value=delete], [name=upheld])";
  for (const each of root.querySelectorAll<HTMLButtonElement>(`.decide button${deciding}`)) each.disabled = !!over;
}
