// The official Socket.IO client, driven from a test: reads one JSON deed per line, answers one per line.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

let socket;
const heard = [];
const shown = (value) => (Buffer.isBuffer(value) ? { bytes: value.toString("base64") } : value);
const given = (value) => (value && value.repeat ? Buffer.alloc(value.repeat, value.of) : value);

const deeds = {
  /** Connect; the namespace's id and the transport, or the refusal. */
  async connect({ url, options }) {
    socket = io(url, { reconnectionDelay: 50, reconnectionDelayMax: 100, ...options });
    socket.onAny((event, ...data) => heard.push([event, ...data.map(shown)]));
    socket.on("ask", (question, answer) => answer(question, "answered"));
    socket.on("disconnect", (reason) => heard.push(["(disconnect)", reason]));
    socket.on("connect_error", (error) => heard.push(["(connect_error)", error.message]));
    return await new Promise((resolve) => {
      socket.once("connect", () => resolve({ sid: socket.id, transport: socket.io.engine.transport.name }));
      socket.once("connect_error", (error) => resolve({ message: error.message, data: error.data }));
    });
  },
  /** Wait until a transport is in use. */
  async transport({ name }) {
    while (socket.io.engine.transport.name !== name) await new Promise((done) => setTimeout(done, 10));
    return name;
  },
  /** Emit, and what it was acknowledged with. */
  async ask({ event, data }) {
    return shown(await socket.timeout(10000).emitWithAck(event, ...data.map(given)));
  },
  /** Emit so many times at once; the acknowledgements in their order. */
  async burst({ event, count }) {
    return await Promise.all(Array.from({ length: count }, (_, n) => socket.timeout(10000).emitWithAck(event, n)));
  },
  /** Emit one event for each of these at once; the acknowledgements in their order. */
  async asks({ event, each }) {
    return await Promise.all(each.map((data) => socket.timeout(10000).emitWithAck(event, data)));
  },
  /** Wait until it is connected under another id than this one; the new id and the transport. */
  async back({ sid }) {
    while (!socket.connected || socket.id === sid) await new Promise((done) => setTimeout(done, 10));
    return { sid: socket.id, transport: socket.io.engine.transport.name };
  },
  /** What was heard so far, once there are so many of an event. */
  async heard({ event, count }) {
    while (heard.filter(([name]) => name === event).length < count) await new Promise((done) => setTimeout(done, 10));
    return heard.filter(([name]) => name === event);
  },
  /** Whether it is connected, once it has had some time. */
  async state({ after }) {
    await new Promise((done) => setTimeout(done, after));
    return { connected: socket.connected, active: socket.active, sid: socket.id };
  },
  /** Leave. */
  async close() {
    socket.close();
    return true;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { deed, ...asked } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ ok: (await deeds[deed](asked)) ?? null }));
  } catch (wrong) {
    console.log(JSON.stringify({ error: String(wrong) }));
  }
}
process.exit(0);
