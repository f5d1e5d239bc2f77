// LiveKit's own SDK for Node, asked from a test: reads one JSON request per line, answers one per line.
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { AccessToken, TokenVerifier, WebhookReceiver } from "livekit-server-sdk";

const deeds = {
  /** What a token grants, as the SDK's verifier reads it. */
  async verify({ key, secret, token }) {
    return await new TokenVerifier(key, secret).verify(token);
  },
  /** The header by which LiveKit's server would sign this body. */
  async sign({ key, secret, body }) {
    const token = new AccessToken(key, secret, { ttl: "5m" });
    token.sha256 = createHash("sha256").update(body).digest("base64");
    return await token.toJwt();
  },
  /** The event in a signed webhook, as the SDK's receiver reads it. */
  async receive({ key, secret, body, header }) {
    const event = await new WebhookReceiver(key, secret).receive(body, header);
    return { event: event.event, room: event.room?.name };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { deed, ...asked } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ ok: await deeds[deed](asked) }));
  } catch (wrong) {
    console.log(JSON.stringify({ error: String(wrong) }));
  }
}
