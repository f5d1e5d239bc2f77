/** What the scripts of a page say from the first moment: short, present tense, one place. */

export const WORDS = {
  sending: "Sending…",
  waiting: "Waiting for the connection",
  stuck: "Not sent. It stays on this device.",
  notSent: "Not sent.",
  deleted: "This message was deleted.",
  hidden: "This message is hidden.",
  today: "Today",
  yesterday: "Yesterday",
  reply: (name: string) => `In reply to ${name}`,
  replying: (name: string) => `Replying to ${name}`,
  earlier: "an earlier message",
  fresh: (count: number) => (count === 1 ? "1 new message" : `${count} new messages`),
  here: (count: number) => `${count} here`,
  hereAt: (count: number, time: string) => `${count} at ${time}`,
  offline: (time: string) => `You are offline since ${time}.`,
  silent: (time: string) => `The school has not answered since ${time}. We keep trying.`,
  kept: (count: number) => {
    if (!count) return "Keep writing: messages are kept on this device and go out by themselves.";
    const what =
      count === 1 ? "1 message is kept on this device and goes" : `${count} messages are kept on this device and go`;
    return `Keep writing: ${what} out by ${count === 1 ? "itself" : "themselves"}.`;
  },
  ended: "This room is closed to you now.",
  replies: (count: number) => (count === 1 ? "1 reply" : `${count} replies`),
  /** What is wrong with the length of a message; nothing, while it holds at most 10 KB of UTF-8. */
  tooLong: (body: string) => {
    const kb = Math.ceil(new TextEncoder().encode(body).length / 1024);
    return kb > 10 && `This is ${kb} KB; a message holds 10 KB. Make it shorter, or send it in parts.`;
  },
} as const;

/** "Tomás and Joan are typing", for up to three names and a number. */
export function sentence(names: string[], more: number): string {
  const shown = more ? [...names, `${more} more`] : names;
  if (!shown.length) return "";
  const list = shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`;
  return `${list} ${shown.length === 1 ? "is" : "are"} typing`;
}
