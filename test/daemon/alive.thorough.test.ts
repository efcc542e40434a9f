import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { monotonicMs } from "../../daemon/clock.ts";
import { turn, until } from "./journal/a-journal.ts";
import { links } from "./link/a-link.ts";

const { broker, folder, link, open, writerUrl } = links();
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A writer whose whole thread stands still for as long as the file `stuck` is in the folder. */
async function aJournalThatSticks() {
  const at = folder();
  const flag = join(at, "stuck");
  const program = join(at, "writer.cjs");
  writeFileSync(
    program,
    `const { existsSync } = require("node:fs");
     const nobody = new Int32Array(new SharedArrayBuffer(4));
     setInterval(() => { while (existsSync(${JSON.stringify(flag)})) Atomics.wait(nobody, 0, 0, 20); }, 10).unref();
     require(${JSON.stringify(fileURLToPath(writerUrl()))});`,
  );
  const { journal } = await open(at, { writerUrl: pathToFileURL(program) });
  return {
    journal,
    stick: async () => {
      writeFileSync(flag, "");
      await later(200);
    },
    letGo: () => rmSync(flag),
    isStuck: () => existsSync(flag),
  };
}

test("a writer whose thread is stuck gives no sign of life, though commits are given up in time", async () => {
  const { journal, stick, letGo } = await aJournalThatSticks();
  expect(await journal.answers()).toBe(true);
  await stick();
  let answered = false;
  const asked = journal.answers().then(() => (answered = true));
  expect(await journal.commit(turn(1))).toBe(false);
  await later(500);
  expect(answered).toBe(false);
  letGo();
  await asked;
  await until("it is written", () => journal.counts().durableSeq === 1);
});

test("a link without a broker lives, and so does one that is cut", async () => {
  const b = await broker();
  const { link: l } = await link(b.url(), 0, { monoMs: monotonicMs });
  await until("online", () => l.connected);
  await b.stop();
  await until("offline", () => l.state !== "online");
  const cutAtMs = monotonicMs();
  await until("it moves on", () => l.aliveMs() > cutAtMs + 1_000);
  const { link: nowhere } = await link("mqtt://127.0.0.1:1", 0, { monoMs: monotonicMs });
  const beganMs = monotonicMs();
  await until("it tries on", () => nowhere.aliveMs() > beganMs + 1_000);
});

test("a link that waits for a journal that never answers gives no sign of life", async () => {
  const b = await broker();
  const { journal } = await open(folder());
  await journal.commit(turn(1));
  let hangs = true;
  const outbox = new Proxy(journal, {
    get(target, key) {
      if (key === "readPayloads" && hangs) return () => new Promise(() => undefined);
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
  const { link: l } = await link(b.url(), 0, { monoMs: monotonicMs, outbox });
  await until("online", () => l.connected);
  await later(1_500);
  const then = l.aliveMs();
  await later(1_500);
  expect(l.aliveMs()).toBe(then);
  hangs = false;
  b.cut();
  await until("it moves again", () => l.aliveMs() > then);
});
