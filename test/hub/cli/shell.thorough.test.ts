import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { verbs } from "../../../machines/command/command.contract.ts";
import { incident, info, stream } from "../messages.ts";
import { aHub } from "./a-hub.ts";
import { shell } from "./a-shell.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function aFile(name: string, text: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-cli-"));
  folders.push(folder);
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
  return file;
}

test("a script gets fields between tabs, or the hub's own JSON, one line for each", async () => {
  const { env, ask } = await aHub();
  const plain = await shell(["stream", "list"], { env });
  expect(plain).toMatchObject({ code: 0, err: "" });
  const cells = ["studio~main", "ON AIR", "carried", "helo-a", "ready", "2026-01-05T10:00:00.000Z"];
  expect(plain.out).toBe(`${[...cells, "publishing since the start"].join("\t")}\n`);
  const json = await shell(["stream", "list", "--json"], { env });
  const { body } = await ask("GET", "/api/streams/main");
  expect(JSON.parse(json.out)).toEqual(body);
  expect(JSON.parse((await shell(["--json", "stream", "show", "main"], { env })).out)).toEqual(
    body,
  );
});

test("a person at a terminal gets a table no wider than it, in colour unless that is not wanted", async () => {
  const { env } = await aHub();
  const list = (over: Record<string, string> = {}, ...more: string[]) =>
    shell(["stream", "list", ...more], { env: { ...env, ...over }, answers: true, columns: 90 });
  const { out } = await list({ NO_COLOR: "1" });
  expect(out.split("\n")[0]).toMatch(/^STREAM +PICTURE +CARRIER +BY +UNDERSTUDY +SINCE +WHY$/);
  expect(out.split("\n")[1]).toContain("● ON AIR");
  for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(90);
  const color = "\u001b[32m";
  expect((await list()).out).toContain(color);
  for (const plain of [await list({ TERM: "dumb" }), await list({}, "--no-color")]) {
    expect(plain.out).not.toContain("\u001b");
  }
});

test("how it ends is told by the exit code, as documented", async () => {
  const { env, site, hears, keys } = await aHub();
  const run = async (...args: string[]) => {
    const { code, err, out } = await shell(args, { env });
    return [code, err + out] as const;
  };
  const says = (...parts: string[]) => expect.stringMatching(parts.join("[^]*")) as string;
  expect(await run("stream", "failover", "main", "--yes")).toEqual([0, says("done", "it is so")]);
  expect(await run("stream", "failover")).toEqual([2, says("missing required argument")]);
  expect(await run("strem", "list")).toEqual([2, says("Did you mean stream")]);
  expect(await run("stream", "lits")).toEqual([2, says("Did you mean list")]);
  expect(await run("stream", "list", "--jsno")).toEqual([2, says("Did you mean --json")]);
  expect(await run("stream", "list", "--json", "--plain")).toEqual([2, says("cannot be used")]);
  expect(await run("stream", "start", "main", "--timeout", "9")).toEqual([
    2,
    says("like 250ms, 2s"),
  ]);
  expect(await run()).toEqual([2, says("understudy stream list", "Usage")]);
  expect(await run("stream", "show", "mian")).toEqual([3, says("no stream", "did you mean main")]);
  expect(await run("encoder", "show", "x~zz")).toEqual([3, says("there are: helo-a")]);
  expect(await run("user", "show", "nobody")).toEqual([3, says("no user nobody")]);
  for (const key of ["", `${env.UNDERSTUDY_API_KEY}x`]) {
    const { code, err } = await shell(["stream", "list"], {
      env: { ...env, UNDERSTUDY_API_KEY: key },
    });
    expect([code, err]).toEqual([4, says(key === "" ? "no key was given" : "unknown_key")]);
  }
  const { UNDERSTUDY_HUB: master, UNDERSTUDY_API_KEY: key, ...rest } = env;
  for (const name of ["FFMPEG_RTMP_API_KEY", "MASTER_API_KEY"]) {
    const others = { env: { ...rest, [name]: key } };
    expect((await shell(["stream", "list", "--master", master], others)).code).toBe(0);
  }
  const { secret } = await keys.mint("ro", "reads");
  const reading = { env: { ...env, UNDERSTUDY_API_KEY: secret } };
  expect((await shell(["stream", "start", "main"], reading)).code).toBe(4);
  site.says = { status: "refused", code: "not_possible", message: "nobody is ready" };
  expect(await run("stream", "start", "main")).toEqual([
    ...[5, says("refused \\(not_possible\\): nobody is ready")],
  ]);
  site.says = { status: "accepted" };
  expect(await run("stream", "start", "main", "--timeout", "50ms")).toEqual([
    ...[7, says("the site goes on: understudy command wait")],
  ]);
  expect((await run("stream", "start", "main", "--no-wait"))[0]).toBe(0);
  expect(await run("encoder", "recall-preset", "helo-a", "x")).toEqual([2, says("a number")]);
  expect(await run("encoder", "select-profile", "helo-a", "x")).toEqual([2, says("a number")]);
  expect(await run("site", "override-freeze", "studio")).toEqual([2, says("say --why")]);
  hears("studio", "availability", "offline");
  expect(await run("stream", "start", "main")).toEqual([6, says("studio is not online")]);
  hears("chapel", "info", info({ site: "chapel" }));
  expect(await run("stream", "show", "main")).toEqual([
    ...[2, says("which one: chapel~main, studio~main")],
  ]);
  const away = { env: { ...env, UNDERSTUDY_HUB: "http://127.0.0.1:9" } };
  expect(await shell(["stream", "list"], away)).toMatchObject({ code: 6, out: "" });
});

