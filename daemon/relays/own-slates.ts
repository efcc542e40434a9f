/** Slates as people want them over the hub: a picture of their own, a text, a clock. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import type { Carried } from "../../machines/content/carried.ts";
import type { SlateFormat } from "../../machines/stream/slate-format.ts";
import { SlateAsk, type SlateTold } from "../../machines/stream/slate.contract.ts";
import type { Answer } from "../command-memory.ts";
import { type SlateFields, SlateForm } from "../relay/make-slate.ts";
import { pictureSize } from "./picture-size.ts";
import { formBrought, makeSlates, makeWanted, slateFormat, type SlateOf } from "./slates.ts";

/** More is no picture for a screen, and decoding it would take the host's memory. */
const mostSidePx = 8_192;
const leastSidePx = 16;
/** Who began to bring a picture and does not go on has left. */
const uploadWithinMs = 60_000;
const mostUploads = 4;

const Own = z.object({
  picture: z
    .object({
      file: z.string().regex(/^picture-[0-9a-f]{16}$/),
      sha256: z.string(),
      widthPx: z.number(),
      heightPx: z.number(),
      sizeBytes: z.number(),
    })
    .optional(),
  /** Instead of what the configuration says; absent: that. */
  text: z.string().optional(),
  clock: z.boolean().optional(),
  changedAtMs: z.number(),
  changedBy: z.string(),
});
type Own = z.infer<typeof Own>;
type Upload = { sha256: string; totalBytes: number; parts: Buffer[]; bytes: number; atMs: number };

export class OwnSlates {
  readonly #relays: ReadonlyMap<string, SlateOf>;
  readonly #folder: string;
  readonly #log: Pick<Logger, "warn" | "info">;
  readonly #wallMs: () => number;
  readonly #closing = new AbortController();
  readonly #uploads = new Map<string, Upload>();
  /** In what form the encoders were seen to bring their pictures and sounds, by stream. */
  readonly #brought = new Map<string, SlateForm>();
  readonly #formats = new Map<string, SlateFormat>();
  /** One is made after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #minute: NodeJS.Timeout | undefined;

  /** @param p.folder of the pictures that were brought */
  constructor(p: {
    relays: readonly SlateOf[];
    folder: string;
    log: Pick<Logger, "warn" | "info">;
    wallMs: () => number;
  }) {
    this.#relays = new Map(p.relays.map((relay) => [relay.stream, relay]));
    this.#folder = p.folder;
    this.#log = p.log;
    this.#wallMs = p.wallMs;
    for (const { stream, folder } of p.relays) {
      const form = SlateForm.safeParse(readJson(broughtFile(folder))).data;
      if (form) this.#brought.set(stream, form);
      this.#make(stream);
    }
    this.#nextMinute();
  }

