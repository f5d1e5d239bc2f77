/** JSON over HTTP with the cookie; a problem document becomes `Refused`, a broken connection `Lost`. */
import { Lost, Refused } from "./refusal.ts";
import { say, WORDS } from "./words.ts";

export async function call<T>(method: string, url: string, body?: object, options: RequestInit = {}): Promise<T> {
  const answer = await reach(url, {
    ...options,
    method,
    headers: { accept: "application/json", ...(body ? { "content-type": "application/json" } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw await refusal(answer);
  return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch {
    throw new Lost(url);
  }
}

/** RFC 9457: `detail` is the sentence for people, `code` the word for programs. */
async function refusal(answer: Response): Promise<Refused> {
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
  const code = problem.code ?? (answer.status === 429 ? "too_fast" : answer.status >= 500 ? "unavailable" : "refused");
  const after = Number(answer.headers.get("retry-after"));
  return new Refused(
    code,
    problem.detail ?? problem.title ?? say(WORDS.answered, { status: answer.status }),
    after || null,
  );
}
