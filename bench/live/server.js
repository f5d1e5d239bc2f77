// The same server on Node: `node server.js REDIS_URL|- PORT`.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import { Server } from "socket.io";

const [redisUrl, port] = process.argv.slice(2);
const body = "0".repeat(130);
const http = createServer();
const io = new Server(http);
if (redisUrl !== "-") {
  const connect = () => new Redis({ path: redisUrl.replace("unix://", "") });
  io.adapter(createAdapter(connect(), connect()));
}
io.on("connection", (socket) => {
  socket.join("room");
  socket.on("pub", (n) => io.to("room").emit("msg", { n, body }));
  socket.on("echo", (value, acknowledge) => acknowledge(value));
});
http.listen(Number(port), "127.0.0.1", 4096);