test("Ctrl-C stops the waiting, not the site, and says so", async () => {
  const { env, site, asked } = await aHub();
  site.says = { status: "accepted" };
  const broken = new AbortController();
  const ended = shell(["stream", "start", "main"], { env, signal: broken.signal });
  await expect.poll(() => asked.length).toBe(1);
  broken.abort();
  expect(await ended).toMatchObject({
    code: 130,
    err: expect.stringContaining("stopped waiting; the site goes on") as string,
  });
});

test("a programme on air is stopped or moved only after a yes that named it", async () => {
  const { env, asked, hears } = await aHub();
  const moves = ["stop", "failover", "return"];
  for (const verb of moves) {
    const { code, err } = await shell(["stream", verb, "main"], { env });
    expect([code, err]).toEqual([2, expect.stringContaining("studio~main") as string]);
  }
  expect((await shell(["site", "off-air", "studio"], { env })).code).toBe(2);
  expect(asked).toEqual([]);

  const no = await shell(["stream", "stop", "main"], { env, answers: false });
  expect(no.code).toBe(1);
  expect(no.err).toContain("studio~main is ON AIR, carried by helo-a");
  expect(no.err).toContain("HELO A is stopped. Viewers lose the programme");
  expect(no.err).toContain("The site says: possible now.");
  expect(asked).toEqual([{ verb: "stream/main/stop", dryRun: true }]);
  await shell(["site", "off-air", "studio"], { env, answers: true });
  expect(asked.at(-1)).toEqual({ verb: "site/studio/off-air" });
  await shell(["stream", "failover", "main", "--to", "helo-a", "--unproven", "-y"], { env });
  expect(asked.at(-1)).toEqual({
    verb: "stream/main/failover",
    args: { to: "helo-a", unproven: true },
  });
  await shell(["stream", "stop", "main", "--dry-run"], { env });
  expect(asked.at(-1)).toEqual({ verb: "stream/main/stop", dryRun: true });

  hears("studio", "stream/main/state", stream({ seq: 2, carrier: "stopped", carriage: "offAir" }));
  expect((await shell(["stream", "stop", "main"], { env })).code).toBe(0);
});

test("what the site would refuse is not asked of the person", async () => {
  const { env, site } = await aHub();
  site.says = { status: "refused", code: "not_possible", message: "no understudy is ready" };
  const { code, err } = await shell(["stream", "failover", "main"], { env, answers: true });
  expect([code, err]).toEqual([5, "understudy: refused (not_possible): no understudy is ready\n"]);
});

