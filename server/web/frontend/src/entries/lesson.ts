/** A lesson: the film counts what is played and says why; a text is marked as read by its own form. */
import "../../styles/lesson.css";
import { gaps } from "../lib/intervals.ts";
import { the } from "../lib/page.ts";
import { Player, type PlayerFacts, type Progress } from "../lib/player.ts";
import { number } from "../lib/words.ts";

/** The sentence without the percentage it begins with, as the page itself has it. */
function reason(sentence: string): string {
  const words = sentence.replace(/^\d+ %: /, "");
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}

function show(progress: Progress, player: Player): void {
  the(".pct").textContent = `${number(progress.percent)} %`;
  the("#sentence").textContent = reason(progress.sentence);
  const missing = document.querySelector<HTMLElement>("#missing");
  if (missing) missing.hidden = progress.done || !gaps(player.played, player.duration).length;
  if (!progress.certificate) return;
  the<HTMLAnchorElement>("#offer a").href = progress.certificate;
  the("#offer").hidden = false;
}

const root = document.querySelector<HTMLElement>("#player:has(video)");
if (root) {
  const facts = JSON.parse(the("#player-facts").textContent ?? "{}") as PlayerFacts;
  const player: Player = new Player(root, facts, (progress) => show(progress, player));
  document.querySelector("#missing")?.addEventListener("click", () => player.playMissing());
  for (const link of document.querySelectorAll<HTMLElement>("[data-second]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      player.playFrom(Number(link.dataset.second));
    });
  }
}
