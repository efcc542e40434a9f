import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type BucketAccess, refusalOf, signedHeaders } from "./bucket.ts";
import { askAgain, isPlaylist, keptFor, typeOf } from "./serve.ts";

const atOnce = 4;
const patienceMs = 10_000;
const mostOfRefusal = 8_192;
const againMs = { first: 500, most: 15_000 };

export type CdnTarget = {
  /** Files are put below it. */
  address: string;
  /** With it `address` is in a bucket, and `token` is for `purge` alone. */
  s3?: BucketAccess | undefined;
  token?: string | undefined;
  /** Told by POST which lists are new. */
  purge?: string | undefined;
};

/** Names of files, each that is named by another before it. */
export type Offered = { segments: readonly string[]; lists: readonly string[] };

/**
 * Puts what an output writes onto another server by HTTP: first what lists name, then the lists, and
 * at last it deletes what nobody is told of any more. What fails is tried again, and costs nothing else.
 */
export class CdnPush {
  readonly #to: CdnTarget;
  readonly #folder: string;
  readonly #offered: () => Offered;
  /** What was put, and not deleted. */
  readonly #there = new Set<string>();
  /** What was offered, and neither put nor given up. */
  readonly #owed = new Set<string>();
  readonly #lateAfterMs: number;
  #isWanted = false;
  #isBusy = false;
  /** When what is being brought was new, and what came since. */
  #oldMs: number | undefined;
  #newMs: number | undefined;
  #wasLate = false;
  /** Left the disk before they were put. */
  #lost = 0;
  #failure: string | null = null;

  /** @param p.lateAfterMs what was offered so long ago has to be there */
  constructor(p: { to: CdnTarget; folder: string; offered: () => Offered; lateAfterMs: number }) {
    this.#lateAfterMs = p.lateAfterMs;
    this.#to = p.to;
    this.#folder = p.folder;
    this.#offered = p.offered;
  }

  /** Why it is not there as it is here. */
  get why(): string | null {
    if (this.#failure !== null) return this.#failure;
    const behindMs = performance.now() - (this.#oldMs ?? this.#newMs ?? Infinity);
    const hasLost = this.#wasLate && this.#lost > 0;
    if (!hasLost && behindMs <= this.#mostBehindMs) return null;
    // A figure that changes all the time would be news all the time.
    const stepMs = behindMs < 10_000 ? 1_000 : 10_000;
    const seconds = (Math.floor(Math.max(0, behindMs) / stepMs) * stepMs) / 1_000;
    const lost = hasLost ? `, and ${this.#lost} files had left the disk before it took them` : "";
    return `the CDN does not keep up: it is ${seconds} s behind${lost}`;
  }

  /** What was late keeps up again when it is half as late. */
  get #mostBehindMs(): number {
    return this.#wasLate ? this.#lateAfterMs / 2 : this.#lateAfterMs;
  }

  /** There are new lists. */
  changed(): void {
    for (const name of this.#offered().segments) if (!this.#there.has(name)) this.#owed.add(name);
    this.#newMs ??= performance.now();
    this.#isWanted = true;
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    let waitMs = againMs.first;
    while (this.#isWanted) {
      this.#isWanted = false;
      this.#oldMs ??= this.#newMs;
      this.#newMs = undefined;
      try {
        await this.#bring();
        this.#failure = null;
        this.#brought();
        waitMs = againMs.first;
      } catch (cause) {
        this.#failure = sentenceOf(cause as Error);
        this.#isWanted = true;
        await pause(waitMs, undefined, { ref: false });
        waitMs = Math.min(2 * waitMs, againMs.most);
      }
    }
    this.#isBusy = false;
  }

  #brought(): void {
    const tookMs = performance.now() - this.#oldMs!;
    this.#oldMs = undefined;
    this.#wasLate = tookMs > this.#mostBehindMs;
    if (!this.#wasLate) this.#lost = 0;
  }

  async #bring(): Promise<void> {
    const { segments, lists } = this.#offered();
    for (const name of this.#owed) if (!segments.includes(name)) this.#lose(name);
    const missing = segments.filter((name) => !this.#there.has(name));
    // As they are now: later ones name what is not there yet.
    const texts = lists.map((name) => readFileSync(join(this.#folder, name)));
    while (missing.length > 0) {
      await Promise.all(
        missing.splice(0, atOnce).map(async (name) => this.#put(name, await this.#read(name))),
      );
    }
    for (const [n, name] of lists.entries()) await this.#put(name, texts[n]);
    const { purge, token } = this.#to;
    if (purge !== undefined) {
      const { status } = await tellPurge({ purge, token }, { files: lists });
      if (status >= 300) throw new Error(`POST ${purge} was answered ${status}`);
    }
    for (const name of this.#there) {
      if (isPlaylist(name) || segments.includes(name)) continue;
      await this.#ask("DELETE", this.#addressOf(name));
      this.#there.delete(name);
    }
  }

  /** Undefined: it has left the disk meanwhile. */
  #read(name: string): Promise<Buffer | undefined> {
    return readFile(join(this.#folder, name)).catch(() => undefined);
  }

  #lose(name: string): void {
    this.#owed.delete(name);
    this.#lost++;
  }

  async #put(name: string, body: Buffer | undefined): Promise<void> {
    if (!body) return this.#lose(name);
    const headers = {
      "Content-Type": typeOf(name),
      "Cache-Control": isPlaylist(name) ? askAgain : keptFor,
    };
    await this.#ask("PUT", this.#addressOf(name), { body: new Uint8Array(body), headers });
    this.#there.add(name);
    this.#owed.delete(name);
  }

  #addressOf(name: string): string {
    return `${this.#to.address.replace(/\/$/, "")}/${name}`;
  }

  async #ask(
    method: string,
    address: string,
    more: { body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> } = {},
  ): Promise<void> {
    const { token, s3 } = this.#to;
    const authorization = token === undefined ? undefined : { Authorization: `Bearer ${token}` };
    const headers = s3
      ? await signedHeaders(s3, { method, address, ...more }, Date.now())
      : { ...more.headers, ...authorization };
    const answer = await fetch(address, {
      ...{ method, headers, redirect: "manual", signal: AbortSignal.timeout(patienceMs) },
      ...(more.body !== undefined && { body: more.body }),
    });
    const { status } = answer;
    const isGone = method === "DELETE" && (status === 404 || status === 410);
    if (status < 300 || isGone) return void (await answer.body?.cancel());
    const refusal = s3 && refusalOf(await beginningOf(answer), Date.now());
    const why = refusal === undefined ? "" : `: ${refusal}`;
    throw new Error(`${method} ${address} was answered ${status}${why}`);
  }
}

/** @returns what it answered, and how it began to say why */
export async function tellPurge(
  { purge, token }: { purge: string; token: string | undefined },
  what: { files: readonly string[]; all?: true },
): Promise<{ status: number; said: string }> {
  const headers = {
    "Content-Type": "application/json",
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
  const answer = await fetch(purge, {
    ...{ method: "POST", headers, body: JSON.stringify(what) },
    ...{ redirect: "manual", signal: AbortSignal.timeout(patienceMs) },
  });
  return { status: answer.status, said: await beginningOf(answer) };
}

/** Of what it says; whoever is no bucket may say anything. */
async function beginningOf({ body }: Response): Promise<string> {
  if (!body) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= mostOfRefusal) break;
  }
  return text.slice(0, mostOfRefusal);
}

export function sentenceOf({ message, cause }: Error): string {
  return `the CDN does not take it: ${cause instanceof Error ? cause.message : message}`;
}
