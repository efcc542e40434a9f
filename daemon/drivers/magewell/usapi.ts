import { createHash } from "node:crypto";
import { DriverError } from "../driver.ts";
import type { Http, HttpReply } from "../shared/http/http.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";
import { openOneAtATime } from "../shared/http/one-at-a-time.ts";
import { resultOf } from "./answers.ts";
import { refusals, result } from "./words.ts";

/** After a refused password the box is not asked again for so long: it is not a lock to pick. */
const refusedPasswordRestMs = 60_000;

export type Answer = { result: number; body: unknown };
export type Parameters = Record<string, string | number>;

export type Usapi = {
  /** Marks the start of one driver call, in which a session is renewed at most once. */
  beginCall(): void;
  /** Asks one method, logging in when the box wants it. One request is on the wire at a time. */
  call(method: string, parameters: Parameters, signal: AbortSignal): Promise<Answer>;
  /** As `call`; rejects `refused` unless the result is 0, for what is read. */
  read(method: string, signal: AbortSignal): Promise<unknown>;
  /** As `call`; rejects `failed` where the box will not do it. */
  command(method: string, parameters: Parameters, signal: AbortSignal): Promise<void>;
  close(): void;
};

/**
 * `GET /usapi?method=…`, JSON with `result` (0 = ok). Logged out, a box answers −17, with an old
 * session also −1, so these lead to one login and one repeat inside the same call
 * (encoder-devices.md §2.1). The address holds keys and the password's hash: never tell it.
 */
export function openUsapi(
  http: Http,
  access: { where: string; username: string; password: string | undefined; now: () => number },
): Usapi {
  const { where, username, password, now } = access;
  const inTurn = openOneAtATime(where);
  let cookie: string | undefined;
  let renewedInThisCall = false;
  let passwordRestsUntilMs = -Infinity;

  async function send(method: string, parameters: Parameters, signal: AbortSignal) {
    const items = Object.entries(parameters).map(
      ([name, value]) => `&${name}=${encodeURIComponent(value)}`,
    );
    const path = `/usapi?method=${method}${items.join("")}`;
    const headers = cookie === undefined ? {} : { Cookie: cookie };
    return http.send({ method: "GET", path, headers }, signal);
  }

  function answerIn({ status, body }: HttpReply, method: string): Answer {
    if (status >= 500) throw new DriverError("refused", `${where} is overloaded (HTTP ${status})`);
    if (status !== 200) throw new DriverError("malformed", `${where} answered HTTP ${status}`);
    const json = jsonOrUndefined(body);
    const told = resultOf(json);
    if (told !== undefined) return { result: told, body: json };
    throw new DriverError("malformed", `${where} gave no result when asked for ${method}`);
  }

  async function logIn(secret: string, signal: AbortSignal): Promise<void> {
    if (now() < passwordRestsUntilMs)
      throw new DriverError("unauthorized", `${where} refused the password, not asked again yet`);
    cookie = undefined;
    const pass = createHash("md5").update(secret).digest("hex");
    const reply = await send("login", { id: username, pass }, signal);
    const answer = answerIn(reply, "login");
    const given = reply.setCookies.flatMap((line) => /^[\w.-]+=[^;,\s]+/.exec(line) ?? []);
    if (answer.result === result.succeeded && given.length > 0) {
      cookie = given.join("; ");
      return;
    }
    if (answer.result === result.succeeded)
      throw new DriverError("unauthorized", `${where} took the password and gave no session`);
    if (answer.result === result.busy)
      throw new DriverError("refused", `${where} is too busy for a login`);
    passwordRestsUntilMs = now() + refusedPasswordRestMs;
    throw new DriverError("unauthorized", `${where} refused the password`);
  }

  async function callInTurn(method: string, parameters: Parameters, signal: AbortSignal) {
    const first = answerIn(await send(method, parameters, signal), method);
    if (!wantsLogin(first)) return first;
    if (password === undefined)
      throw new DriverError(
        "unauthorized",
        `${where} wants a login and has no password configured`,
      );
    if (cookie !== undefined) {
      if (renewedInThisCall)
        throw new DriverError("unauthorized", `${where} does not keep the session it gave`);
      renewedInThisCall = true;
    }
    await logIn(password, signal);
    const second = answerIn(await send(method, parameters, signal), method);
    if (!wantsLogin(second)) return second;
    throw new DriverError("unauthorized", `${where} does not take the session it gave`);
  }

  const call: Usapi["call"] = (method, parameters, signal) =>
    inTurn(() => callInTurn(method, parameters, signal), signal);

  return {
    beginCall: () => void (renewedInThisCall = false),
    call,
    async read(method, signal) {
      const answer = await call(method, {}, signal);
      if (answer.result === result.succeeded) return answer.body;
      throw new DriverError("refused", `${where} does not tell ${method}: ${why(answer)}`);
    },
    async command(method, parameters, signal) {
      const answer = await call(method, parameters, signal);
      if (done.has(answer.result)) return;
      throw new DriverError("failed", `${where} does not do ${method}: ${why(answer)}`);
    },
    close: () => http.close(),
  };
}

/** Absolute commands may be given twice. */
const done: ReadonlySet<number> = new Set([result.succeeded, result.repeated, result.running]);

const wantsLogin = (answer: Answer) =>
  answer.result === result.needsLogin || answer.result === result.wrongPassword;

const why = (answer: Answer) =>
  `result ${answer.result} (${refusals.get(answer.result) ?? "not known"})`;
