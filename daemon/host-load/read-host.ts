/** What the kernel says of its host: processors, memory, and how warm the processor is. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Time of all processors since the start, in ticks. */
export type CpuTime = { total: number; idle: number };

/** @param text `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; guests are in user */
export function cpuTimeIn(text: string): CpuTime | undefined {
  const fields = /^cpu +(.+)$/m.exec(text)?.[1]?.split(" ").slice(0, 8).map(Number) ?? [];
  if (fields.length < 4 || !fields.every(Number.isFinite)) return undefined;
  const idle = fields[3]! + (fields[4] ?? 0);
  return { total: fields.reduce((sum, ticks) => sum + ticks, 0), idle };
}

/** @param text `/proc/meminfo` */
export function memoryUsageIn(text: string): number | undefined {
  const kibibytes = (name: string) =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text)?.[1] ?? NaN);
  const ratio = 1 - kibibytes("MemAvailable") / kibibytes("MemTotal");
  return ratio >= 0 && ratio <= 1 ? ratio : undefined;
}

const ofProcessor = /^(coretemp|k10temp|zenpower|cpu_thermal|cpu-thermal|soc[-_]thermal)/;
const zoneOfProcessor = /cpu|pkg|soc/i;

/** @param text `/proc/net/route`: the interface of the default route that is taken, by its metric */
export function wayOutIn(text: string): string | undefined {
  const ways = text.split("\n").flatMap((line) => {
    const [name = "", destination, , flags = "", , , metric] = line.trim().split(/\s+/);
    const isUp = (Number.parseInt(flags, 16) & 1) === 1;
    return destination === "00000000" && isUp && /^[\w.@-]{1,15}$/.test(name)
      ? [{ name, metric: Number(metric) }]
      : [];
  });
  return ways.sort((a, b) => a.metric - b.metric)[0]?.name;
}

/** Bytes since some time in the past, and what the link could carry each way where the driver tells. */
export type Traffic = { name: string; sent: number; received: number; linkBps?: number };

export async function trafficOf(sys: string, name: string): Promise<Traffic | undefined> {
  const of = (file: string) => text(join(sys, "class/net", name, file));
  const [sent, received, speed] = await Promise.all([
    of("statistics/tx_bytes"),
    of("statistics/rx_bytes"),
    // Mb/s; a virtual interface has none, or -1.
    of("speed"),
  ]);
  const [sentBytes, receivedBytes] = [Number(sent || NaN), Number(received || NaN)];
  if (!Number.isFinite(sentBytes) || !Number.isFinite(receivedBytes)) return undefined;
  const linkBps = Number(speed || NaN) * 1e6;
  return { name, sent: sentBytes, received: receivedBytes, ...(linkBps > 0 && { linkBps }) };
}

/** Files that tell how warm the processor is, in thousandths of a degree; none on most virtual hosts. */
export async function thermometersIn(sys: string): Promise<string[]> {
  const chips = await inside(join(sys, "class/hwmon"), "name", ofProcessor);
  const inputs = await Promise.all(
    chips.map(async (chip) =>
      (await list(chip)).filter((name) => /^temp\d+_input$/.test(name)).map((of) => join(chip, of)),
    ),
  );
  if (inputs.flat().length > 0) return inputs.flat();
  const zones = await inside(join(sys, "class/thermal"), "type", zoneOfProcessor);
  return zones.map((zone) => join(zone, "temp"));
}

/** The warmest of them, °C; what no processor survives is no temperature. */
export async function temperatureAt(files: readonly string[]): Promise<number | undefined> {
  const read = await Promise.all(files.map((file) => text(file)));
  const known = read.flatMap((of) => {
    const celsius = of === undefined || of === "" ? NaN : Number(of) / 1_000;
    return celsius > -40 && celsius < 130 ? [celsius] : [];
  });
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Folders in `folder` whose file `name` says what matches. */
async function inside(folder: string, name: string, matches: RegExp): Promise<string[]> {
  const folders = (await list(folder)).map((one) => join(folder, one));
  const said = await Promise.all(folders.map((one) => text(join(one, name))));
  return folders.filter((_, at) => matches.test(said[at] ?? ""));
}

const list = (folder: string) => readdir(folder).catch((): string[] => []);
export const text = (file: string) =>
  readFile(file, "latin1").then(
    (of) => of.trim(),
    () => undefined,
  );
