import type { SnmpAccess } from "../../../daemon/drivers/shared/snmp/access.ts";
import { recognisers } from "../../../daemon/drivers/recognisers.ts";
import type { Port } from "../../../daemon/discovery/ports.ts";
import { scan, usualPace, type Pace } from "../../../daemon/discovery/scan.ts";

/** Looks at these ports of the loopback, as `discover` would. */
export function aScan(
  ports: Port[],
  p: { addresses?: string[]; snmpAccess?: SnmpAccess; pace?: Partial<Pace> } = {},
) {
  return scan({
    addresses: p.addresses ?? ["127.0.0.1"],
    ports,
    recognisers,
    snmpAccess: p.snmpAccess,
    pace: { ...usualPace, perSecond: 1_000, ...p.pace },
    signal: new AbortController().signal,
    progress: { found: () => undefined, looked: () => undefined },
  });
}

export const http = (port: number): Port => ({ over: "http", port });
export const snmp = (port: number): Port => ({ over: "snmp", port });
