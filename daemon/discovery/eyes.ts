import { DriverError } from "../drivers/driver.ts";
import type { HttpEyes, SnmpEyes } from "../drivers/recogniser.ts";
import { openHttp } from "../drivers/shared/http/http.ts";
import type { SnmpAccess } from "../drivers/shared/snmp/access.ts";
import { indexOf } from "../drivers/shared/snmp/oid.ts";
import { openSnmp } from "../drivers/shared/snmp/session.ts";
import { textOf } from "../drivers/shared/snmp/value.ts";
import { plain } from "./plain.ts";

/** The politeness that one box is owed, whatever it is. */
export type Manners = {
  /** One answer may take so long, ms. */
  answerWithinMs: number;
  /** Requests that one port of a box is asked at most. */
  mostRequests: number;
  signal: AbortSignal;
};

type Counted = { requests(): number; close(): void };

/** Eyes that can only GET: no other method, no credentials, no redirect, one connection. */
export function openHttpEyes(host: string, port: number, manners: Manners): HttpEyes & Counted {
  const http = openHttp(host, port, manners.answerWithinMs);
  let requests = 0;
  return {
    async get(path) {
      count(`${host}:${port}`, (requests += 1), manners);
      const reply = await http.send({ method: "GET", path }, manners.signal);
      const { status, body, server, challenge } = reply;
      return {
        ...{ status, body },
        ...(server !== undefined && { server: plain(server) }),
        ...(challenge !== undefined && { challenge: plain(challenge) }),
      };
    },
    requests: () => requests,
    close: () => http.close(),
  };
}

const group = "1.3.6.1.2.1.1";
const descriptionOid = `${group}.1.0`;
const objectIdOid = `${group}.2.0`;
const nameOid = `${group}.5.0`;

/** Eyes that can only GET and walk, with the access the operator gave. Asks the system group. */
export async function openSnmpEyes(
  host: string,
  port: number,
  access: SnmpAccess,
  manners: Manners,
): Promise<SnmpEyes & Counted> {
  const snmp = openSnmp({ host, port, access, requestTimeoutMs: manners.answerWithinMs });
  const { signal } = manners;
  let requests = 0;
  const counted = () => count(`${host}:${port}`, (requests += 1), manners);
  try {
    counted();
    const values = await snmp.get([descriptionOid, objectIdOid, nameOid], signal);
    const objectId = values.get(objectIdOid);
    const description = textOf(values.get(descriptionOid));
    const name = textOf(values.get(nameOid));
    return {
      system: {
        ...(description !== undefined && { description: plain(description) }),
        ...(objectId?.type === "oid" && { objectId: objectId.value }),
        ...(name !== undefined && { name: plain(name) }),
      },
      async texts(oid) {
        counted();
        const rows = [...(await snmp.walk(oid, signal))].flatMap(([at, value]) => {
          const text = textOf(value);
          return text === undefined ? [] : [[indexOf(at, oid), plain(text)] as const];
        });
        return new Map(rows);
      },
      async text(oid) {
        counted();
        const text = textOf((await snmp.get([oid], signal)).get(oid));
        return text === undefined ? undefined : plain(text);
      },
      requests: () => requests,
      close: () => snmp.close(),
    };
  } catch (error) {
    snmp.close();
    throw error;
  }
}

function count(where: string, requests: number, { mostRequests }: Manners): void {
  if (requests <= mostRequests) return;
  throw new DriverError("refused", `${where} was asked ${mostRequests} times, and no more`);
}
