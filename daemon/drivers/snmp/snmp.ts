import type { EncoderReading } from "../../../machines/encoder/reading.ts";
import { DriverError, type DriverContext, type EncoderDriver, NotAsked } from "../driver.ts";
import { openBudget } from "../shared/budget.ts";
import { openRebootWatch } from "../shared/reboot-watch.ts";
import { mostPerRequest, openSnmp, type Snmp } from "../shared/snmp/session.ts";
import { openUdp } from "../shared/snmp/wire.ts";
import { textOf, type SnmpValues } from "../shared/snmp/value.ts";
import { talliedSnmp } from "../shared/tally.ts";
import { openBootMark, type Uptime } from "./boot-mark.ts";
import { clockOf } from "./device-clock.ts";
import { lookAtMemory, lookAtProcessors } from "./host-resources.ts";
import { storageLook } from "./host-storage.ts";
import { interfaceLook } from "./interface.ts";
import { mappedLook } from "./mapped.ts";
import type { Asked, Found, Look } from "./mib.ts";
import type { SnmpEncoderOptions } from "./options.ts";
import { entitySensorLook, lmSensorsLook } from "./sensors.ts";
import { lookAtUcd } from "./ucd.ts";

const sysDescr = "1.3.6.1.2.1.1.1.0";
const sysObjectId = "1.3.6.1.2.1.1.2.0";
const sysUpTime = "1.3.6.1.2.1.1.3.0";
const hrSystemUptime = "1.3.6.1.2.1.25.1.1.0";
const hrSystemDate = "1.3.6.1.2.1.25.1.2.0";
const always = [hrSystemUptime, sysUpTime, hrSystemDate, sysDescr, sysObjectId];

/** In the order in which they are believed: the first that tells a figure is taken. */
function looksOf(options: SnmpEncoderOptions): [string, Look][] {
  const wanted = {
    temperatureSensor: options.temperatureSensor,
    fanSensor: options.fanSensor,
  };
  return [
    ["map", mappedLook(options.map)],
    ["sensors", entitySensorLook(wanted)],
    ["processors", lookAtProcessors],
    ["memory", lookAtMemory],
    ["ucd", lookAtUcd],
    ["lm-sensors", lmSensorsLook(wanted)],
    ["storage", storageLook(options.media)],
    ...(options.interface ? [["interface", interfaceLook(options.interface)] as const] : []),
  ] as [string, Look][];
}

/**
 * Any box with an SNMP agent, looked at and never touched: what it has of the common MIBs, and what
 * the site has mapped. Which tables and rows there are is looked up once and then remembered, so
 * that a poll is a handful of packets; it is looked up anew after a boot, when rows are gone, and
 * every ten minutes one MIB after the other.
 * @param wallMs ms since 1970, to compare the clock of the device with
 */
