import type { Found, SnmpEyes, SnmpRecogniser } from "../recogniser.ts";
import { apcNames } from "./apc.ts";
import { raritanNames } from "./raritan.ts";
import { sentry3Names } from "./sentry3.ts";

const outletsOnly = ["what each outlet powers", "whether it lets us switch (only read so far)"];

/** Newer units answer under both tables; then the newer is taken, as the driver does. */
export const recogniseApc: SnmpRecogniser = {
  over: "snmp",
  driver: "pdu-apc",
  section: "outlets",
  objectIds: ["1.3.6.1.4.1.318"],
  async recognise(eyes) {
    for (const generation of ["second", "first"] as const) {
      const names = await eyes.texts(apcNames[generation]);
      if (names.size > 0)
        return pdu(eyes, `APC PDU, ${generation} generation`, names, (index) =>
          /^\d{1,4}$/.test(index) ? { outlet: Number(index), generation } : undefined,
        );
    }
    return undefined;
  },
};

/** Rows are `<unit>.<outlet>`. */
export const recogniseRaritan: SnmpRecogniser = {
  over: "snmp",
  driver: "pdu-raritan",
  section: "outlets",
  objectIds: ["1.3.6.1.4.1.13742"],
  async recognise(eyes) {
    const names = await eyes.texts(raritanNames);
    return pdu(eyes, "Raritan PDU", names, (index) => {
      const [unit, outlet] = index.split(".").map(Number);
      if (unit === undefined || outlet === undefined) return undefined;
      return { ...(unit !== 1 && { unit }), outlet };
    });
  },
};

export const recogniseSentry3: SnmpRecogniser = {
  over: "snmp",
  driver: "pdu-sentry3",
  section: "outlets",
  objectIds: ["1.3.6.1.4.1.1718"],
  async recognise(eyes) {
    const names = await eyes.texts(sentry3Names);
    return pdu(eyes, "Server Technology Sentry3 PDU", names, (index) =>
      /^\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(index) ? { outlet: index } : undefined,
    );
  },
};

function pdu(
  { system }: SnmpEyes,
  kind: string,
  names: ReadonlyMap<string, string>,
  keysOf: (index: string) => Record<string, unknown> | undefined,
): Found | undefined {
  const entries = [...names].flatMap(([index, name]) => {
    const keys = keysOf(index);
    return keys === undefined ? [] : [{ name, keys: { expectedName: name, ...keys } }];
  });
  if (entries.length === 0) return undefined;
  return {
    kind,
    certainty: "certain",
    because: `${entries.length} outlets have names in the table that such a PDU has`,
    untold: outletsOnly,
    name: system.name,
    model: system.description,
    entries,
  };
}
