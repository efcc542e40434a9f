import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { stringify } from "yaml";
import { commission } from "../../../daemon/cli/commission.ts";
import { Ending } from "../../../config/exit-codes.ts";
import type { Report, Step, StepName } from "../../../daemon/commissioning/report.ts";
import { startPearl } from "../../fakes/pearl/pearl.ts";
import { aFarEndWeb } from "../observers/far-end-web.ts";

const key = "the-key-of-this-test";

/** Tests of this folder run side by side, for all they do is wait: so all is closed at the end. */
const open: (() => unknown)[] = [];
export const afterwards = (close: () => unknown) => void open.push(close);
afterAll(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** What nginx-rtmp's statistics page says while nobody, or somebody, publishes on the key. */
export const page = {
  quiet: () => statistics(""),
  occupied: (bytes = 100) =>
    statistics(
      `<stream><name>${key}</name><bytes_in>${bytes}</bytes_in><publishing/><client><address>` +
        "10.9.9.9</address><flashver>FMLE/3.0</flashver><publishing/></client></stream>",
    ),
};
function statistics(streams: string): string {
  const live = `<live>${streams}<nclients>0</nclients></live>`;
  const application = `<application><name>live</name>${live}</application>`;
  return `<?xml version="1.0"?><rtmp><nginx_rtmp_version>1.1.4</nginx_rtmp_version><pid>7</pid><server>${application}</server></rtmp>`;
}

/** A Pearl and a far end whose statistics the test writes; `commission` as from the command line. */
export async function aSite(
  p: {
    destination?: Record<string, unknown>;
    encoder?: Record<string, unknown>;
    stream?: Record<string, unknown>;
  } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "understudy-commission-"));
  const farEnd = await aFarEndWeb((_, response) => void response.end(page.quiet()));
  const timings = { connectMs: 100, stopMs: 100 };
  const pearl = await startPearl({ name: "a", media: "pretend", timings });
  afterwards(async () => {
    await pearl.close();
    await farEnd.close();
    rmSync(folder, { recursive: true });
  });
  pearl.add("1/5", "", "");
  const secret = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return `file:${join(folder, name)}`;
  };
  const stateDir = join(folder, "state");
  const config = join(folder, "site.yaml");
  writeFileSync(
    config,
    stringify({
      ...{ site: "studio", stateDir, mqtt: { url: "mqtt://127.0.0.1:1" } },
      encoders: [
        {
          ...{ id: "a", driver: "epiphan-pearl", host: pearl.host, port: pearl.port },
          ...{ publisher: "5", polling: { normal: "500ms", suspect: "100ms" } },
          ...p.encoder,
        },
      ],
      destinations: [
        {
          ...{ id: "far", address: "rtmp://127.0.0.1:1/live", streamKey: secret("key", key) },
          observers: [{ kind: "nginx-rtmp", statisticsUrl: `${farEnd.url}/stat`, app: "live" }],
          ...p.destination,
        },
      ],
      streams: [{ id: "main", destination: "far", encoders: ["a"], ...p.stream }],
    }),
  );

  async function run(args: string[]) {
    const said = { out: "", told: "" };
    const io = {
      out: (text: string) => void (said.out += text),
      tell: (line: string) => void (said.told += `${line}\n`),
      signal: new AbortController().signal,
      ...{ env: {}, version: "1.2.3" },
    };
    const all = ["--config", config, "--json", ...args];
    const code = await commission(all, io).catch((error: unknown) => {
      if (!(error instanceof Ending)) throw error;
      said.told += error.message;
      return error.exitCode;
    });
    return { code, ...said };
  }
  /** The far end shows what the box really does. */
  function follows(): void {
    const began = performance.now();
    farEnd.says((_, response) => {
      const isOn = pearl.publisher("1/5").live.word === "connected";
      const bytes = Math.round(performance.now() - began);
      response.end(isOn ? page.occupied(bytes) : page.quiet());
    });
  }
  return {
    follows,
    ...{ folder, stateDir, config, farEnd, pearl, run, key },
    /** The steps of the only box, by name. */
    async steps(args: string[]) {
      const { code, out, told } = await run(args);
      if (out === "") throw new Error(`no report: ${code} ${told}`);
      const report = JSON.parse(out) as Report;
      const of = [...report.encoders[0]!.steps, ...report.destinations.flatMap((d) => d.steps)];
      return { code, report, ...byName(of) };
    },
  };
}

function byName(steps: readonly Step[]): { [name in StepName]?: Step } {
  return Object.fromEntries(steps.map((step) => [step.step, step]));
}
