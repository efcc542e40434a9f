/** One thing wrong in a config file, before its place is known. */
export type Finding = {
  /** Keys and list positions from the top of the file. */
  path: (string | number)[];
  /** What is wrong, for people. Never repeats a secret. */
  what: string;
  /** Point at the key itself rather than at its value. */
  atKey?: boolean;
  /** The key is not one we know; the nearest known one is added to the sentence. */
  unknownKey?: string;
};

/** A config file that was read and is whole, with the way back to its lines. */
export type Loaded<T> = {
  config: T;
  /** A finding as `file:line:column key: what is wrong`. */
  describe: (finding: Finding) => string;
};

/** A config that must not be started with. The caller prints `message` and exits with 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "bad_config";
  readonly exitCode = 2;
  /** Every problem, each `file:line:column key: what is wrong`, in the order of the file. */
  readonly problems: readonly string[];
  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join("\n"), options);
    this.problems = problems;
  }
}

/** `["destinations", 0, "streamKey"]` → `destinations[0].streamKey` */
export function keyName(path: Finding["path"]): string {
  const name = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
  return name === "" ? "(whole file)" : name;
}