test("every verb that a site knows can be asked for, and is completed with what there is", async () => {
  const { env } = await aHub();
  const offered = async (...words: string[]) => {
    const { out } = await shell(["complete", "--", ...words], { env });
    return out
      .split("\n")
      .map((line) => line.split("\t")[0])
      .filter((word) => word !== "");
  };
  for (const [kind, known] of Object.entries(verbs)) {
    const ours = await offered(kind, "");
    const sessions = ["open-session", "change-session"];
    const expected = Object.keys(known).filter((verb) => !sessions.includes(verb));
    expect(ours).toEqual(expect.arrayContaining([...expected, "list", "show", "watch"]));
  }
  expect(await offered("st")).toEqual(["stream", "storage"]);
  expect(await offered("stream", "fail")).toEqual(["failover"]);
  expect(await offered("stream", "session", "")).toEqual(["open", "show", "change", "end"]);
  expect(await offered("stream", "failover", "")).toEqual(["main"]);
  expect(await offered("encoder", "maintenance", "he")).toEqual(["helo-a"]);
  expect(await offered("stream", "failover", "main", "--unp")).toEqual(["--unproven"]);
  expect(await offered("", "").then((words) => words.includes("complete"))).toBe(false);
  const nothing = await shell(["complete", "--", "stream", "show", ""], {
    env: { UNDERSTUDY_HUB: "http://127.0.0.1:9" },
  });
  expect(nothing).toMatchObject({ code: 0, out: "" });
});

test("hub and key come from a flag, else the environment, else the person's file", async () => {
  const { env, url, secret } = await aHub();
  const config = aFile("understudy/cli.yaml", `hub: ${url}\nkeyFile: ${aFile("key", secret)}\n`);
  const own = { XDG_CONFIG_HOME: join(config, "../..") };
  expect((await shell(["stream", "list"], { env: own })).code).toBe(0);
  const wrong = { ...own, UNDERSTUDY_API_KEY: "us_wrong" };
  expect((await shell(["stream", "list"], { env: wrong })).code).toBe(4);
  expect(
    (await shell(["stream", "list", "--key-file", "-"], { env: wrong, stdin: `${secret}\n` })).code,
  ).toBe(0);
  const typed = { env: { UNDERSTUDY_HUB: url }, stdin: secret, answers: true };
  expect((await shell(["stream", "stop", "main", "--key-file", "-"], typed)).code).toBe(0);
  const flag = ["--hub", "http://127.0.0.1:9"];
  expect((await shell(["stream", "list", ...flag], { env })).code).toBe(6);
  expect((await shell(["config", "show"], { env: own })).out).toContain(url);
  writeFileSync(config, "hubb: x\n");
  expect(await shell(["stream", "list"], { env: own })).toMatchObject({
    code: 2,
    err: expect.stringMatching(/cli\.yaml:1:1 hubb: .*hub/) as string,
  });
});

test("the key is never printed, wherever it comes from and whatever fails", async () => {
  const { env, secret, url } = await aHub();
  const open = aFile("key", secret, 0o644);
  const runs = [
    shell(["-v", "stream", "list"], { env }),
    shell(["-v", "stream", "show", "nope"], { env }),
    shell(["config", "show"], { env }),
    shell(["--json", "config", "show"], { env }),
    shell(["-v", "stream", "list", "--hub", "http://127.0.0.1:9"], { env }),
    shell(["-v", "stream", "list", `--key=${secret}`], { env: { UNDERSTUDY_HUB: url } }),
    shell(["-v", "stream", "list", "--key", secret], { env: { UNDERSTUDY_HUB: url } }),
    shell(["-v", "stream", "list", "--key-file", open], { env: { UNDERSTUDY_HUB: url } }),
    shell(["-v", "stream", "list", "--key-file", "-"], {
      env: { UNDERSTUDY_HUB: url },
      stdin: `${secret} x`,
    }),
    shell(["key", "list", "--json"], { env }),
  ];
  for (const { out, err } of await Promise.all(runs)) {
    expect(out + err).not.toContain(secret);
    expect((out + err).length).toBeGreaterThan(10);
  }
  const told = await shell(["stream", "list", "--key-file", open], {
    env: { UNDERSTUDY_HUB: url },
  });
  expect(told.err).toContain("can be read by others: chmod 600");
});

