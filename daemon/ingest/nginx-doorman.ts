/** Answers an nginx with the RTMP module that asks who may publish (on_publish) and play (on_play). */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { isKey, type Publisher } from "./door.ts";
import type { IngestSource } from "./settings.ts";

const mostBytes = 8_192;
const patienceMs = 5_000;

type Source = IngestSource & { kind: "nginx-rtmp" };

/** Resolves when it listens; rejects when it cannot. */
export async function openNginxDoorman(
  { app, streamKey, authorise }: Source,
  tell: {
    /** Who has sent something just now. */
    current: () => Publisher | undefined;
    /** Its media come to nginx from now on. */
    let: (publisher: Publisher) => void;
    /** on_publish_done, where nginx tells it. */
    left: () => void;
    refused: (from: string, why: string) => void;
  },
): Promise<void> {
  const keySha256 =
    streamKey === null ? undefined : createHash("sha256").update(streamKey).digest("hex");
  const server = createServer((asked, answer) => {
    fieldsOf(asked).then(
      (fields) => answer.writeHead(judge(fields)).end(),
      () => answer.writeHead(400).end(),
    );
  });

  /** @returns the status: anything but 2xx keeps it out */
  function judge(fields: URLSearchParams): number {
    const call = fields.get("call");
    const from = (fields.get("addr") ?? "?").slice(0, 64);
    const isOurs = keySha256 !== undefined && isKey(fields.get("name") ?? "", keySha256);
    if (call === "publish_done") {
      if (isOurs && fields.get("app") === app) tell.left();
      return 200;
    }
    const why = whyNot(fields, isOurs);
    if (call === "play") return why === undefined ? 200 : 403;
    if (call !== "publish") return 403;
    const before = tell.current();
    if (why !== undefined) tell.refused(from, why);
    else if (before) tell.refused(from, `has the key, but ${before.from} publishes already`);
    else tell.let({ from, sinceMs: Date.now() });
    return why === undefined && !before ? 200 : 403;
  }
  function whyNot(fields: URLSearchParams, isOurs: boolean): string | undefined {
    if (keySha256 === undefined) return "has no session: it is kept for sessions";
    if (!isOurs) return "has a wrong stream key";
    const to = fields.get("app") ?? "";
    return to === app
      ? undefined
      : `publishes to ${JSON.stringify(to.slice(0, 64))}, not to ${app}`;
  }

  server.requestTimeout = patienceMs;
  server.maxConnections = 32;
  server.listen({ ...authorise });
  await once(server, "listening");
}

async function fieldsOf(asked: IncomingMessage): Promise<URLSearchParams> {
  let text = "";
  for await (const chunk of asked) {
    text += (chunk as Buffer).toString("latin1");
    if (text.length > mostBytes) throw new Error("more than nginx ever says");
  }
  return new URLSearchParams(text);
}
