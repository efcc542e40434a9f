/**
 * What a contract says, in few words: from this the GraphQL types are made, and with this the
 * protocol buffers are compared, so that neither can drift from the schemas of REST and MQTT.
 */
import { z } from "zod";
import { momentOf } from "./times.ts";

export type Shape =
  | { is: "text" | "number" | "truth" | "moment" | "any" }
  /** `fits32`: its limits say that 32 bits hold it. */
  | { is: "integer"; fits32: boolean }
  | { is: "words"; words: readonly string[] }
  | { is: "list"; of: Shape }
  | ObjectShape;
/** `id`: the name it has in the contracts, where it has one. */
export type ObjectShape = { is: "object"; id: string | undefined; fields: Record<string, Field> };
export type Field = { shape: Shape; isOptional: boolean };

/** Moments have the names they have in REST: `sinceMs` is `since`. */
export function objectShape(schema: z.ZodObject): ObjectShape {
  const fields = Object.entries(schema.shape).map(([key, inner]): [string, Field] => {
    const field = fieldOf(inner as z.ZodType);
    const moment = momentOf(key);
    if (moment === undefined) return [key, field];
    return [moment, { ...field, shape: { is: "moment" } }];
  });
  return { is: "object", id: schema.meta()?.id, fields: Object.fromEntries(fields) };
}

function fieldOf(schema: z.ZodType): Field {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return { ...fieldOf(schema.unwrap() as z.ZodType), isOptional: true };
  }
  if (schema instanceof z.ZodDefault) {
    return { ...fieldOf(schema.unwrap() as z.ZodType), isOptional: true };
  }
  return { shape: shapeOf(schema), isOptional: false };
}

function shapeOf(schema: z.ZodType): Shape {
  if (schema instanceof z.ZodCatch) return shapeOf(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodObject) return objectShape(schema);
  if (schema instanceof z.ZodArray) {
    return { is: "list", of: fieldOf(schema.element as z.ZodType).shape };
  }
  if (schema instanceof z.ZodEnum) return { is: "words", words: schema.options as string[] };
  if (schema instanceof z.ZodNumber) {
    if (schema.format !== "safeint") return { is: "number" };
    const { minValue, maxValue } = schema;
    const fits32 = (minValue ?? -Infinity) >= -(2 ** 31) && (maxValue ?? Infinity) < 2 ** 31;
    return { is: "integer", fits32 };
  }
  if (schema instanceof z.ZodBoolean) return { is: "truth" };
  if (schema instanceof z.ZodISODateTime) return { is: "moment" };
  if (schema instanceof z.ZodStringFormat || schema instanceof z.ZodString) return { is: "text" };
  if (schema instanceof z.ZodLiteral) return { is: "text" };
  return { is: "any" };
}

/** `add-window`, `onAir` → `ADD_WINDOW`, `ON_AIR`: how both languages write a word of a list. */
export const capitals = (word: string) =>
  word
    .replaceAll("-", "_")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toUpperCase();
