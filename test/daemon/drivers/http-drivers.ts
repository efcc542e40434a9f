import { readFileSync } from "node:fs";
import { openAjaHelo } from "../../../daemon/drivers/aja-helo/aja-helo.ts";
import { AjaHeloOptions } from "../../../daemon/drivers/aja-helo/options.ts";
import type { DriverContext, EncoderDriver } from "../../../daemon/drivers/driver.ts";
import { openEpiphanPearl } from "../../../daemon/drivers/epiphan-pearl/epiphan-pearl.ts";
import { EpiphanPearlOptions } from "../../../daemon/drivers/epiphan-pearl/options.ts";
import { openMagewell } from "../../../daemon/drivers/magewell/magewell.ts";
import { MagewellOptions } from "../../../daemon/drivers/magewell/options.ts";
import type { Http } from "../../../daemon/drivers/shared/http/http.ts";

/** A driver that speaks HTTP. A new one joins here, and is then put to all that is in hostile.thorough.test.ts. */
export type HttpDriver = {
  name: string;
  open(context: DriverContext, port: number, requestTimeoutMs: number, http?: Http): EncoderDriver;
  /** What a healthy box that streams answers to this path, as recorded; undefined: HTTP 404. */
  recorded: (path: string) => string | undefined;
};

const host = "127.0.0.1";
/** Tests look more often than a daemon does. */
const burstLimit = 10_000;
const fixtures = new Map<string, string>();

function fixture(name: string): string {
  const file = new URL(`../../fixtures/${name}.json`, import.meta.url);
  const text = fixtures.get(name) ?? readFileSync(file, "utf8");
  fixtures.set(name, text);
  return text;
}

const pearl: [RegExp, string][] = [
  [/\/publishers\/status$/, "publishers-status"],
  [/\/publishers\/\w+\/settings$/, "publisher-settings"],
  [/\/system\/status$/, "system-status"],
  [/\/system\/firmware$/, "system-firmware"],
  [/\/recorders\/status$/, "recorders-status"],
  [/\/system\/storages$/, "storages"],
  [/\/system\/storages\/\w+\/status$/, "storage-status"],
  [/\/channels\?/, "channels"],
];

export const httpDrivers: HttpDriver[] = [
  {
    name: "aja-helo",
    open: (context, port, requestTimeoutMs, http) =>
      openAjaHelo(context, AjaHeloOptions.parse({ host, port, requestTimeoutMs }), http),
    recorded(path) {
      const name = /paramid=eParamID_(\w+)/.exec(path)?.[1] ?? "";
      const answer = (JSON.parse(fixture("aja-helo/answers")) as Record<string, object>)[name];
      return answer && JSON.stringify(answer);
    },
  },
  {
    name: "magewell",
    open: (context, port, requestTimeoutMs, http) =>
      openMagewell(
        context,
        MagewellOptions.parse({ host, port, requestTimeoutMs, burstLimit }),
        http,
      ),
    recorded(path) {
      const method = /method=(get-[a-z]+)/.exec(path)?.[1];
      return method && fixture(`magewell/${method}`);
    },
  },
  {
    name: "epiphan-pearl",
    open: (context, port, requestTimeoutMs, http) =>
      openEpiphanPearl(
        context,
        EpiphanPearlOptions.parse({ host, port, requestTimeoutMs, burstLimit }),
        http,
      ),
    recorded(path) {
      if (path.endsWith("/system/firmware/version")) return '{"status":"ok","result":"4.24.1"}';
      const name = pearl.find(([pattern]) => pattern.test(path))?.[1];
      return name && fixture(`epiphan-pearl/${name}`);
    },
  },
];