test("watching tells what is there, then a line for each change", async () => {
  const { env, hears } = await aHub();
  const stop = new AbortController();
  let code = -1;
  const lines: string[] = [];
  const ended = shell(["stream", "watch"], {
    env,
    signal: stop.signal,
    onOut: (text) => lines.push(text),
  });
  void ended.then((result) => (code = result.code));
  await expect.poll(() => lines.length).toBe(1);
  hears("studio", "stream/main/state", stream({ seq: 3, carriage: "offAir", because: "it froze" }));
  await expect.poll(() => lines.length).toBe(2);
  expect(lines[1]).toMatch(/^\S+Z\tstudio~main\tOFF AIR\t.*it froze\n$/);
  stop.abort();
  await ended;
  expect(code).toBe(130);
});

test("an incident is shown with its seconds and its story", async () => {
  const { env, hears } = await aHub();
  const data = { incident: incident() };
  hears("studio", "event", {
    ...{ epoch: "e1", seq: 1, session: "s1", atMs: 1, type: "incident.closed", severity: "info" },
    ...{ subject: { kind: "stream", id: "main" }, message: "over", data },
  });
  await expect
    .poll(async () => (await shell(["incident", "list"], { env })).out)
    .toContain("inc-1");
  const { out } = await shell(["incident", "show", "inc-1"], { env, answers: true });
  expect(out).toMatch(/Off air +1\.8 s/);
  expect(out).toMatch(/Fence +0\.4 s/);
  expect(out).toContain("the far end went quiet");
});

test("the parts of a stream's recordings are told in order, and as a list for ffmpeg", async () => {
  const { env, hears } = await aHub();
  const atMs = Date.now() - 60_000;
  const data = { incident: incident({ openedAtMs: atMs, closedAtMs: atMs + 2_000 }) };
  hears("studio", "event", {
    ...{ epoch: "e1", seq: 1, session: "s1", atMs, type: "incident.closed", severity: "info" },
    ...{ subject: { kind: "stream", id: "main" }, message: "over", data },
  });
  const parts = async (...files: string[]) => shell(["stream", "parts", "main", ...files], { env });
  await expect.poll(async () => (await parts()).out.split("\n").length).toBe(3);
  expect((await parts()).out).toMatch(
    /^1\tbefore\t\S+Z\thelo-a\t\S+\tprocessExited\t-\n2\t\S+Z\tnow\thelo-b\t/,
  );
  expect((await parts("a.mp4", "b.mp4")).out).toContain("file 'b.mp4'");
  expect(await parts("a.mp4")).toMatchObject({ code: 2 });
});

test("settings for a destination are recommended without a hub", async () => {
  const of = (...args: string[]) => shell(["config", "recommend", ...args], { env: {} });
  const youtube = ["--destination", "youtube", "--fps", "60", "--json"];
  expect(JSON.parse((await of(...youtube)).out)).toMatchObject({
    ...{ destination: "youtube", resolution: "1920x1080", fps: 60, bitrate: 12_000_000 },
    ...{ audio_bitrate: 128_000, keyframe_interval: 2, notes: [] },
  });
  const large = [...youtube, "--resolution", "3840x2160", "--encoder", "aja-helo"];
  expect(JSON.parse((await of(...large)).out)).toMatchObject({
    ...{ resolution: "1920x1080", fps: 60, bitrate: 12_000_000, notes: [] },
  });
  expect((await of("--destination", "twitch")).out).toContain("Mbit/s");
  const byProgram = await of(...youtube, "--encoder", "ffmpeg");
  expect((JSON.parse(byProgram.out) as { notes: string[] }).notes.join()).toMatch(
    /about 1.7 cores for it, a hot pair twice that$/,
  );
  const ultra = await of(...youtube, "--encoder", "ffmpeg", "--resolution", "3840x2160");
  expect(ultra.out).toMatch(/6.8 cores.*video.codec: auto/);
  for (const wrong of [
    ["--destination", "nowhere"],
    ["--resolution", "large"],
    ["--fps", "0"],
    ["--encoder", "toaster"],
  ]) {
    expect([wrong, (await of(...wrong)).code]).toEqual([wrong, 2]);
  }
});
