/**
 * net-snmp 3.29 takes an unsigned answer to a signed v3 question for good, as long as its message id
 * fits. So whoever can see a question could answer it. This looks at the outside of a message
 * before net-snmp does (RFC 3412 §6, RFC 3414 §3.2).
 */
const reportPdu = 0xa8;
const authFlag = 0x01;
const privFlag = 0x02;

export type SecurityLevel = "authNoPriv" | "authPriv";

/**
 * Whether a datagram is protected as `level` demands. Reports come before keys are agreed on and
 * may be plain: they carry no reading, at worst they make a request fail.
 */
export function isProtected(datagram: Buffer, level: SecurityLevel): boolean {
  const message = elementAt(datagram, 0);
  const version = message && elementAt(datagram, message.start);
  const header = version && elementAt(datagram, version.end);
  const flags = header && flagsOf(datagram, header.start);
  const security = header && elementAt(datagram, header.end);
  if (flags === undefined || !security) return false;
  const wanted = level === "authPriv" ? authFlag | privFlag : authFlag;
  if ((flags & wanted) === wanted) return true;
  return (flags & privFlag) === 0 && pduOf(datagram, security.end) === reportPdu;
}

/** The header holds message id, largest size, flags, security model. */
function flagsOf(datagram: Buffer, start: number): number | undefined {
  const id = elementAt(datagram, start);
  const size = id && elementAt(datagram, id.end);
  const flags = size && elementAt(datagram, size.end);
  return flags && flags.end - flags.start === 1 ? datagram[flags.start] : undefined;
}

/** The plain scoped PDU holds engine, context name and the PDU, whose tag says what it is. */
function pduOf(datagram: Buffer, start: number): number | undefined {
  const scoped = elementAt(datagram, start);
  const engine = scoped && elementAt(datagram, scoped.start);
  const context = engine && elementAt(datagram, engine.end);
  return context && datagram[context.end];
}

type Element = { start: number; end: number };

/** Where the content of the BER element at `at` lies, if all of it is there. */
function elementAt(datagram: Buffer, at: number): Element | undefined {
  const first = datagram[at + 1];
  if (first === undefined) return undefined;
  if (first < 0x80) return within(datagram, at + 2, first);
  const octets = first & 0x7f;
  if (octets < 1 || octets > 4 || at + 2 + octets > datagram.length) return undefined;
  return within(datagram, at + 2 + octets, datagram.readUIntBE(at + 2, octets));
}

function within(datagram: Buffer, start: number, length: number): Element | undefined {
  return start + length <= datagram.length ? { start, end: start + length } : undefined;
}
