/** The object store over fetch: no cookies, no redirects; a broken connection is `Lost`. */
import { Lost } from "./refusal.ts";
import type { Store, StoreAnswer } from "./upload.ts";

export class FetchStore implements Store {
  async put(url: string, body: Blob | null, range: string, signal: AbortSignal): Promise<StoreAnswer> {
    const headers = { "content-range": range };
    try {
      const answer = await fetch(url, { method: "PUT", body, headers, signal, credentials: "omit" });
      return { status: answer.status, range: answer.headers.get("range") };
    } catch {
      throw new Lost(url);
    }
  }
}
