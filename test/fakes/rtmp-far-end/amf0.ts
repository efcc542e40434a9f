/** A value of AMF0, the notation of RTMP commands (Adobe, "Action Message Format -- AMF 0"). */
export type Amf0Value = number | boolean | string | null | undefined | Amf0Value[] | Amf0Object;
export type Amf0Object = { [name: string]: Amf0Value };

const objectEnd = 0x09;

/** All values of one command or data message. Throws `RangeError` on a message cut short. */
export function decodeAmf0(bytes: Buffer): Amf0Value[] {
  const values: Amf0Value[] = [];
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) values.push(decodeValue(bytes, cursor, 0));
  return values;
}

function decodeValue(bytes: Buffer, cursor: { at: number }, depth: number): Amf0Value {
  if (depth > 16) throw new RangeError("AMF0 nested deeper than 16");
  const marker = bytes.readUInt8(cursor.at++);
  switch (marker) {
    case 0x00:
      cursor.at += 8;
      return bytes.readDoubleBE(cursor.at - 8);
    case 0x01:
      return bytes.readUInt8(cursor.at++) !== 0;
    case 0x02:
      return decodeText(bytes, cursor, 2);
    case 0x0c:
      return decodeText(bytes, cursor, 4);
    case 0x03:
      return decodeMembers(bytes, cursor, depth);
    case 0x08: // ECMA array: a count that is only a hint, then members like an object
      cursor.at += 4;
      return decodeMembers(bytes, cursor, depth);
    case 0x0a: {
      const count = bytes.readUInt32BE(cursor.at);
      cursor.at += 4;
      const items: Amf0Value[] = [];
      for (let i = 0; i < count; i++) items.push(decodeValue(bytes, cursor, depth + 1));
      return items;
    }
    case 0x0b: // date: milliseconds and a time zone nobody uses
      cursor.at += 10;
      return bytes.readDoubleBE(cursor.at - 10);
    case 0x05:
      return null;
    case 0x06:
    case 0x0d:
      return undefined;
    default:
      throw new RangeError(`AMF0 marker ${marker} is not known`);
  }
}

function decodeText(bytes: Buffer, cursor: { at: number }, lengthBytes: 2 | 4): string {
  const length = bytes.readUIntBE(cursor.at, lengthBytes);
  const start = cursor.at + lengthBytes;
  if (start + length > bytes.length) throw new RangeError("AMF0 text cut short");
  cursor.at = start + length;
  return bytes.toString("utf8", start, cursor.at);
}

function decodeMembers(bytes: Buffer, cursor: { at: number }, depth: number): Amf0Object {
  const members: Amf0Object = {};
  for (;;) {
    const name = decodeText(bytes, cursor, 2);
    if (name === "" && bytes.readUInt8(cursor.at) === objectEnd) {
      cursor.at++;
      return members;
    }
    members[name] = decodeValue(bytes, cursor, depth + 1);
  }
}

export function encodeAmf0(values: Amf0Value[]): Buffer {
  return Buffer.concat(values.map(encodeValue));
}

function encodeValue(value: Amf0Value): Buffer {
  if (value === null) return Buffer.from([0x05]);
  if (value === undefined) return Buffer.from([0x06]);
  if (typeof value === "boolean") return Buffer.from([0x01, value ? 1 : 0]);
  if (typeof value === "number") {
    const out = Buffer.alloc(9);
    out.writeDoubleBE(value, 1);
    return out;
  }
  if (typeof value === "string") return Buffer.concat([Buffer.from([0x02]), encodeText(value)]);
  if (Array.isArray(value)) {
    const head = Buffer.alloc(5, 0x0a);
    head.writeUInt32BE(value.length, 1);
    return Buffer.concat([head, ...value.map(encodeValue)]);
  }
  const members = Object.entries(value).flatMap(([name, member]) => [
    encodeText(name),
    encodeValue(member),
  ]);
  return Buffer.concat([Buffer.from([0x03]), ...members, Buffer.from([0, 0, objectEnd])]);
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
