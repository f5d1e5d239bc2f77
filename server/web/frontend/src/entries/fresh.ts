/** Pages that list messages, notices or conversations: whole without scripts, and then as the server would draw them now. */
import "../../styles/lesson.css";
import { the } from "../lib/page.ts";

// Safari has no idle callbacks yet.
(globalThis.requestIdleCallback ?? setTimeout)(async () => {
  const { stayFresh } = await import("../lib/freshness.ts");
  stayFresh(the("main"));
});
