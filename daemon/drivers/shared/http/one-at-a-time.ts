import { DriverError } from "../../driver.ts";

/**
 * Runs what it is given one after the other: small boxes fall over when asked two things at once.
 * Each call settles at the latest when its `signal` aborts, also while it is still in the queue.
 * @param where `host:port`, for the message
 */
export function openOneAtATime(where: string) {
  let tail: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    const mine = tail.then(work);
    tail = mine.catch(() => undefined);
    return orTimeout(mine, signal, where);
  };
}
export type OneAtATime = ReturnType<typeof openOneAtATime>;

function orTimeout<T>(work: Promise<T>, signal: AbortSignal, where: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new DriverError("timeout", `${where} did not answer in time`));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
