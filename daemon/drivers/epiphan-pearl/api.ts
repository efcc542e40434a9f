import { DriverError } from "../driver.ts";
import type { Http, HttpReply, HttpRequest } from "../shared/http/http.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";
import { openOneAtATime } from "../shared/http/one-at-a-time.ts";
import { Envelope } from "./answers.ts";
import type { PearlOptions } from "./options.ts";

const olderPath = "/admin/";
const olderBase = "/api";
/** After a refused password the box is not asked again for so long: it is not a lock to pick. */
const refusedPasswordRestMs = 60_000;

export type Version = "v2.0" | "legacy";
export type Api = {
  /** Which interface the box has, asked once: later firmware has `/api/v2.0`, older only `/api`. */
  version(signal: AbortSignal): Promise<Version>;
  /** The `result` of a GET, or undefined where the box says "not found". */
  read(path: string, signal: AbortSignal): Promise<unknown>;
  /** POST without a body, or PATCH. Rejects `failed` where the box will not do it. */
  command(
    method: "POST" | "PATCH",
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<void>;
  /** The same by the path that all firmware has, for what the later one left there. */
  readOlder(path: string, signal: AbortSignal): Promise<unknown>;
  /** Asks the older interface of a channel for `what`: plain text. */
  parameter(what: string, channel: string, signal: AbortSignal): Promise<string>;
  /** The box has booted, perhaps into another firmware. */
  forgetVersion(): void;
  close(): void;
};

/** Epiphan's REST interface: basic authentication, JSON in an envelope (encoder-devices.md §2.2). */
export function openApi(
  http: Http,
  { where, options, now }: { where: string; options: PearlOptions; now: () => number },
): Api {
  const { username, password } = options;
  const inTurn = openOneAtATime(where);
  const credentials = Buffer.from(`${username}:${password ?? ""}`).toString("base64");
  const headers: Record<string, string> =
    password === undefined ? {} : { Authorization: `Basic ${credentials}` };
  let passwordRestsUntilMs = -Infinity;
  let known: Version | undefined;

  async function send(ask: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
    if (now() < passwordRestsUntilMs)
      throw new DriverError("unauthorized", `${where} refused the password, not asked again yet`);
    const reply = await http.send({ ...ask, headers }, signal);
    if (reply.status === 401 || reply.status === 403) {
      // Not every user may use the older keys: that says nothing of the password.
      if (ask.path.startsWith(olderPath))
        throw new DriverError("notPossible", `${where} keeps its older keys to others`);
      passwordRestsUntilMs = now() + refusedPasswordRestMs;
      const why =
        password === undefined ? "wants a login, none is configured" : "refused the login";
      throw new DriverError("unauthorized", `${where} ${why}`);
    }
    if (reply.status >= 500)
      throw new DriverError("refused", `${where} is overloaded (HTTP ${reply.status})`);
    return reply;
  }

  /** @returns undefined for "not found" */
  function envelopeIn({ status, body }: HttpReply) {
    const envelope = Envelope.safeParse(jsonOrUndefined(body)).data;
    if (status === 404 || envelope?.status === "notfound") return undefined;
    if (envelope && (status === 200 || envelope.status !== "ok")) return envelope;
    throw new DriverError("malformed", `${where} gave no proper answer (HTTP ${status})`);
  }

  async function versionInTurn(signal: AbortSignal): Promise<Version> {
    if (options.api !== "auto") return options.api;
    if (known) return known;
    const reply = await send({ method: "GET", path: "/api/v2.0/system/firmware/version" }, signal);
    return (known = envelopeIn(reply)?.status === "ok" ? "v2.0" : "legacy");
  }

  async function ask(request: HttpRequest, signal: AbortSignal) {
    const base = (await versionInTurn(signal)) === "v2.0" ? "/api/v2.0" : olderBase;
    return envelopeIn(await send({ ...request, path: base + request.path }, signal));
  }

  function toldIn(envelope: ReturnType<typeof envelopeIn>): unknown {
    if (envelope === undefined || envelope.status === "ok") return envelope?.result;
    throw new DriverError("refused", `${where} will not tell: ${wordOf(envelope.status)}`);
  }

  return {
    version: (signal) => inTurn(() => versionInTurn(signal), signal),
    async read(path, signal) {
      return toldIn(await inTurn(() => ask({ method: "GET", path }, signal), signal));
    },
    async readOlder(path, signal) {
      const request = { method: "GET", path: olderBase + path } as const;
      return toldIn(envelopeIn(await inTurn(() => send(request, signal), signal)));
    },
    async command(method, path, body, signal) {
      const json = { type: "application/json", text: JSON.stringify(body) } as const;
      const request = { method, path, ...(body !== undefined && { body: json }) };
      const envelope = await inTurn(() => ask(request, signal), signal);
      if (envelope?.status === "ok") return;
      const why = envelope ? wordOf(envelope.status) : "no such channel or publisher";
      throw new DriverError("failed", `${where} will not do it: ${why}`);
    },
    async parameter(what, channel, signal) {
      const path = `${olderPath}channel${encodeURIComponent(channel)}/${what}`;
      const { status, body } = await inTurn(() => send({ method: "GET", path }, signal), signal);
      // 201 is what a set answers with.
      if (status === 200 || status === 201) return body;
      throw new DriverError("notPossible", `${where} has no such parameters (HTTP ${status})`);
    },
    forgetVersion: () => void (known = undefined),
    close: () => http.close(),
  };
}

/** The message beside it may repeat what was sent, a key too: only the word is told. */
const wordOf = (status: string) => (/^[a-z_ -]{1,30}$/i.test(status) ? status : "another status");
