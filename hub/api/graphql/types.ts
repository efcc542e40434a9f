/** GraphQL types of the contracts: made, not written, so that they cannot drift. */
import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLError,
  GraphQLFloat,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLString,
  type GraphQLInputType,
  type GraphQLOutputType,
} from "graphql";
import { z } from "zod";
import { capitals, type ObjectShape, type Shape } from "../shape.ts";

const Iso = z.iso.datetime({ offset: true });

export const DateTime = new GraphQLScalarType<string>({
  name: "DateTime",
  description: "ISO 8601 with its zone, for example 2026-01-05T10:00:00.000Z",
  serialize: String,
  parseValue: (value) => {
    const read = Iso.safeParse(value);
    if (read.success) return read.data;
    throw new GraphQLError("must be a time like 2026-01-05T10:00:00Z");
  },
});

export const Json = new GraphQLScalarType({
  name: "JSON",
  description: "Any JSON value",
});

/** A word that this hub does not know reads as `UNKNOWN`. */
class Words extends GraphQLEnumType {
  override serialize(value: unknown) {
    const isKnown = this.getValues().some((one) => one.value === value);
    return super.serialize(isKnown ? value : "unknown");
  }
}

export function wordsType(name: string, words: readonly string[]): GraphQLEnumType {
  const values = words.map((word) => [capitals(word), { value: word }] as const);
  return new Words({ name, values: Object.fromEntries(values) });
}

export type Types = ReturnType<typeof openTypes>;

/** Each name stands for one type, however often it is met. */
export function openTypes() {
  const outputs = new Map<string, GraphQLObjectType>();
  const inputs = new Map<string, GraphQLInputObjectType>();
  const enums = new Map<string, GraphQLEnumType>();

  const words = (name: string, list: readonly string[]) =>
    once(enums, name, () => wordsType(name, list));

  /** What a site says may be of another version than ours, so any of it may be null. */
  function output(shape: Shape, name: string): GraphQLOutputType {
    if (shape.is === "words") return words(name, shape.words);
    if (shape.is === "list") {
      return new GraphQLList(new GraphQLNonNull(output(shape.of, entryOf(name))));
    }
    if (shape.is !== "object") return scalar(shape);
    const own = shape.id ?? name;
    return once(outputs, own, () => {
      const fields = () => outputFields(shape, own);
      return new GraphQLObjectType({ name: own, fields });
    });
  }
  function outputFields({ fields }: ObjectShape, parent: string) {
    const made = Object.entries(fields).map(
      ([key, { shape }]) => [key, { type: output(shape, parent + upper(key)) }] as const,
    );
    return Object.fromEntries(made);
  }

  function input(shape: Shape, name: string): GraphQLInputType {
    if (shape.is === "words") return words(`${name}Word`, shape.words);
    if (shape.is === "list") {
      return new GraphQLList(new GraphQLNonNull(input(shape.of, entryOf(name))));
    }
    if (shape.is !== "object") return scalar(shape);
    const own = shape.id ?? name;
    const typed = ([key, { shape, isOptional }]: [string, ObjectShape["fields"][string]]) => {
      const type = input(shape, own + upper(key));
      return [key, { type: isOptional ? type : new GraphQLNonNull(type) }] as const;
    };
    return once(inputs, `${own}Input`, () => {
      const fields = () => Object.fromEntries(Object.entries(shape.fields).map(typed));
      return new GraphQLInputObjectType({ name: `${own}Input`, fields });
    });
  }

  return {
    input,
    outputFields,
    words,
    /** Takes the place of what would be made for this name. */
    define: (type: GraphQLObjectType) => {
      outputs.set(type.name, type);
      return type;
    },
  };
}

function scalar(shape: Exclude<Shape, { is: "words" | "list" | "object" }>): GraphQLScalarType {
  switch (shape.is) {
    case "text":
      return GraphQLString;
    case "truth":
      return GraphQLBoolean;
    case "moment":
      return DateTime;
    case "any":
      return Json;
    case "number":
      return GraphQLFloat;
    case "integer":
      return shape.fits32 ? GraphQLInt : GraphQLFloat;
  }
}

function once<T>(held: Map<string, T>, name: string, make: () => T): T {
  const known = held.get(name) ?? make();
  held.set(name, known);
  return known;
}

const upper = (key: string) => key.charAt(0).toUpperCase() + key.slice(1);
/** `StreamUnderstudies` → `StreamUnderstudyEntry`: of the words of `StreamUnderstudy` it is none. */
const entryOf = (name: string) => `${name.replace(/ies$/, "y").replace(/s$/, "")}Entry`;
