import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openOwnKey, OwnKeyError } from "../../hub/own-keys.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
const hourMs = 3_600_000;
const secret = "kM3v0b1yq7xTnS5uW9zA2cE4gI6oP8rQ";

/** A key whose values are numbered; `made` says how many there were. */
function aKey() {
  const folder = mkdtempSync(join(tmpdir(), "understudy-own-keys-"));
  folders.push(folder);
  const clock = { nowMs: 1_800_000_000_000 };
  const file = join(folder, "a-key");
  let made = 0;
  const open = (over: { secret?: string; file?: string } = {}) =>
    openOwnKey({
      ...{ file, keptMs: hourMs, now: () => clock.nowMs, make: () => `key ${++made}` },
      ...over,
    });
  return { folder, file, clock, open };
}

test("a key is made once, in a file that nobody else reads, and found again", async () => {
  const { file, open } = aKey();
  expect(await open().held()).toEqual({ now: "key 1", before: null });
  expect(await open().held()).toEqual({ now: "key 1", before: null });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("the key before is good for its time, over a restart as well, and not a millisecond longer", async () => {
  const { clock, open } = aKey();
  await open().held();
  const before = { text: "key 1", endsAtMs: clock.nowMs + hourMs };
  expect(await open().rotate()).toEqual({ now: "key 2", before });
  clock.nowMs += hourMs - 1;
  expect(await open().held()).toEqual({ now: "key 2", before });
  clock.nowMs += 1;
  expect(await open().held()).toEqual({ now: "key 2", before: null });
});

test("sealed, nothing of a key is in its files, and only the same secret opens them", async () => {
  const { file, open } = aKey();
  await open({ secret }).held();
  await open({ secret }).rotate();
  const texts = [file, `${file}.before`].map((path) => readFileSync(path, "utf8"));
  expect(texts.join()).not.toContain("key");
  expect(texts.join()).not.toContain(Buffer.from("key ").toString("base64").slice(0, 5));
  expect((await open({ secret }).held()).now).toBe("key 2");
  await expect(open().held()).rejects.toThrow(OwnKeyError);
  await expect(open({ secret: `${secret}x` }).held()).rejects.toThrow(OwnKeyError);
});

test("what was written before there was a secret is sealed when it is read", async () => {
  const { file, open } = aKey();
  await open().held();
  expect(readFileSync(file, "utf8")).toBe("key 1");
  expect((await open({ secret }).held()).now).toBe("key 1");
  expect(readFileSync(file, "utf8")).not.toContain("key 1");
});

test("a sealed file that was changed, or is another's, is not taken", async () => {
  const { folder, file, open } = aKey();
  await open({ secret }).held();
  const text = readFileSync(file, "utf8");
  writeFileSync(join(folder, "other"), text);
  await expect(open({ secret, file: join(folder, "other") }).held()).rejects.toThrow(OwnKeyError);
  for (const at of [25, 50, text.length - 3]) {
    const changed = text.charAt(at) === "A" ? "B" : "A";
    writeFileSync(file, text.slice(0, at) + changed + text.slice(at + 1));
    await expect(open({ secret }).held()).rejects.toThrow(OwnKeyError);
  }
});
