/** Reads what `snmpwalk -On -Oe` has written, for an agent that answers the same. */
import { readFileSync } from "node:fs";
import { type Cell, bytes, counter, counter64, gauge, integer, oid, text, ticks } from "./agent.ts";

/** @param name below test/fixtures, for example `pdu/sentry3` */
export function walkOf(name: string): [oid: string, cell: Cell][] {
  const file = new URL(`../../fixtures/${name}.walk`, import.meta.url);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.flatMap((line): [string, Cell][] => {
    const [, at, type = "", told = ""] = /^\.([\d.]+) = (?:([\w-]+): )?(.*)$/.exec(line) ?? [];
    if (at === undefined) throw new Error(`${name}: ${line}`);
    // Nobody here reads what net-snmp packs into one.
    if (type === "Opaque") return [];
    return [[at, cellOf(type, told)]];
  });
}

function cellOf(type: string, told: string): Cell {
  switch (type) {
    case "":
    case "STRING":
      return text(told.replace(/^"|"$/g, ""));
    case "Hex-STRING":
      return bytes(Buffer.from(told.replaceAll(" ", ""), "hex"));
    case "INTEGER":
      return integer(Number(told));
    case "Gauge32":
      return gauge(Number(told));
    case "Counter32":
      return counter(Number(told));
    case "Counter64":
      return counter64(BigInt(told));
    case "Timeticks":
      return ticks(Number(/^\((\d+)\)/.exec(told)?.[1]));
    case "OID":
      return oid(told.slice(1));
    default:
      throw new Error(`a value of type ${type}`);
  }
}
