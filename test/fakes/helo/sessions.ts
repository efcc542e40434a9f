import { randomBytes } from "node:crypto";

/** Logins of the web page: a password, no user name, one cookie called `session`. */
export class Sessions {
  readonly #lifeMs: number;
  readonly #lastUseMs = new Map<string, number>();

  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  /** @returns `<8 hex digits>-<31 characters>` */
  open(): string {
    const id = `${randomBytes(4).toString("hex")}-${randomBytes(24).toString("hex").slice(0, 31)}`;
    this.#lastUseMs.set(id, performance.now());
    return id;
  }

  /** @param cookie the whole `Cookie` header */
  knows(cookie: string): boolean {
    const id = /(?:^|;\s*)session=([^;\s]+)/.exec(cookie)?.[1];
    const lastUseMs = id === undefined ? undefined : this.#lastUseMs.get(id);
    if (id === undefined || lastUseMs === undefined) return false;
    if (performance.now() - lastUseMs > this.#lifeMs) {
      this.#lastUseMs.delete(id);
      return false;
    }
    this.#lastUseMs.set(id, performance.now());
    return true;
  }

  forgetAll(): void {
    this.#lastUseMs.clear();
  }
}
