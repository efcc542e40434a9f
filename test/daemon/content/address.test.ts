import { expect, test } from "vitest";
import { inputArguments, viewSchemes } from "../../../daemon/content/address.ts";

const after = (args: string[], option: string) => args[args.indexOf(option) + 1];

for (const scheme of viewSchemes) {
  test(`${scheme}: ffmpeg may open that and nothing of this host`, () => {
    const args = inputArguments(`${scheme}://192.0.2.1:5000/live`);
    const protocols = after(args, "-protocol_whitelist")!.split(",");
    for (const local of ["file", "pipe", "concat", "data", "subfile", "unix"]) {
      expect(protocols).not.toContain(local);
    }
    expect(after(args, "-i")).toMatch(new RegExp(`^${scheme}://192\\.0\\.2\\.1:5000/live`));
  });
}

for (const url of ["file:///etc/passwd", "concat:/etc/passwd", "lavfi:testsrc", "data:,x"]) {
  test(`${url} is refused`, () => {
    expect(() => inputArguments(url)).toThrow(TypeError);
  });
}

test("an address that looks like an option stays an address", () => {
  expect(() => inputArguments("-f")).toThrow(TypeError);
});
