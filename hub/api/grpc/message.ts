/** Between the items of REST and protocol buffers: same names, words as enums, nothing for null. */
import {
  fromJson,
  ScalarType,
  type DescEnum,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import { capitals } from "../shape.ts";

export type Item = Record<string, unknown>;

/** @param item as REST shows it, ISO times included; what the message does not know is left out */
export function messageOf<D extends DescMessage>(desc: D, item: Item): MessageShape<D> {
  return fromJson(desc, jsonFor(desc, item), { ignoreUnknownFields: true });
}

function jsonFor(desc: DescMessage, item: Item): JsonObject {
  const json: JsonObject = {};
  for (const field of desc.fields) {
    const value = item[field.jsonName];
    if (value === null || value === undefined) continue;
    const one = (inner: unknown): JsonValue => {
      if (field.enum) return wordFor(field.enum, inner);
      // What Google defines has a JSON form of its own: ISO times, any value.
      if (!field.message || field.message.typeName.startsWith("google.")) return inner as JsonValue;
      return jsonFor(field.message, inner as Item);
    };
    json[field.jsonName] = field.fieldKind === "list" ? (value as unknown[]).map(one) : one(value);
  }
  return json;
}

/** A word that this hub does not know reads as unknown. */
function wordFor({ values }: DescEnum, word: unknown): number {
  const name = capitals(String(word));
  const found =
    values.find(({ localName }) => localName === name) ??
    values.find(({ localName }) => localName === "UNKNOWN");
  return found?.number ?? 0;
}

/** The word of a contract behind an enum's value; undefined for `…_UNSPECIFIED`. */
export function wordOf({ value }: DescEnum, number: number): string | undefined {
  if (number === 0) return undefined;
  return value[number]?.localName
    .toLowerCase()
    .replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** What is set of it, in the words of the contracts; numbers of 64 bits as numbers. */
export function itemFrom(message: ReflectMessage): Item {
  const item: Item = {};
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    if (field.fieldKind === "message") item[field.jsonName] = itemFrom(message.get(field));
    else if (field.fieldKind === "enum") {
      item[field.jsonName] = wordOf(field.enum, message.get(field));
    } else if (field.fieldKind === "scalar") {
      const value = message.get(field);
      item[field.jsonName] = field.scalar === ScalarType.INT64 ? Number(value) : value;
    }
  }
  return item;
}
