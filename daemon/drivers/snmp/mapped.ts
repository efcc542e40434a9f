import type { EncoderReading } from "../../../machines/encoder/reading.ts";
import { numberOf, textOf, type SnmpValue, type SnmpValues } from "../shared/snmp/value.ts";
import { figure, type Found, type Look } from "./mib.ts";
import type { SnmpMap } from "./options.ts";

/** The OIDs that the site has named. They are asked for at each poll, found or not. */
export function mappedLook(map: readonly SnmpMap[]): Look {
  return async () => {
    if (map.length === 0) return undefined;
    return {
      oids: [...new Set(map.map(({ oid }) => oid))],
      read: (values) => readMap(map, values),
    };
  };
}

function readMap(map: readonly SnmpMap[], values: SnmpValues): Found {
  const figures: EncoderReading["figures"] = {};
  const outputs: EncoderReading["outputs"] = {};
  const alarms: string[] = [];
  let input: EncoderReading["input"];
  for (const item of map) {
    const value = values.get(item.oid);
    switch (item.reading) {
      case "input":
        input ??= wordOf(item.enum, value);
        break;
      case "output": {
        const state = wordOf(item.enum, value);
        if (state !== undefined) outputs[item.output] ??= { state };
        break;
      }
      case "alarm": {
        const alarm = wordOf(item.enum, value);
        if (alarm !== undefined) alarms.push(alarm);
        break;
      }
      default: {
        const raw = numberIn(value);
        const scaled = raw === undefined ? undefined : raw * item.scale + item.offset;
        if (!(item.reading in figures))
          Object.assign(figures, figure(item.reading, scaled, item.oid));
      }
    }
  }
  return {
    figures,
    ...(input && { input }),
    ...(Object.keys(outputs).length > 0 && { outputs }),
    ...(alarms.length > 0 && { alarms }),
  };
}

/** A number, or the one that a text begins with, such as `37 C/98 F` of older QNAP. */
function numberIn(value: SnmpValue | undefined): number | undefined {
  const number = numberOf(value);
  if (number !== undefined) return number;
  const text = textOf(value);
  const leading = text && /^[-+]?\d{1,15}(\.\d{1,9})?/.exec(text)?.[0];
  return leading === undefined || leading === "" ? undefined : Number(leading);
}

function wordOf<W>(words: Record<string, W>, value: SnmpValue | undefined): W | undefined {
  if (value === undefined) return undefined;
  const said = value.type === "bytes" ? textOf(value) : String(value.value);
  return said !== undefined && Object.hasOwn(words, said) ? words[said] : undefined;
}
