/** What the wire tells the room, told to a thread as well. */
import type { WireHooks } from "./wire.ts";

type Told = Record<string, (...given: unknown[]) => unknown>;

/** `first` hears everything and answers; whoever `next` is at that moment hears it after. */
export function alongside(first: WireHooks, next: () => Partial<WireHooks> | null): WireHooks {
  const told: Told = {};
  for (const [name, hear] of Object.entries(first as unknown as Told)) {
    told[name] = (...given) => {
      const answer = hear(...given);
      (next() as Told | null)?.[name]?.(...given);
      return answer;
    };
  }
  return told as unknown as WireHooks;
}