export function openSnmpEncoder(
  context: DriverContext,
  options: SnmpEncoderOptions,
  { snmp: given, wallMs = Date.now }: { snmp?: Snmp; wallMs?: () => number } = {},
): EncoderDriver {
  const { burstLimit: limit, coolingPeriodMs: periodMs } = options;
  const where = `${options.host}:${options.port}`;
  const budget = openBudget({ where, limit, periodMs, now: context.now });
  const snmp =
    given ??
    talliedSnmp(
      openSnmp(options, openUdp, () => budget.ask()),
      context,
    );
  const boot = openBootMark(context.now);
  const reboots = openRebootWatch(context.now, (share) => budget.slowTo(share, "reboots"));
  const looks = looksOf(options);
  const mapped = new Set(options.map.map(({ oid }) => oid));
  const known = new Map<string, { asked: Asked | undefined; atMs: number }>();
  /** A v1 agent fails a whole request for one OID it has not, so that is not asked at each poll. */
  const missing = options.access.version === "v1" ? new Set<string>() : undefined;

  async function get(oids: readonly string[], signal: AbortSignal): Promise<SnmpValues> {
    const asked = missing ? oids.filter((oid) => !missing.has(oid)) : oids;
    const values = await snmp.get(asked, signal);
    for (const oid of asked) if (!values.has(oid) && !mapped.has(oid)) missing?.add(oid);
    return values;
  }

  /**
   * What was not looked at yet, and at most one of those looked at too long ago. What an agent with
   * large tables has is looked up over several polls.
   */
  async function lookAround(signal: AbortSignal): Promise<void> {
    const oldest = context.now() - options.lookAgainEveryMs;
    const old = looks.find(([name]) => (known.get(name)?.atMs ?? Infinity) < oldest)?.[0];
    for (const [name, look] of looks) {
      if (known.has(name) && name !== old) continue;
      if (!budget.has(1)) return;
      missing?.clear();
      known.set(name, { asked: await lookOrNothing(look, signal), atMs: context.now() });
    }
  }

  /** A table that makes no sense must not cost the reading of the others. */
  async function lookOrNothing(look: Look, signal: AbortSignal): Promise<Asked | undefined> {
    try {
      return await look(snmp, signal);
    } catch (error) {
      if (error instanceof DriverError && error.code === "malformed") return undefined;
      throw error;
    }
  }

  const asked = () =>
    [...known].flatMap(([name, { asked }]) => (asked ? [{ name, ...asked }] : []));
  const oidsOf = (all: readonly Asked[]) => [...new Set(all.flatMap(({ oids }) => oids))];

  /** What is gone, or was named and is not there yet, is looked for at the next poll. */
  function forgetGone(all: ReturnType<typeof asked>, values: SnmpValues): void {
    for (const { name, oids, isIncomplete = false } of all) {
      const isGone = name !== "map" && !oids.some((oid) => values.has(oid));
      if (isGone || isIncomplete) known.delete(name);
    }
  }

  return {
    async poll(signal) {
      if (!budget.has(1)) throw new NotAsked(`${where} was asked enough of late`);
      // The device's age and clock go in one packet with what fits beside them.
      const first = [...always, ...oidsOf(asked())].slice(0, mostPerRequest);
      const askedAtMs = wallMs();
      const head = await get(first, signal);
      const clock = clockOf(head.get(hrSystemDate), askedAtMs, wallMs());
      const uptime = uptimeOf(head);
      if (uptime && boot.seen(uptime)) {
        known.clear();
        reboots.booted();
      }
      await lookAround(signal);
      const all = asked();
      const rest = oidsOf(all).filter((oid) => !first.includes(oid));
      // To ask for nothing would count as an exchange that took no time.
      const values = rest.length === 0 ? head : new Map([...head, ...(await get(rest, signal))]);
      const atMs = context.now();
      const found = all.map(({ read }) => read(values, atMs));
      forgetGone(all, values);
      const asking = reboots.alarm();
      if (asking !== undefined) found.push({ alarms: [asking] });
      const identity = identityOf(values);
      return {
        ...merged(found),
        ...(identity && { identity }),
        ...(uptime && { bootMark: boot.mark() }),
        ...(clock && { clock }),
      };
    },
    async startOutput() {
      throw onlyLookedAt(snmp.where);
    },
    async stopOutput() {
      throw onlyLookedAt(snmp.where);
    },
    async ownSelfStart() {
      throw onlyLookedAt(snmp.where);
    },
    /** What an agent says is no proof: it is neither the output nor signed in v1 and v2c. */
    async proveOff() {
      return [];
    },
    async close() {
      snmp.close();
    },
  };
}

const onlyLookedAt = (where: string) =>
  new DriverError("notPossible", `${where} is only looked at over SNMP`);

function uptimeOf(values: SnmpValues): Uptime | undefined {
  const host = values.get(hrSystemUptime);
  if (host?.type === "ticks") return { of: "host", ticks: host.value };
  const agent = values.get(sysUpTime);
  return agent?.type === "ticks" ? { of: "agent", ticks: agent.value } : undefined;
}

/** The vendor by its number at IANA: 318 is APC, 8072 net-snmp, 6574 Synology. */
function identityOf(values: SnmpValues): EncoderReading["identity"] {
  const id = values.get(sysObjectId);
  const enterprise = id?.type === "oid" && /^1\.3\.6\.1\.4\.1\.(\d+)/.exec(id.value)?.[1];
  const model = textOf(values.get(sysDescr));
  if (!enterprise) return undefined;
  return { vendor: `enterprise ${enterprise}`, ...(model !== undefined && { model }) };
}

function merged(found: readonly Found[]): EncoderReading {
  const reading: EncoderReading = { outputs: {}, figures: {} };
  const alarms: string[] = [];
  for (const { figures, outputs, input, media, alarms: raised } of found) {
    reading.figures = { ...figures, ...reading.figures };
    reading.outputs = { ...outputs, ...reading.outputs };
    if (input !== undefined) reading.input ??= input;
    if (media && media.length > 0) reading.media = [...(reading.media ?? []), ...media];
    alarms.push(...(raised ?? []));
  }
  return alarms.length > 0 ? { ...reading, alarms } : reading;
}
