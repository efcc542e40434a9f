/** How every command of `understudy` ends. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  /** No key, a wrong one, or one that may not do this. */
  auth: 4,
  /** By the site or the hub, or by ourselves, for safety: a change freeze, a range that is not ours. */
  refused: 5,
  unreachable: 6,
  timedOut: 7,
  interrupted: 130,
} as const;

/** Ends the command with a sentence for the operator. */
export class Ending extends Error {
  override readonly name = "Ending";
  readonly exitCode: number;
  constructor(code: number, message: string) {
    super(message);
    this.exitCode = code;
  }
}
