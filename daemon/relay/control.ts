import { unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import {
  type FromRelay,
  type RelayEnded,
  type RelayOrders,
  ToRelay,
} from "../../machines/stream/relay-protocol.ts";

/** Longer than any order. */
const mostLineBytes = 64 * 1024;

export type Control = {
  /** To everybody who listens. */
  tell(message: FromRelay): void;
  close(): void;
};

/** JSON lines over a Unix socket. The relay never waits for who is at the other end. */
export function openControl(p: {
  path: string;
  greeting: () => FromRelay;
  onOrders: (orders: RelayOrders) => FromRelay;
  onEnded: (ended: RelayEnded) => void;
  /** For what cannot be read. */
  refusal: () => FromRelay;
  onFailed: (error: Error) => void;
}): Control {
  const clients = new Set<Socket>();
  const say = (client: Socket, message: FromRelay) => {
    // Who does not read is not waited for: the next report says all of it again.
    if (client.writableLength < mostLineBytes) client.write(`${JSON.stringify(message)}\n`);
  };

  function obey(client: Socket, line: string): void {
    const message = readMessage(line);
    if (message === undefined) return say(client, p.refusal());
    if (message.type === "ended") return p.onEnded(message);
    say(client, p.onOrders(message));
  }

  const server: Server = createServer((client) => {
    clients.add(client);
    client.setEncoding("utf8");
    let rest = "";
    client.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) obey(client, line);
      if (rest.length > mostLineBytes) client.destroy();
    });
    client.on("error", () => client.destroy());
    client.once("close", () => clients.delete(client));
    say(client, p.greeting());
  });
  server.once("error", p.onFailed);
  try {
    unlinkSync(p.path);
  } catch {
    // There was none.
  }
  server.listen(p.path);

  return {
    tell: (message) => clients.forEach((client) => say(client, message)),
    close() {
      for (const client of clients) client.destroy();
      server.close();
    },
  };
}

function readMessage(line: string): ToRelay | undefined {
  try {
    return ToRelay.safeParse(JSON.parse(line)).data;
  } catch {
    // No JSON at all.
    return undefined;
  }
}
