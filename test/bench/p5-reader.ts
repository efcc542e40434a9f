/** The least that can be done about progress: each engine's port is read, nothing is looked at. */
import { createSocket } from "node:dgram";
import { once } from "node:events";

const count = Number(process.argv[2]);
let datagrams = 0;
const ports: number[] = [];
for (let at = 0; at < count; at += 1) {
  const socket = createSocket("udp4");
  socket.bind({ port: 0, address: "127.0.0.1", exclusive: true });
  await once(socket, "listening");
  socket.on("message", () => void (datagrams += 1));
  ports.push(socket.address().port);
}
process.send?.({ ports });
process.on("message", () => process.send?.({ datagrams }));
process.on("disconnect", () => process.exit());
