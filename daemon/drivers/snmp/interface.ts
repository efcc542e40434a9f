import { integerOf, numberOf, textOf, type SnmpValue } from "../shared/snmp/value.ts";
import { columnOf, figure, type Look } from "./mib.ts";

const names = "1.3.6.1.2.1.31.1.1.1.1";
const operStatus = "1.3.6.1.2.1.2.2.1.8";
const outDiscards = "1.3.6.1.2.1.2.2.1.19";
const outErrors = "1.3.6.1.2.1.2.2.1.20";
const inOctets = "1.3.6.1.2.1.2.2.1.10";
const outOctets = "1.3.6.1.2.1.2.2.1.16";
const highInOctets = "1.3.6.1.2.1.31.1.1.1.6";
/** Mb/s. */
const highSpeed = "1.3.6.1.2.1.31.1.1.1.15";
const highOutOctets = "1.3.6.1.2.1.31.1.1.1.10";
const statusWords = new Map([
  [2, "down"],
  [3, "testing"],
  [5, "dormant"],
  [6, "not present"],
  [7, "lower layer down"],
]);
const wrapsAt = 2 ** 32;
/** A rate over less than this says more about the agent's cache than about the line. */
const shortestSpanMs = 200;

/**
 * IF-MIB, by the name of an interface, because indexes change at boots. Its bytes are everything
 * that leaves there, not only the programme: the source says so.
 */
export function interfaceLook(name: string): Look {
  return async (snmp, signal) => {
    const rows = await columnOf(snmp, names, signal);
    const index = [...rows].find(([, value]) => textOf(value) === name)?.[0];
    if (rows.size === 0) return undefined;
    if (index === undefined)
      return { oids: [], read: () => ({ alarms: [`${name} is not there`] }), isIncomplete: true };
    const [status, discards, errors, low, high, lowIn, highIn, speed] = [
      `${operStatus}.${index}`,
      `${outDiscards}.${index}`,
      `${outErrors}.${index}`,
      `${outOctets}.${index}`,
      `${highOutOctets}.${index}`,
      `${inOctets}.${index}`,
      `${highInOctets}.${index}`,
      `${highSpeed}.${index}`,
    ] as const;
    const bytes = rising();
    const bytesIn = rising();
    const lost = rising();
    const broken = rising();
    const source = `IF-MIB ${name}, all that it sends`;
    return {
      oids: [status, discards, errors, low, high, lowIn, highIn, speed],
      read(values, atMs) {
        const octets = values.get(high) ?? values.get(low);
        const word = statusWords.get(integerOf(values.get(status)) ?? 0);
        const alarms = [
          ...(word ? [`${name} is ${word}`] : []),
          ...(lost(values.get(discards), atMs) ? [`${name} drops what it should send`] : []),
          ...(broken(values.get(errors), atMs) ? [`${name} has errors in sending`] : []),
        ];
        const bytesPerSecond = bytes(octets, atMs);
        const total = octets?.type === "counter64" ? Number(octets.value) : undefined;
        const bitsOf = (perSecond: number | undefined) =>
          perSecond === undefined ? undefined : Math.round(perSecond * 8);
        const sentBps = bitsOf(bytesPerSecond);
        const receivedBps = bitsOf(bytesIn(values.get(highIn) ?? values.get(lowIn), atMs));
        const megabits = numberOf(values.get(speed));
        const linkBps = megabits === undefined ? undefined : megabits * 1e6;
        return {
          ...(alarms.length > 0 && { alarms }),
          figures: {
            ...figure("outputBytes", total, source),
            ...figure("bitrateBps", sentBps, source),
            ...figure("networkSentBps", sentBps, `IF-MIB ${name}`),
            ...figure("networkReceivedBps", receivedBps, `IF-MIB ${name}`),
            ...figure("networkLinkBps", linkBps, `IF-MIB ${name}`),
          },
        };
      },
    };
  };
}

/** How fast a counter rises, per second; undefined where that cannot be told. */
export function rising(): (value: SnmpValue | undefined, atMs: number) => number | undefined {
  let last: { value: SnmpValue; atMs: number } | undefined;
  let rate: number | undefined;
  return (value, atMs) => {
    const count = numberOf(value);
    if (value === undefined || count === undefined) {
      last = undefined;
      return undefined;
    }
    if (last && atMs - last.atMs < shortestSpanMs) return rate;
    const before = last?.value.type === value.type ? last : undefined;
    last = { value, atMs };
    rate = before && perSecond(before.value, value, atMs - before.atMs);
    return rate;
  };
}

function perSecond(before: SnmpValue, after: SnmpValue, spanMs: number): number | undefined {
  if (before.type === "counter64" && after.type === "counter64") {
    const risen = after.value - before.value;
    return risen < 0n ? undefined : (Number(risen) * 1_000) / spanMs;
  }
  const risen = numberOf(after)! - numberOf(before)!;
  // Half of the range cannot pass between two polls, so it was a wrap, or else a reset.
  const wrapped = risen < 0 ? risen + wrapsAt : risen;
  return wrapped > wrapsAt / 2 ? undefined : (wrapped * 1_000) / spanMs;
}
