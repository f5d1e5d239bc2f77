/** What the scripts say that come later, when they are first needed; so that the page does not wait for it. */

export const LATER = {
  ready: (title: string) => `Your certificate for ${title} is ready.`,
  waits: (count: number) => (count === 1 ? "1 case waits" : `${count} cases wait`),
  looking: (name: string) => `${name} is looking at this.`,
  decided: "This was decided already.",
  flagged: "Flagged. Moderators look at it.",
  removed: "Deleted. Its author is told why.",
  undo: "Undo",
  slow: (seconds: number) => `Slow mode: one message every ${seconds} s.`,
  decisions: "Decisions about you",
  meanwhile: "It was changed elsewhere meanwhile. Above is what stands now; save again to put yours in its place.",
  unread: "The thread cannot be read now. It is tried again.",
  follow: "Follow",
  unfollow: "Follow no more",
  people: "People to mention",
  program: "Program",
  votes: (count: number, share: number) => `${count} (${share}\u00a0%)`,
  voted: (count: number) => (count === 1 ? "1 person voted" : `${count} people voted`),
  notAsked: "Not sent: the network is away. Press again when it is back.",
  moment: (at: string) => {
    const zone = document.querySelector<HTMLElement>("[data-zone]")?.dataset.zone;
    const style = { dateStyle: "medium", timeStyle: "short" } as const;
    return new Intl.DateTimeFormat(document.documentElement.lang || "en", { ...style, timeZone: zone }).format(
      new Date(at),
    );
  },
  found: (count: number) => (count === 1 ? "1 person found" : `${count} people found`),
  movedBefore: (what: string, next: string, list: string) => `Moved ${what} before ${next}, in ${list}.`,
  movedLast: (what: string, list: string) => `Moved ${what} to the end of ${list}.`,
  movedBack: (what: string) => `${what} is where it was.`,
} as const;
