import { z } from "zod";
import { DriverError } from "../driver.ts";
import type { Http, HttpReply, HttpRequest } from "../shared/http/http.ts";
import { jsonOrUndefined } from "../shared/http/json.ts";
import { openOneAtATime } from "../shared/http/one-at-a-time.ts";
import type { Budget } from "../shared/budget.ts";

/** After a refused password the unit is not asked again for so long: it is not a lock to pick. */
const refusedPasswordRestMs = 60_000;

/** A question waits for its turn in the budget of requests, a command does not. */
export type Purpose = "question" | "command";

export type Session = {
  /** Marks the start of one driver call, in which a session is renewed at most once. */
  beginCall(): void;
  /**
   * GET `path`, logging in when the unit wants it. One request is on the wire at a time.
   * @returns the body, or undefined where the unit let us in and still answers "not found"
   */
  get(path: string, signal: AbortSignal, purpose: Purpose): Promise<string | undefined>;
  /**
   * GET `path`, which the unit may leave unanswered for long: beside all others, on a connection of
   * its own. Does not log in.
   * @returns the body, or undefined where the unit answers "not found"
   */
  hold(path: string, signal: AbortSignal): Promise<string | undefined>;
  /** How many requests were sent in the last `lengthMs`: the unit collapses under too many. */
  sentWithin(lengthMs: number): number;
  close(): void;
};

export type SessionParts = {
  where: string;
  password: string | undefined;
  now: () => number;
  budget: Budget;
  /** For what is held: its time limit is that of a long wait. */
  longHttp: Http;
};

const LoginAnswer = z.object({ login: z.string() });

/**
 * A HELO with `Authentication` on answers everything with 404 and an HTML page until there is a
 * cookie `session` (encoder-devices.md §1.3). An expired session looks the same, so a 404 leads to
 * one login and one repeat inside the same call.
 */
export function openSession(
  http: Http,
  { where, password, now, budget, longHttp }: SessionParts,
): Session {
  let cookie: string | undefined;
  let renewedInThisCall = false;
  let passwordRestsUntilMs: number | undefined;
  let sentAtMs: number[] = [];
  const inTurn = openOneAtATime(where);

  const cookieHeader = () => (cookie === undefined ? {} : { Cookie: `session=${cookie}` });

  async function send(ask: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
    sentAtMs.push(now());
    return http.send({ ...ask, headers: cookieHeader() }, signal);
  }

  async function logIn(password: string, signal: AbortSignal): Promise<void> {
    cookie = undefined;
    budget.spend();
    const text = new URLSearchParams({ password_provided: password }).toString();
    const body = { type: "application/x-www-form-urlencoded", text } as const;
    const reply = await send({ method: "POST", path: "/authenticator/login", body }, signal);
    const answer = LoginAnswer.safeParse(jsonOrUndefined(reply.body));
    if (!answer.success) throw new DriverError("unauthorized", `${where} offers no login`);
    const given = reply.setCookies.map((line) => /^session=([\w.-]+)/.exec(line)?.[1]);
    cookie = given.find((value) => value !== undefined);
    if (answer.data.login === "success" && cookie !== undefined) return;
    cookie = undefined;
    passwordRestsUntilMs = now() + refusedPasswordRestMs;
    throw new DriverError("unauthorized", `${where} refused the password`);
  }

  async function getInTurn(path: string, signal: AbortSignal): Promise<string | undefined> {
    const first = await send({ method: "GET", path }, signal);
    if (!wantsLogin(first)) return bodyOf(first);
    if (password === undefined)
      throw new DriverError(
        "unauthorized",
        `${where} wants a login and has no password configured`,
      );
    if (passwordRestsUntilMs !== undefined && now() < passwordRestsUntilMs)
      throw new DriverError("unauthorized", `${where} refused the password, not asked again yet`);
    if (cookie !== undefined) {
      if (renewedInThisCall) return undefined;
      renewedInThisCall = true;
    }
    await logIn(password, signal);
    passwordRestsUntilMs = undefined;
    budget.spend();
    const second = await send({ method: "GET", path }, signal);
    return wantsLogin(second) ? undefined : bodyOf(second);
  }

  function bodyOf({ status, body }: HttpReply): string {
    if (status === 200) return body;
    if (status >= 500) throw new DriverError("refused", `${where} is overloaded (HTTP ${status})`);
    throw new DriverError("malformed", `${where} answered HTTP ${status}`);
  }

  return {
    beginCall: () => void (renewedInThisCall = false),
    async get(path, signal, purpose) {
      if (purpose === "question") await budget.take(signal);
      else budget.spend();
      return inTurn(() => getInTurn(path, signal), signal);
    },
    async hold(path, signal) {
      sentAtMs.push(now());
      const reply = await longHttp.send({ method: "GET", path, headers: cookieHeader() }, signal);
      return wantsLogin(reply) ? undefined : bodyOf(reply);
    },
    sentWithin(lengthMs) {
      sentAtMs = sentAtMs.filter((atMs) => atMs > now() - 60_000);
      return sentAtMs.filter((atMs) => atMs > now() - lengthMs).length;
    },
    close() {
      http.close();
      longHttp.close();
    },
  };
}

const wantsLogin = ({ status }: HttpReply) => status === 404 || status === 401 || status === 403;
