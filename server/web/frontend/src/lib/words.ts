/**
 * What the scripts of a page say from the first moment: short, present tense, one place. The English stands here; a page
 * in another language brings its own (`server/web/spoken.py`). `%(name)s` is filled in when it is said.
 */

/** The forms of a sentence, of which its `count` chooses one by the rules of the page's language. */
export type Counted = Partial<Record<Intl.LDMLPluralRule, string>>;

type Values = Record<string, string | number>;

export const WORDS = spoken({
  locale: "en-GB",
  sending: "Sending…",
  waiting: "Waiting for the connection",
  stuck: "Not sent. It stays on this device.",
  notSent: "Not sent.",
  deleted: "This message was deleted.",
  hidden: "This message is hidden.",
  today: "Today",
  yesterday: "Yesterday",
  reply: "In reply to %(name)s",
  earlier: "an earlier message",
  fresh: { one: "%(count)s new message", other: "%(count)s new messages" },
  here: "%(count)s here",
  hereAt: "%(count)s at %(time)s",
  offline: "You are offline since %(time)s.",
  silent: "The school has not answered since %(time)s. We keep trying.",
  kept: {
    one: "Keep writing: %(count)s message is kept on this device and goes out by itself.",
    other: "Keep writing: %(count)s messages are kept on this device and go out by themselves.",
  },
  ended: "This room is closed to you now.",
  answered: "The server answered %(status)s.",
  replies: { one: "%(count)s reply", other: "%(count)s replies" },
});

/** The words of the page's own language in the place of the English ones. */
export function spoken<T extends object>(english: T): T {
  const { spoken } = document.scripts as unknown as Record<string, HTMLScriptElement | undefined>;
  return Object.assign(english, JSON.parse(spoken?.text ?? "null"));
}

/** A sentence with its values, numbers as the language writes them. */
export function say(words: string | Counted, values: Values): string {
  // A plain sentence has no forms, and stands for itself.
  const form = (words as Counted)[new Intl.PluralRules(WORDS.locale).select(values.count as number)] ?? words;
  return (form as string).replace(/%\((\w+)\)s/g, (_, name) => number(values[name] as number));
}

/** A number as the language writes it; words stay what they are. */
export function number(value: string | number, style?: Intl.NumberFormatOptions): string {
  return value.toLocaleString(WORDS.locale, style);
}
