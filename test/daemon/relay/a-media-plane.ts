import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket as Stream } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  FromRelay,
  type RelayReport,
  type ToRelay,
} from "../../../machines/stream/relay-protocol.ts";
import { onSourceClock } from "../../../daemon/drivers/ffmpeg/picture.ts";
import { spoolArguments } from "../../../daemon/drivers/ffmpeg/spool.ts";
import { SpoolWriter } from "../../../daemon/ingest/spool-writer.ts";
import { makeSlate, type SlateFields } from "../../../daemon/relay/make-slate.ts";
import { pollMs, SpoolInput } from "../../../daemon/relay/spool-input.ts";
import { until } from "../drivers/shared/engine/until.ts";
import { cleanAac, steadyAndBeeps } from "../../fakes/beeps.ts";
import { barCodeFilter } from "../../fakes/picture.ts";
import { aFarEnd } from "./a-far-end.ts";

export const fps = 15;
/** No part of a second: an encoder may begin at any of its keyframes, and has its own where others have. */
const sourceGop = 6;
const program = fileURLToPath(new URL("../../../dist/relay.cjs", import.meta.url));
const quiet = ["-hide_banner", "-loglevel", "error", "-nostdin"];

type Letter = "a" | "b";

/**
 * A source, two encoders that read the same bytes of it, the relay, and a pusher to a far end.
 *
 * @param p.hurts what an encoder writes passes through `rot` and `slowFromMs` before the relay reads it
 * @param p.outputs names of more pipes that the relay writes into
 */
