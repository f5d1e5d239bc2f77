// The twin on the wire: a message is posted over the socket, committed, and told to the room. `node posting.js CONFIG PORT`
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { inChannel, openPool, Statements } from "../twin/database.js";
import { admit, channelAt, hashOfToken, requireSeen } from "../twin/people.js";
import { post } from "../twin/routes.js";

const [configPath, port] = process.argv.slice(2);
const config = JSON.parse(readFileSync(configPath, "utf8"));
const pool = openPool(config.database, config.pool_size);
const statements = new Statements(config.statements);
const http = createServer();
const community = new Server(http).of("/community");

const asked = async (socket, work) => {
  const channel = await channelAt(pool, statements, socket.data.slug);
  return inChannel(pool, statements, channel.id, true, async (ask) => work(ask, await admit(ask, socket.data.hash)));
};

community.use((socket, next) => {
  const { channel, token } = socket.handshake.auth;
  Object.assign(socket.data, { slug: channel, hash: hashOfToken(token) });
  asked(socket, (_ask, actor) => next(actor.role ? undefined : new Error("Join this channel first."))).catch(next);
});

community.on("connection", (socket) => {
  socket.on("room.join", async ({ room }, acknowledge) => {
    await asked(socket, async (ask, actor) => {
      const [found] = await ask("room", { room_id: room, me: actor.member });
      requireSeen(actor, found);
    });
    socket.join(room);
    acknowledge({ ok: { room } });
  });
  socket.on("message.post", async ({ room, ...body }, acknowledge) => {
    const { posted, payload } = await post({ pool, statements }, socket.data.slug, socket.data.hash, room, body);
    if (payload !== null) community.to(room).emit("message.posted", payload);
    acknowledge({ ok: { id: posted.id, seq: posted.seq } });
  });
});

http.listen(Number(port), "127.0.0.1", 4096);
