/**
 * How much one request may ask for, found out before it is checked or carried out: a bomb must cost
 * us less than it cost its maker.
 */
import {
  getNamedType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type OperationTypeNode,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import { ApiProblem } from "../problem.ts";

export const limits = {
  queryBytes: 32 * 1024,
  tokens: 1_000,
  depth: 8,
  /** Aliases and directives, each. */
  aliases: 15,
  /** Of one field in one place; see `counted`. */
  repeats: 15,
  /** One for each object that may be answered; see `costOf`. */
  cost: 1_000,
};
/** A list inside a state: how long we take it to be. */
const usualLength = 3;
/** The schema's description of itself is large, whatever is asked of it. */
const introspectionCost = 200;

/** @throws ApiProblem 400 `too_many_aliases`, `too_deep`, `too_costly` or `one_command` */
export function checkLimits(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  const { aliases, directives, repeats } = counted(schema, document);
  const over = (code: string, what: string) => {
    throw new ApiProblem(400, code, what);
  };
  if (aliases > limits.aliases) over("too_many_aliases", `more than ${limits.aliases} aliases`);
  if (directives > limits.aliases) {
    over("too_many_directives", `more than ${limits.aliases} directives`);
  }
  if (repeats > limits.repeats) {
    over("too_costly", `asks for one field more than ${limits.repeats} times in one place`);
  }
  const { depth, cost, roots } = measure(schema, document, operation, variables);
  if (depth > limits.depth) over("too_deep", `more than ${limits.depth} levels deep`);
  if (cost > limits.cost) {
    over("too_costly", `costs ${cost} and ${limits.cost} are allowed; ask for fewer at a time`);
  }
  const kind: `${OperationTypeNode}` = operation.operation;
  if (kind !== "query" && roots !== 1) {
    over("one_command", `one ${kind} in one request, so that each has its answer`);
  }
}

/**
 * `repeats`: how often one field stands in one selection, or one with fields of its own under one
 * type. Fields of the same name are compared in pairs, and so are those below them.
 */
function counted(schema: GraphQLSchema, document: DocumentNode) {
  const count = { aliases: 0, directives: 0, repeats: 0 };
  const repeated = new Map<string, number>();
  const repeat = (held: Map<string, number>, key: string) => {
    const times = (held.get(key) ?? 0) + 1;
    held.set(key, times);
    count.repeats = Math.max(count.repeats, times);
  };
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: ({ selections }) => {
        const here = new Map<string, number>();
        for (const one of selections) {
          if (one.kind === Kind.FIELD) repeat(here, one.alias?.value ?? one.name.value);
        }
      },
      Field: ({ alias, name, selectionSet }) => {
        if (alias) count.aliases += 1;
        const parent = types.getParentType()?.name ?? "";
        if (selectionSet) repeat(repeated, `${parent}.${alias?.value ?? name.value}`);
      },
      Directive: () => void (count.directives += 1),
    }),
  );
  return count;
}

type Size = { depth: number; cost: number; roots: number };

/**
 * Fragments are measured once and counted as often as they are spread. What is not in the schema
 * counts as nothing: the validation that follows refuses it.
 */
function measure(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Size {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  }
  const defaults = new Map(
    (operation.variableDefinitions ?? []).map(({ variable, defaultValue }) => [
      variable.name.value,
      defaultValue,
    ]),
  );
  const measured = new Map<string, Size>();
  const under = new Set<string>();

  /** @param first the page size that lists below answer with */
  function ofSet(set: SelectionSetNode, type: GraphQLNamedType | undefined, first: number): Size {
    const sum: Size = { depth: 0, cost: 0, roots: 0 };
    const add = ({ depth, cost, roots }: Size) => {
      sum.depth = Math.max(sum.depth, depth);
      sum.cost += cost;
      sum.roots += roots;
    };
    for (const one of set.selections) {
      if (one.kind === Kind.FIELD) add({ ...ofField(one, type, first), roots: 1 });
      else if (one.kind === Kind.INLINE_FRAGMENT) add(ofSet(one.selectionSet, type, first));
      else add(ofFragment(one.name.value, first));
    }
    return sum;
  }
  function ofFragment(name: string, first: number): Size {
    const fragment = fragments.get(name);
    const nothing = { depth: 0, cost: 0, roots: 0 };
    // A fragment within itself is refused later.
    if (!fragment || under.has(name)) return nothing;
    const key = `${name} ${first}`;
    const held = measured.get(key);
    if (held) return held;
    under.add(name);
    const type = schema.getType(fragment.typeCondition.name.value);
    const size = ofSet(fragment.selectionSet, type, first);
    under.delete(name);
    measured.set(key, size);
    return size;
  }
  function ofField(node: FieldNode, parent: GraphQLNamedType | undefined, first: number) {
    const isAboutSchema = node.name.value.startsWith("__");
    if (isAboutSchema) {
      return { depth: 1, cost: node.selectionSet ? introspectionCost : 0 };
    }
    if (!node.selectionSet) return { depth: 1, cost: 0 };
    const field = fieldOf(parent, node.name.value);
    const type = field && getNamedType(field.type);
    const page = field && pageOf(field, node);
    const { depth, cost } = ofSet(node.selectionSet, type, page ?? 0);
    const isList = field !== undefined && isListType(bare(field.type));
    const times = isList ? first || usualLength : 1;
    // A page, its edges and its end are no objects of their own.
    const own = /(Connection|Edge|PageInfo)$/.test(type?.name ?? "") ? 0 : 1;
    return { depth: depth + 1, cost: times * (own + cost) };
  }
  /** What the field is asked for with `first`, if it can be. */
  function pageOf(field: GraphQLField<unknown, unknown>, node: FieldNode): number | undefined {
    const argument = field.args.find(({ name }) => name === "first");
    if (!argument) return undefined;
    const given = node.arguments?.find(({ name }) => name.value === "first")?.value;
    const value = numberOf(given) ?? Number(argument.defaultValue);
    return Math.max(1, Math.min(value, 1_000_000));
  }
  function numberOf(value: ValueNode | undefined): number | undefined {
    if (value?.kind === Kind.INT) return Number(value.value);
    if (value?.kind !== Kind.VARIABLE) return undefined;
    const name = value.name.value;
    const given = variables[name];
    if (typeof given === "number") return given;
    const fallback = defaults.get(name);
    return fallback?.kind === Kind.INT ? Number(fallback.value) : undefined;
  }

  const root = schema.getRootType(operation.operation) ?? undefined;
  return ofSet(operation.selectionSet, root, 0);
}

function fieldOf(type: GraphQLNamedType | undefined, name: string) {
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
}

const bare = (type: GraphQLField<unknown, unknown>["type"]) =>
  isNonNullType(type) ? type.ofType : type;