export async function aMediaPlane(
  p: { hurts?: boolean; slate?: boolean; outputs?: string[]; size?: string; mode?: object } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "relay-"));
  const children = new Set<ChildProcess>();
  let closed = false;
  const pipe = join(folder, "out");
  const recording = join(folder, "out.ts");
  const controlPath = join(folder, "control");
  const others = (p.outputs ?? []).map((id) => ({ id, path: join(folder, `${id}.pipe`) }));
  execFileSync("mkfifo", [pipe, ...others.map(({ path }) => path)]);
  const far = await aFarEnd(recording);
  const source = await ports();

  function run(command: string, args: string[]): ChildProcess {
    // What a test leaves ends with it.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", command, ...args], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    children.add(child);
    return child;
  }

  // prettier-ignore
  run("ffmpeg", [
    ...quiet, "-re", "-f", "lavfi", "-i", `testsrc2=size=${p.size ?? "320x180"}:rate=${fps}`,
    "-f", "lavfi", "-i", steadyAndBeeps,
    "-vf", `${barCodeFilter({ fps, source: 7 })},format=yuv420p`, "-map", "0:v", "-map", "1:a",
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", String(sourceGop),
    "-b:v", "600k", "-threads", "1", ...cleanAac,
    "-f", "tee", [source.a, source.b].map((port) => `[f=mpegts]${udp(port)}?pkt_size=1316`).join("|"),
  ]);

  const written = (letter: Letter) => join(folder, p.hurts ? `${letter}-whole` : letter);
  for (const letter of ["a", "b"] as const) mkdirSync(written(letter));
  /** Between encoder and relay: hurts what passes, whole packets. */
  const rot: Record<Letter, (packets: Buffer) => Buffer> = { a: (it) => it, b: (it) => it };
  /** What passes does so at half its speed from here on, ms; what is held is lost when this goes. */
  const slowFromMs: Partial<Record<Letter, number>> = {};
  const ways = (["a", "b"] as const)
    .filter(() => p.hurts)
    .map((letter) => {
      const to = new SpoolWriter(join(folder, letter));
      const onBytes = (bytes: Buffer) => {
        const packets = Buffer.from(bytes);
        const fromMs = slowFromMs[letter];
        const pass = () => {
          if (!closed && slowFromMs[letter] === fromMs) to.write(rot[letter](packets));
        };
        if (fromMs === undefined) pass();
        else setTimeout(pass, performance.now() - fromMs);
      };
      return new SpoolInput({ folder: written(letter), sinceMs: undefined, onBytes });
    });
  const passing = setInterval(() => ways.forEach((way) => way.poll(performance.now())), pollMs);

  // prettier-ignore
  const startEncoder = (letter: Letter) => run("ffmpeg", [
    ...quiet, "-loglevel", "fatal", "-copyts", "-fflags", "nobuffer",
    "-probesize", "200000", "-analyzeduration", "500000",
    "-i", `${udp(source[letter])}?fifo_size=50000&overrun_nonfatal=1`, "-map", "0:v", "-map", "0:a",
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
    "-threads", "1", "-b:v", "400k", "-maxrate", "400k", "-bufsize", "400k",
    "-sc_threshold", "0", ...onSourceClock({ gopS: 1, framesPerSecond: fps, filters: [] }), "-c:a", "copy",
    ...spoolArguments(written(letter)),
  ]);
  const encoders = { a: startEncoder("a"), b: startEncoder("b") };

  const slate = { path: join(folder, "slate.ts") };
  if (p.slate) await makeSlate(slateFields, slate.path);
  const settings = join(folder, "relay.json");
  writeFileSync(
    settings,
    JSON.stringify({
      stream: "main",
      inputs: ["a", "b"].map((id) => ({ id, folder: join(folder, id) })),
      outputs: [{ id: "recording", path: pipe }, ...others],
      mode: p.mode ?? { kind: "gop-atomic" },
      ...(p.slate && { slate }),
      controlPath,
      statePath: join(folder, "state"),
      orders: { generation: 0, eligible: ["a", "b"], preferred: "a" },
    }),
  );
  const startRelay = () => run(process.execPath, [program, settings]);
  let relay = startRelay();
  /** What reads a pipe holds its own end of it open, so that the end of the relay is not its. */
  const startReader = (id: string, command: string[]) =>
    run("sh", [
      "-c",
      'pipe=$1; shift; exec "$@" <>"$pipe"',
      "reader",
      join(folder, `${id}.pipe`),
      ...command,
    ]);
  // It holds its own end of the pipe open, so that the relay's end is not the stream's.
  const push = `exec ffmpeg ${quiet.filter((it) => it !== "-nostdin").join(" ")} -f mpegts -i pipe:0 -map 0 -c copy -copyts -f mpegts -flush_packets 1 tcp://127.0.0.1:${far.port} <> ${pipe}`;
  const pusher = run("sh", ["-c", push]);

  let dialled: NodeJS.Timeout | undefined;
  let last: RelayReport | undefined;
  const refusals: string[] = [];
  const reports: RelayReport[] = [];
  const dial = (): Stream => {
    const stream = connect(controlPath);
    // Not there yet, or gone; readline tells the same error again.
    stream.on("error", () => undefined);
    stream.once("close", () => !closed && (dialled = setTimeout(() => (wire = dial()), 50)));
    const lines = createInterface({ input: stream }).on("error", () => undefined);
    lines.on("line", (line) => {
      const message = FromRelay.parse(JSON.parse(line));
      if (message.type === "refused") refusals.push(message.because);
      else reports.push((last = message));
    });
    return stream;
  };
  let wire = dial();
  const tell = (message: ToRelay | string) => {
    wire.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`);
  };
  const untilReport = (what: string, is: (report: RelayReport) => boolean) =>
    until(what, () => last && is(last) && last).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(last)}`);
    });
  const live = (report: RelayReport, letter: Letter) =>
    report.inputs.find(({ id }) => id === letter)!.live;

  return {
    ...{
      folder,
      recording,
      pipe,
      far,
      encoders,
      rot,
      slowFromMs,
      reports,
      refusals,
      tell,
      untilReport,
    },
    ...{ live, run, startReader },
    /** Another encoder takes its place. */
    renew: (letter: Letter) => void (encoders[letter] = startEncoder(letter)),
    /** So many more pictures have come to the far end. */
    async pass(pictures: number): Promise<void> {
      const goal = far.picturesAtMs.length + pictures;
      await until(`${pictures} more pictures`, () => far.picturesAtMs.length >= goal);
    },
    /** As its supervisor does: another begins as soon as it is gone. */
    async killRelay(): Promise<void> {
      const gone = once(relay, "exit");
      relay.kill("SIGKILL");
      await gone;
      relay = startRelay();
    },
    /** Another with the same settings, while the first runs. */
    async secondRelay(): Promise<{ code: number | null; said: string }> {
      const child = spawn(process.execPath, [program, settings], { stdio: "pipe" });
      let said = "";
      child.stderr.on("data", (text: Buffer) => (said += text.toString()));
      await once(child, "close");
      return { code: child.exitCode, said };
    },
    /** The recording is complete afterwards. */
    async endPusher(): Promise<void> {
      pusher.kill("SIGTERM");
      await once(pusher, "exit");
      await far.close();
    },
    async close(): Promise<void> {
      closed = true;
      clearTimeout(dialled);
      clearInterval(passing);
      wire.destroy();
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const gone = once(child, "exit");
        child.kill("SIGKILL");
        await gone;
      }
      for (const way of ways) way.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const slateFields: SlateFields = {
  ...{ width: 320, height: 180, framesPerSecond: fps, videoBitrateBps: 300_000 },
  sounds: [{ sampleRateHz: 48_000, channels: 2 }],
  background: { kind: "colour", colour: "#203040" },
  text: "Back soon: 100 % \\ 'now'",
};

const udp = (port: number) => `udp://127.0.0.1:${port}`;

async function ports(): Promise<Record<Letter, number>> {
  const both = [createSocket("udp4"), createSocket("udp4")];
  for (const socket of both) {
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
  }
  const [a, b] = both.map((socket) => socket.address().port);
  for (const socket of both) await new Promise<void>((done) => socket.close(() => done()));
  return { a: a!, b: b! };
}
