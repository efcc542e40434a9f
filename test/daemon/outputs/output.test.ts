import { expect, test } from "vitest";
import { forOperators } from "../../../daemon/outputs/output.ts";

test.each([
  ["EROFS: read-only file system, open '/data/third-20261123.ts.part'", true],
  ["ENOENT: no such file or directory, mkdir '/data/hls'", true],
  ["ENOENT: no such file or directory, open '/srv/hls/1.ts'", false],
  ["the far end was lost", false],
])("%s: whether the unit forbids it is asked: %s", (why, isAsked) => {
  expect(forOperators(why).includes("ReadWritePaths in the README")).toBe(isAsked);
});
