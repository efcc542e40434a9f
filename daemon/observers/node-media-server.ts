import { z } from "zod";
import type { FarEndSight } from "../../machines/destination/sight.ts";
import { askHttp, reasonOf, type HttpReply } from "./http-ask.ts";
import { lookLimitsMs, unseen, type FarEndObserver, type ObserverContext } from "./observer.ts";

export type NodeMediaServerOptions = {
  kind: "node-media-server";
  /** `http://ingest:8000`, or with a path of its own: `https://site/nms/api/v1`. */
  apiUrl: string;
  app: string;
  username?: string;
  /** The password itself, not a reference. A secret. */
  password?: string;
};

const limits = { limitMs: lookLimitsMs["node-media-server"], maxBytes: 4 * 1024 * 1024 };
/** Five failed logins lock the account for 15 minutes (its `auth.js`), so a refused one waits. */
const loginPauseMs = 5 * 60_000;

const Login = z.object({ data: z.object({ token: z.string().min(1) }) });
const Publisher = z.object({ ip: z.string(), inBytes: z.number().nonnegative() });
const Streams = z.object({
  data: z.object({
    streams: z.array(
      z.object({
        app: z.string(),
        name: z.string(),
        status: z.string(),
        publisher: Publisher.nullable(),
      }),
    ),
  }),
});

/**
 * Looks at `/streams` of node-media-server 4.4: its `/sessions` names no stream (app and name are
 * left out for RTMP in 4.4.3), and after a disconnect the publisher's slot stays for 30 s with the
 * status `reconnecting`. That slot is open to anybody, so it counts as quiet. A publisher whose
 * cable was pulled stays `publishing` with bytes that stand still; the reader sees that.
 */
export function openNodeMediaServer(
  options: NodeMediaServerOptions,
  context: ObserverContext,
): FarEndObserver {
  const base = new URL(options.apiUrl);
  if (base.pathname === "/") base.pathname = "/api/v1";
  const at = (path: string) => `${base.href.replace(/\/$/, "")}${path}`;
  let token: string | undefined;
  let loginRefusedAtMs: number | undefined;

  async function login(signal: AbortSignal): Promise<string | undefined> {
    const { username, password } = options;
    if (username === undefined || password === undefined) return "the API wants a login";
    if (loginRefusedAtMs !== undefined && context.now() - loginRefusedAtMs < loginPauseMs) {
      return "the API refused the login; next try within 5 minutes";
    }
    const reply = await askHttp(
      at("/login"),
      {
        ...limits,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ username, password }),
      },
      signal,
    );
    const answer = Login.safeParse(parseJson(reply.body));
    if (reply.status === 200 && answer.success) {
      token = answer.data.data.token;
      loginRefusedAtMs = undefined;
      return undefined;
    }
    loginRefusedAtMs = context.now();
    return `the API refused the login (${reply.status})`;
  }

  function askStreams(signal: AbortSignal): Promise<HttpReply> {
    const headers: Record<string, string> =
      token === undefined ? {} : { authorization: `Bearer ${token}` };
    return askHttp(at("/streams"), { ...limits, headers }, signal);
  }

  async function observe(signal: AbortSignal): Promise<FarEndSight> {
    try {
      let reply = await askStreams(signal);
      if (reply.status === 401) {
        token = undefined;
        const refused = await login(signal);
        if (refused !== undefined) return unseen(refused);
        reply = await askStreams(signal);
      }
      if (reply.status !== 200) return unseen(`the API answered ${reply.status}`);
      return sightOf(reply.body);
    } catch (cause) {
      return unseen(`the API ${reasonOf(cause)}`);
    }
  }

  function sightOf(body: string): FarEndSight {
    const answer = Streams.safeParse(parseJson(body));
    if (!answer.success) return unseen("the API's answer is not node-media-server 4.4's");
    const key = context.streamKey();
    const stream = answer.data.data.streams.find(
      ({ app, name }) => app === options.app && name === key,
    );
    switch (stream?.status) {
      case undefined:
      case "idle": // kept for its viewers only
      case "reconnecting":
        return { word: "quiet" };
      case "publishing":
        return {
          word: "publishing",
          by: stream.publisher?.ip.replace(/:\d+$/, "") ?? null,
          bytes: stream.publisher?.inBytes ?? null,
          publishers: 1,
        };
      default:
        return unseen("the API used a status word we do not know");
    }
  }

  return {
    name: `node-media-server at ${base.host}`,
    provesAbsence: true,
    lookLimitMs: lookLimitsMs["node-media-server"],
    observe,
    close: async () => undefined,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // what is not JSON fails the schema
  }
}
