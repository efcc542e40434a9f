/** One try to tell one receiver one thing. */
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { Guard } from "./guard.ts";

/** `gone`: it says never again. `refused`: it will not take this one, another perhaps. */
export type Outcome = { word: "taken" } | { word: "gone" | "refused" | "failed"; error: string };

const timeoutMs = 10_000;

/** No redirect is followed: what a receiver moves to is nobody's decision but the operator's. */
export function deliver(
  to: string,
  { body, headers }: { body: string; headers: Record<string, string> },
  guard: Guard,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const failed = (error: unknown) =>
      resolve({ word: "failed", error: error instanceof Error ? error.message : "failed" });
    try {
      const url = new URL(to);
      guard.check(url);
      const send = url.protocol === "https:" ? requestTls : requestPlain;
      const request = send(url, {
        method: "POST",
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        lookup: guard.lookup,
        // A connection of its own: a dead one is not reused.
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
      });
      request.on("error", (error) =>
        failed(
          error.name === "AbortError" ? new Error(`no answer in ${timeoutMs / 1_000} s`) : error,
        ),
      );
      request.on("response", (response) => {
        const status = response.statusCode ?? 0;
        // Nobody needs what it says.
        response.destroy();
        resolve(outcomeOf(status));
      });
      request.end(body);
    } catch (error) {
      failed(error);
    }
  });
}

/** About this one event; whatever else it answers may be set right meanwhile. */
const aboutTheEvent = new Set([400, 413, 415, 422]);

function outcomeOf(status: number): Outcome {
  const error = `it answered ${status}`;
  if (status >= 200 && status < 300) return { word: "taken" };
  if (status === 410) return { word: "gone", error };
  return { word: aboutTheEvent.has(status) ? "refused" : "failed", error };
}
