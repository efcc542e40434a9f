import type { SnmpRecogniser } from "../recogniser.ts";
import { raid } from "./tables.ts";

/** SYNOLOGY-SYSTEM-MIB. */
const system = {
  modelName: "1.3.6.1.4.1.6574.1.5.1.0",
  serialNumber: "1.3.6.1.4.1.6574.1.5.2.0",
  version: "1.3.6.1.4.1.6574.1.5.3.0",
} as const;

/** A Synology runs net-snmp and calls itself so; its own tables tell it from other hosts. */
export const recogniseSynology: SnmpRecogniser = {
  over: "snmp",
  driver: "synology",
  section: "storages",
  objectIds: ["1.3.6.1.4.1.6574", "1.3.6.1.4.1.8072"],
  async recognise(eyes) {
    const volumes = await eyes.texts(raid.name);
    if (volumes.size === 0) return undefined;
    const names = [...volumes.values()].join(", ");
    return {
      kind: "Synology NAS",
      certainty: "certain",
      because: `it tells of ${names} in SYNOLOGY-RAID-MIB`,
      untold: ["which of its shares recordings go to"],
      name: eyes.system.name,
      model: await eyes.text(system.modelName),
      serialNumber: await eyes.text(system.serialNumber),
      firmware: await eyes.text(system.version),
      entries: [{ name: eyes.system.name, keys: {} }],
    };
  },
};