  close(): Promise<unknown> {
    this.#closing.abort();
    clearTimeout(this.#minute);
    return this.#turn;
  }

  /** What is on air comes so: the slate is made in the same form. A relay shows it the next time. */
  brings(stream: string, carried: Carried): void {
    const relay = this.#relays.get(stream);
    const form = formBrought(carried);
    if (!relay || !form) return;
    const text = JSON.stringify(form);
    if (text === JSON.stringify(this.#brought.get(stream))) return;
    this.#brought.set(stream, form);
    writeFileSync(`${broughtFile(relay.folder)}.new`, text, { mode: 0o640 });
    renameSync(`${broughtFile(relay.folder)}.new`, broughtFile(relay.folder));
    this.#make(stream);
  }

  /** Of the slate that is there; undefined: there is none as it should be. */
  formatOf(stream: string): SlateFormat | undefined {
    return this.#formats.get(stream);
  }

  /** @param args of the question, as they came. @param by who asks */
  async answer(stream: string, args: unknown, by: string): Promise<Answer> {
    const ask = SlateAsk.safeParse(args);
    if (!ask.success) {
      const [issue] = ask.error.issues;
      return refused("malformed", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "?"}`);
    }
    const relay = this.#relays.get(stream);
    if (!relay) {
      return refused("not_possible", `${stream} has no slate: it is not on path relayed`);
    }
    switch (ask.data.do) {
      case "tell":
        return this.#done(relay, "this is its slate");
      case "reset":
        return this.#take(relay, by, () => null);
      case "set": {
        const { text, clock } = ask.data;
        return this.#take(relay, by, (before) => {
          const now = { text: before?.text, clock: before?.clock };
          if (text !== undefined) now.text = text ?? undefined;
          if (clock !== undefined) now.clock = clock ?? undefined;
          return this.#signed(by, { picture: before?.picture, ...now });
        });
      }
      case "part":
        return this.#part(relay, ask.data, by);
    }
  }

  async #part(
    relay: SlateOf,
    { sha256, totalBytes, offsetBytes, data }: SlateAsk & { do: "part" },
    by: string,
  ): Promise<Answer> {
    const { stream } = relay;
    const nowMs = this.#wallMs();
    for (const [of, { atMs }] of this.#uploads) {
      if (Math.abs(nowMs - atMs) > uploadWithinMs) this.#uploads.delete(of);
    }
    if (offsetBytes === 0) {
      if (this.#uploads.size >= mostUploads && !this.#uploads.has(stream)) {
        return refused("busy", "others are bringing pictures: try again in a minute");
      }
      this.#uploads.set(stream, { sha256, totalBytes, parts: [], bytes: 0, atMs: nowMs });
    }
    const upload = this.#uploads.get(stream);
    const isNext =
      upload?.sha256 === sha256 && upload.totalBytes === totalBytes && upload.bytes === offsetBytes;
    if (!upload || !isNext) {
      return refused("interrupted", "somebody else brings a picture for it, or a piece was lost");
    }
    const bytes = Buffer.from(data, "base64");
    upload.parts.push(bytes);
    upload.bytes += bytes.length;
    upload.atMs = nowMs;
    if (upload.bytes < totalBytes) return { status: "done", message: `${upload.bytes} bytes` };
    this.#uploads.delete(stream);
    const picture = Buffer.concat(upload.parts);
    if (upload.bytes > totalBytes || sha256Of(picture) !== sha256) {
      return refused("interrupted", "what came is not what was sent");
    }
    return this.#takePicture(relay, picture, sha256, by);
  }

  async #takePicture(relay: SlateOf, picture: Buffer, sha256: string, by: string): Promise<Answer> {
    const size = pictureSize(picture);
    if (!size) return refused("not_a_picture", "it is neither a PNG nor a JPEG");
    const { widthPx, heightPx } = size;
    const sides = [widthPx, heightPx];
    if (Math.min(...sides) < leastSidePx || Math.max(...sides) > mostSidePx) {
      const limits = `${leastSidePx} to ${mostSidePx} pixels each way`;
      return refused("not_a_picture", `it is ${widthPx} x ${heightPx}; a slate takes ${limits}`);
    }
    const file = `picture-${sha256.slice(0, 16)}`;
    return this.#take(relay, by, (before) => {
      const folder = join(this.#folder, relay.stream);
      mkdirSync(folder, { recursive: true, mode: 0o750 });
      writeFileSync(join(folder, file), picture, { mode: 0o640 });
      const brought = { file, sha256, widthPx, heightPx, sizeBytes: picture.length };
      return this.#signed(by, { ...before, picture: brought });
    });
  }

  /** Shown from now on where it can be made; else all stays as it was. */
  #take(relay: SlateOf, by: string, change: (before: Own | null) => Own | null): Promise<Answer> {
    const { stream, folder } = relay;
    const making = this.#turn.then(async () => {
      const before = this.#own(stream);
      const own = change(before);
      try {
        const slate = this.#fields(relay, own);
        await makeWanted({ folder, slate }, this.#closing.signal);
        this.#made(relay, slate);
      } catch (error) {
        this.#forgetPictures(stream, before);
        const why = lastWords(error);
        this.#log.warn(
          { code: "slate", stream },
          `a slate that ${by} wants cannot be made: ${why}`,
        );
        return refused("not_made", `it cannot be made, and the slate is as it was: ${why}`);
      }
      this.#keep(stream, own);
      this.#forgetPictures(stream, own);
      this.#log.info({ code: "slate_changed", stream, by }, "the slate is another one");
      return this.#done(
        relay,
        "shown whenever no encoder brings pictures; within seconds if it is now",
      );
    });
    this.#turn = making.catch(() => undefined);
    return making;
  }

  #done(relay: SlateOf, message: string): Answer {
    const own = this.#own(relay.stream);
    const { text = "", clock } = this.#fields(relay, own);
    const configured = relay.slate.background.kind === "picture";
    const { widthPx = null, heightPx = null, sizeBytes = null, sha256 = null } = own?.picture ?? {};
    const data: SlateTold = {
      picture: own?.picture ? "uploaded" : configured ? "configured" : "none",
      ...{ widthPx, heightPx, sizeBytes, sha256, text, clock: clock !== undefined },
      changedAtMs: own?.changedAtMs ?? null,
      changedBy: own?.changedBy ?? null,
    };
    return { status: "done", message, data };
  }

  /** What the configuration says, and over it what was wished for. */
  #fields({ stream, slate, ...written }: SlateOf, own: Own | null): SlateFields {
    const { text: usual, ...rest } = { ...slate, ...this.#brought.get(stream) };
    const path = own?.picture && join(this.#folder, stream, own.picture.file);
    // Over a picture that was brought stands only what somebody has written for it.
    const text = own?.text ?? (path === undefined ? usual : written.text);
    const hasClock = own?.clock ?? written.clock ?? false;
    return {
      ...rest,
      ...(path !== undefined && { background: { kind: "picture", path } }),
      ...(text !== undefined && { text }),
      ...(hasClock && { clock: clockText(new Date(this.#wallMs())) }),
    };
  }

  #make(stream: string): void {
    const relay = this.#relays.get(stream)!;
    this.#turn = this.#turn.then(async () => {
      const slate = this.#fields(relay, this.#own(stream));
      this.#formats.delete(stream);
      if (await makeSlates([{ ...relay, slate }], this.#log, this.#closing.signal)) {
        this.#made(relay, slate);
      }
    });
  }

  #made({ stream, formFrom }: SlateOf, slate: SlateFields): void {
    const form = SlateForm.strip().parse(slate);
    const isBrought = JSON.stringify(form) === JSON.stringify(this.#brought.get(stream));
    this.#formats.set(stream, slateFormat(form, isBrought ? "input" : formFrom));
  }

  #nextMinute(): void {
    const minuteMs = 60_000;
    this.#minute = setTimeout(
      () => {
        for (const [stream, relay] of this.#relays) {
          if (this.#fields(relay, this.#own(stream)).clock !== undefined) this.#make(stream);
        }
        this.#nextMinute();
      },
      minuteMs - (this.#wallMs() % minuteMs) + 50,
    );
  }

  #signed(by: string, own: Omit<Own, "changedAtMs" | "changedBy">): Own {
    return { ...own, changedAtMs: this.#wallMs(), changedBy: by };
  }

  /** null: nobody has wished for anything. */
  #own(stream: string): Own | null {
    return Own.safeParse(readJson(join(this.#folder, stream, "slate.json"))).data ?? null;
  }

  #keep(stream: string, own: Own | null): void {
    const path = join(this.#folder, stream, "slate.json");
    if (!own) return rmSync(path, { force: true });
    mkdirSync(join(this.#folder, stream), { recursive: true, mode: 0o750 });
    writeFileSync(`${path}.new`, JSON.stringify(own), { mode: 0o640 });
    renameSync(`${path}.new`, path);
  }

  #forgetPictures(stream: string, own: Own | null): void {
    const folder = join(this.#folder, stream);
    for (const name of filesIn(folder)) {
      if (name.startsWith("picture-") && name !== own?.picture?.file) {
        rmSync(join(folder, name), { force: true });
      }
    }
  }
}

const refused = (code: string, message: string): Answer => ({ status: "refused", code, message });

const sha256Of = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** By the clock and the zone of this host. */
export function clockText(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Of ffmpeg, without the command that it was. */
function lastWords(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr ?? message).split("\n").filter((line) => line.trim() !== "");
  return (lines.at(-1) ?? "ffmpeg did not end in time").replaceAll(/file:\S*\//g, "").slice(0, 200);
}

const broughtFile = (folder: string) => join(folder, "brought.json");

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // It was never written.
    return undefined;
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
