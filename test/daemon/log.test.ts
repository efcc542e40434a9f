import { expect, test } from "vitest";
import { openLog } from "../../daemon/log.ts";

const key = "kd83 live+key/ü";

function aLog(p: { level?: string; toJournal?: boolean; secrets?: string[] } = {}) {
  const lines: string[] = [];
  const live = new Set(p.secrets ?? [key]);
  const log = openLog({
    level: p.level ?? "debug",
    secrets: () => live,
    toJournal: p.toJournal ?? false,
    write: (line) => void lines.push(line),
  });
  return { log, lines, live, parsed: () => lines.map((l) => JSON.parse(l) as object) };
}

test("a line is JSON with its fields, and says neither host nor pid", () => {
  const { log, parsed } = aLog();
  log.child({ site: "studio" }).warn({ code: "link_lost", attempt: 3 }, "no link to the broker");
  expect(parsed()).toEqual([
    {
      level: 40,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      ...{ site: "studio", code: "link_lost", attempt: 3, msg: "no link to the broker" },
    },
  ]);
});

test("what is below the level is not printed", () => {
  const { log, lines } = aLog({ level: "warn" });
  log.info("all is well");
  expect(lines).toEqual([]);
});

test("a secret is in no line: not in a message, a field, an error, a stack or a URL", () => {
  const { log, lines } = aLog();
  const address = `rtmp://far/live/${encodeURIComponent(key)}`;
  log.error({ err: new Error(`cannot open ${address}`, { cause: new Error(key) }) }, `at ${key}`);
  log.info({
    args: ["-f", "flv", `rtmp://far/live/${key}`],
    form: new URLSearchParams({ key }).toString(),
  });
  const header = Buffer.from(`user:${key}`).toString("base64");
  log.warn({ headers: { authorization: `Basic ${header}` } }, JSON.stringify({ key }));
  log.child({ [key]: 1 }).fatal(encodeURI(key));
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    expect(line).toContain("•••");
    expect(line).not.toMatch(/kd83|ü|%c3/i);
    expect(line).not.toContain(header.slice(8, -4));
    expect(() => JSON.parse(line) as unknown).not.toThrow();
  }
});

test("a secret that becomes known while running is in no later line", () => {
  const { log, lines, live } = aLog({ secrets: [] });
  live.add("rotated-key");
  log.info("rotated-key");
  expect(lines[0]).not.toContain("rotated-key");
});

test.each([
  ["debug", "<7>"],
  ["info", "<6>"],
  ["warn", "<4>"],
  ["error", "<3>"],
  ["fatal", "<2>"],
] as const)("journald gets %s as priority %s, and the JSON behind it", (level, priority) => {
  const { log, lines } = aLog({ toJournal: true });
  log[level]("on air");
  expect(lines[0]?.slice(0, 3)).toBe(priority);
  expect(JSON.parse(lines[0]!.slice(3))).toMatchObject({ msg: "on air" });
});

test("nobody else gets a priority in front of the JSON", () => {
  const { log, lines } = aLog();
  log.fatal("off air");
  expect(lines[0]?.[0]).toBe("{");
});
