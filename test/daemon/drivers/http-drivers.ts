import { readFileSync } from "node:fs";
import { openAjaHelo } from "../../../daemon/drivers/aja-helo/aja-helo.ts";
import { watchedAlarms } from "../../../daemon/drivers/aja-helo/alarms.ts";
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

/** `08 00 10 01 1a …`: an alarm at rest with its text, as all 63 of a HELO are. */
const alarmAtRest = Buffer.from("080010011a0a0a084e6f20766964656f", "hex");
const heloValues: Record<string, string> = {
  ...{ SystemState: "4", ReplicatorStreamState: "2", ReplicatorRecordState: "1" },
  ...{ StreamingDuration: "00:00:03:12", DetectInputFormat: "20", VideoInSelect: "1" },
  ...{ MediaState: "0", LinkStartStop: "0", ShutdownMessageII: "0", Temperature: "47" },
  ...{ AutoRecoverStreaming: "0", PowerUpState: "0", SchedulerEnabled: "0" },
  ...{ StreamingProfileSel: "2", ProductID: "HELO", FormattedSerialNumber: "0HE00001" },
  ...{ CurrentlyRunningImageVersion: "4.3.0.8-12r", StreamType_3: "0" },
  ...{ RTMPServerURL_3: "rtmp://far.example/live", RTMPStreamName_3: "recorded-key" },
  ...{ StreamingVideoBitrate_3: "6000" },
  ...Object.fromEntries(watchedAlarms.map((name) => [name, alarmAtRest.toString("base64")])),
};

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
      const value = heloValues[name];
      if (value === undefined) return undefined;
      const paramid = "2097225226";
      return JSON.stringify({ paramid, name: `eParamID_${name}`, value, value_name: value });
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
