import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compile, run } from "../../daemon/code-cache.ts";

// Within one process V8 remembers sources, and would not look at what it is given.
setFlagsFromString("--no-compilation-cache");

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "understudy-cache-"));
  file = join(folder, "program.cjs");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const marks = { old: "0".repeat(31) + "a", new: "0".repeat(31) + "b" };
const built = (build: keyof typeof marks) =>
  writeFileSync(
    file,
    `/*${marks[build]}*/(function(exports,require,module,programUrl){` +
      `module.exports={is:"${build}",sep:require("node:path").sep,url:programUrl}})`,
  );
/** What V8 compiled of the program that is there now, under the mark of some build. */
function keep(build: keyof typeof marks): void {
  const data = compile(file).createCachedData();
  writeFileSync(`${file}.cache`, Buffer.concat([Buffer.from(marks[build]), data]));
}

test("a program starts from what was compiled of it, and knows its own place", () => {
  built("new");
  keep("new");
  const script = compile(file);
  expect(script.cachedDataRejected).toBe(false);
  expect(run(script, file)).toMatchObject({ is: "new", sep: "/", url: `file://${file}` });
});

test("without anything kept it starts all the same", () => {
  built("new");
  expect(run(compile(file), file)).toMatchObject({ is: "new" });
});

test("what was compiled of another build is left alone, even when that is as long", () => {
  built("old");
  keep("old");
  built("new");
  const script = compile(file);
  expect(script.cachedDataRejected).toBeUndefined();
  expect(run(script, file)).toMatchObject({ is: "new" });
});

test("what V8 refuses, as another version of Node would, is compiled anew", () => {
  built("new");
  for (const damage of ["", "not V8's", "x".repeat(4_096)]) {
    writeFileSync(`${file}.cache`, marks.new + damage);
    const script = compile(file);
    expect(script.cachedDataRejected).not.toBe(false);
    expect(run(script, file)).toMatchObject({ is: "new" });
  }
  keep("new");
  rmSync(file);
  expect(() => compile(file)).toThrow("ENOENT");
});
