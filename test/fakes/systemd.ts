/** What systemd does with `NOTIFY_SOCKET`: a datagram socket in the file system. */
import { once } from "node:events";
import { createRequire } from "node:module";

type Receiver = {
  bind(path: string): void;
  on(event: string, listener: (datagram: Buffer) => void): void;
  close(): void;
};

/** @returns what services tell it, as it comes */
export async function aSystemd(path: string): Promise<{ heard: string[]; close: () => void }> {
  const load = createRequire(import.meta.url);
  const { createSocket } = load("unix-dgram") as {
    createSocket: (type: string, hear: (datagram: Buffer) => void) => Receiver;
  };
  const heard: string[] = [];
  const socket = createSocket("unix_dgram", (datagram) => void heard.push(datagram.toString()));
  const listening = once(socket as never, "listening");
  socket.bind(path);
  await listening;
  return { heard, close: () => socket.close() };
}
