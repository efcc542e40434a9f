import { expect, test } from "vitest";
import { readJpegs } from "../../../daemon/thumbnails/jpegs.ts";

const part = (jpeg: string, length = jpeg.length) =>
  `Content-type: image/jpeg\r\nContent-length: ${length}\r\n\r\n${jpeg}\r\n--ffmpeg\r\n`;

function read(text: string, chunk = text.length) {
  const told: string[] = [];
  const broken: string[] = [];
  const take = readJpegs(
    100,
    (jpeg) => told.push(jpeg.toString()),
    (why) => broken.push(why),
  );
  for (let at = 0; at < text.length; at += chunk) take(Buffer.from(text.slice(at, at + chunk)));
  return { told, broken };
}

test.each([1, 7, 1_000])("pictures are whole, in pieces of %i bytes", (chunk) => {
  // The end mark of a JPEG may stand in a table of it, too.
  const text = `--ffmpeg\r\n${part("one \xff\xd9 \r\n\r\n")}${part("")}${part("three")}`;
  expect(read(text.replace(/[^\0-\x7f]/g, "?"), chunk).told).toEqual([
    "one ?? \r\n\r\n",
    "",
    "three",
  ]);
});

test("what is no picture, or one that is too large, ends the reading", () => {
  expect(read(`${part("one")}${part("x", 101)}${part("three")}`)).toEqual({
    told: ["one"],
    broken: ["a picture that is too large"],
  });
  expect(read("x".repeat(2_000)).broken).toEqual(["no picture"]);
  expect(read("Content-type: image/jpeg\r\n\r\n").broken).toEqual(["no length"]);
});
