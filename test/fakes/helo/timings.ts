/**
 * How long a HELO takes for what it does, ms unless said otherwise. The figures follow the
 * clients that work with real units where one shows them; the rest is ours.
 */
export type HeloTimings = {
  /** One answer of the single-threaded web server. */
  answerMs: number;
  /** Extra wait per answer while more than `softRequestsPerS` come in. */
  overloadedAnswerMs: number;
  softRequestsPerS: number;
  /** Above this, requests are reset unanswered. */
  hardRequestsPerS: number;
  /** How long an event request is held before `[]`. */
  eventWaitMs: number;
  /** A login is forgotten after this long without a request. */
  sessionMs: number;
  /** Power on until the web server listens (a real unit: 20–60 s). */
  bootMs: number;
  /** Listening until `SystemState` is Running. */
  initialiseMs: number;
  /** Running until `PowerUpState` or the scheduler act. */
  powerUpActionMs: number;
  /** Port closed after `Reboot` 1, before `initialiseMs` (45–90 s). */
  rebootMs: number;
  /** Stream command until the connection to the server is tried. */
  streamStartMs: number;
  /** Stop command until the stream has ended and state 1 shows. */
  streamStopMs: number;
  /** An unreachable server is given up after this long (5–15 s). */
  unreachableMs: number;
  /** A name that does not resolve is given up after this long. */
  nameFailureMs: number;
  /** A server that takes no byte for this long counts as lost. */
  sendStallMs: number;
  /** Auto-recover tries again after this long. */
  recoverMs: number;
  recordStartMs: number;
  /** A new recording destination until its medium can be recorded to. */
  mountMs: number;
  /** `Media_Too_Slow_Alarm` until the recording is cut off. */
  slowAbortMs: number;
  /** `RegisterRecallResult` 1 until 2 (1–4 s). */
  recallMs: number;
  /** Step of the durations, the media and the thermal model. */
  tickMs: number;
  /** Time constant of the thermal model. */
  thermalMs: number;
  /** Each of the shutdown messages before the port closes. */
  shutdownMs: number;
};

export const realTimings: HeloTimings = {
  answerMs: 4,
  overloadedAnswerMs: 250,
  softRequestsPerS: 10,
  hardRequestsPerS: 30,
  eventWaitMs: 30_000,
  sessionMs: 600_000,
  bootMs: 30_000,
  initialiseMs: 10_000,
  powerUpActionMs: 5_000,
  rebootMs: 60_000,
  streamStartMs: 700,
  streamStopMs: 700,
  unreachableMs: 8_000,
  nameFailureMs: 3_000,
  sendStallMs: 15_000,
  recoverMs: 10_000,
  recordStartMs: 700,
  mountMs: 1_500,
  slowAbortMs: 10_000,
  recallMs: 2_000,
  tickMs: 1_000,
  thermalMs: 300_000,
  shutdownMs: 2_000,
};

/** Timers of the device; a power cut clears them all at once. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();

  after(ms: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      act();
    }, ms);
    this.#running.add(timer);
    return timer;
  }

  every(ms: number, act: () => void): NodeJS.Timeout {
    const timer = setInterval(act, ms);
    this.#running.add(timer);
    return timer;
  }

  cancel(timer: NodeJS.Timeout | undefined): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#running.delete(timer);
  }

  clear(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
