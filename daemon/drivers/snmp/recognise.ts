import type { SnmpRecogniser } from "../recogniser.ts";

/** Any agent that says what it is can be watched: a switch, a host, a box without a driver. */
export const recogniseAgent: SnmpRecogniser = {
  over: "snmp",
  driver: "snmp",
  section: "encoders",
  objectIds: ["1.3.6.1"],
  async recognise({ system }) {
    if (system.description === undefined) return undefined;
    return {
      kind: "SNMP agent",
      certainty: "possible",
      because: `it says "${system.description}"`,
      untold: ["whether it is an encoder at all", "what its outputs do (key map)"],
      name: system.name,
      entries: [{ name: system.name, keys: {} }],
    };
  },
};
