/** A port to look at, and what is spoken there. */
export type Port = { over: "http" | "snmp"; port: number };

export const usualPorts: readonly Port[] = [
  { over: "http", port: 80 },
  { over: "snmp", port: 161 },
];

/** @param text `http:80,http:8080,snmp:161`; undefined where it is not written so */
export function portsOf(text: string): Port[] | undefined {
  const parts = text.split(",").map((part) => /^(http|snmp):(\d{1,5})$/.exec(part.trim()));
  const ports = parts.map((part) => ({ over: part?.[1], port: Number(part?.[2]) }));
  const isWhole = ports.every(({ over, port }) => over !== undefined && port > 0 && port < 65_536);
  if (!isWhole || ports.length > 32) return undefined;
  return ports as Port[];
}
