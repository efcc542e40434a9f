import { lookup } from "node:dns/promises";
import type { Logger } from "pino";
import type { SiteConfig } from "../config/site.schema.ts";
import type { TrapOptions } from "./drivers/shared/snmp/trap-options.ts";

export type Traps = {
  /** Sentences for the operator. */
  warnings: readonly string[];
  /** UDP port that is listened at; undefined: none. */
  port: number | undefined;
  close(): Promise<void>;
};

const off: Traps = { warnings: [], port: undefined, close: () => Promise.resolve() };

/**
 * Has a box looked at when a trap comes from the address that it is asked at; also the boxes that a
 * PDU powers, and a NAS. A trap may be forged
 * and may get lost, so it says only "look now": what is true is what is read then. A listener that
 * cannot be opened costs nothing but the time to the next look.
 */
export async function openTraps(p: {
  config: Pick<SiteConfig, "traps" | "encoders" | "outlets" | "storages">;
  log: Pick<Logger, "info" | "warn">;
  pollSoon: (encoder: string) => void;
  lookSoon: (storage: string) => void;
}): Promise<Traps> {
  const { config, log } = p;
  if (config.traps === undefined) return off;
  const { openTrapReceiver, trapNames } = await import("./drivers/shared/snmp/traps.ts");
  const { boxesAt, warnings } = await addressesOf(devicesOf(p));
  const warn = (warning: string) => {
    warnings.push(warning);
    log.warn({ code: "traps" }, warning);
  };
  for (const warning of warnings.splice(0)) warn(warning);
  const hear = (address: string, trapOid: string) => {
    const trap = trapNames.get(trapOid) ?? trapOid;
    for (const { id, what, look } of boxesAt.get(address) ?? []) {
      log.info({ code: "trap", device: id, trap }, `${id} sent a trap, looking at ${what} now`);
      look();
    }
  };
  try {
    const options = config.traps as TrapOptions;
    const receiver = await openTrapReceiver(options, [...boxesAt.keys()], hear);
    log.info({ code: "traps", port: receiver.port }, `listening for traps, port ${receiver.port}`);
    return { ...receiver, warnings };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
    warn(`traps are not heard: cannot listen (${code}); boxes are asked at their usual pace`);
    return { ...off, warnings };
  }
}

type Device = { id: string; options: unknown; what: string; look: () => void };

/** Who may speak up, and what is looked at then. */
function devicesOf({ config, pollSoon, lookSoon }: Parameters<typeof openTraps>[0]): Device[] {
  const { encoders, outlets, storages } = config;
  const powered = (outlet: string) => encoders.filter((box) => box.outlet === outlet);
  return [
    ...encoders.map(({ id, options }) => {
      return { id, options, what: "it", look: () => pollSoon(id) };
    }),
    ...outlets.flatMap(({ id, options }) =>
      powered(id).map((box) => {
        return { id, options, what: box.id, look: () => pollSoon(box.id) };
      }),
    ),
    ...storages.map(({ id, options }) => {
      return { id, options, what: "it", look: () => lookSoon(id) };
    }),
  ];
}

/** Who is asked at which address; two names may lead to one box. */
async function addressesOf(devices: Device[]) {
  const boxesAt = new Map<string, Device[]>();
  const warnings = new Set<string>();
  const find = async (device: Device) => {
    const { host } = device.options as { host?: unknown };
    if (typeof host !== "string") return;
    try {
      for (const { address } of await lookup(host, { all: true })) {
        boxesAt.set(address, [...(boxesAt.get(address) ?? []), device]);
      }
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
      warnings.add(`traps of ${device.id} are not heard: ${host} has no address now (${code})`);
    }
  };
  await Promise.all(devices.map(find));
  return { boxesAt, warnings: [...warnings] };
}
