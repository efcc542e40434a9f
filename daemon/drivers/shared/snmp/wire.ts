import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";

/** Datagrams to and from one agent. */
export type Wire = { send(datagram: Buffer): void; close(): void };

export type WireEvents = {
  heard: (datagram: Buffer) => void;
  /** The name is unknown, or the host said that nothing listens there. */
  failed: (error: NodeJS.ErrnoException) => void;
};

/** Rejects where the name cannot be looked up. */
export type OpenWire = (host: string, port: number, events: WireEvents) => Promise<Wire>;

/**
 * A connected socket: the kernel drops what comes from any other address, and tells us when the
 * host refuses. An agent with several addresses must answer from the one that is configured.
 */
export const openUdp: OpenWire = async (host, port, { heard, failed }) => {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  try {
    await connect(socket, port, address);
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.unref();
  socket.on("message", heard);
  socket.on("error", failed);
  let open = true;
  return {
    send(datagram) {
      if (open) socket.send(datagram, (error) => void (error && failed(error)));
    },
    close() {
      if (!open) return;
      open = false;
      socket.close();
    },
  };
};

function connect(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.connect(port, address, () => {
      socket.off("error", reject);
      resolve();
    });
  });
}
