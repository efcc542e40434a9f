/**
 * The graph: sites, what is at them, what happened, and what they may be asked for. Types are made
 * of the contracts; here stands only what links them.
 */
import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLOutputType,
} from "graphql";
import { CommandArgs } from "../../../machines/command/command.contract.ts";
import { DestinationState } from "../../../machines/destination/destination.contract.ts";
import { EncoderState } from "../../../machines/encoder/encoder.contract.ts";
import { Telemetry } from "../../../machines/site/site.contract.ts";
import { StorageState } from "../../../machines/storage/storage.contract.ts";
import { Incident, StreamState } from "../../../machines/stream/stream.contract.ts";
import type { AccessName } from "../../auth/permissions.ts";
import { verbsOf } from "../../commands.ts";
import { CommandItem } from "../asking.ts";
import { SiteItem } from "../items.ts";
import { objectShape } from "../shape.ts";
import type { GraphContext, Resolvers } from "./resolvers.ts";
import { DateTime, openTypes } from "./types.ts";

type Field = GraphQLFieldConfig<Record<string, unknown>, GraphContext, Record<string, never>>;
type Item = Record<string, unknown>;

declare module "graphql" {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** Of a root field: who may use it, a row of `hub/auth/permissions.ts`. */
    access?: AccessName;
  }
}

const required = <T extends GraphQLOutputType>(type: T) => new GraphQLNonNull(type);
const id = { type: new GraphQLNonNull(GraphQLID) };

/** Kinds of actors in the graph, with what a site publishes of them and who may command them. */
export const actorKinds = {
  encoder: { state: EncoderState, access: "commandEncoder" },
  stream: { state: StreamState, access: "commandStream" },
  destination: { state: DestinationState, access: null },
  storage: { state: StorageState, access: "commandStorage" },
} as const;
export type ActorKind = keyof typeof actorKinds;
const nameOf = (kind: string) => kind.charAt(0).toUpperCase() + kind.slice(1);

export function makeSchema(resolvers: Resolvers): GraphQLSchema {
  const types = openTypes();
  const { site, actors, actorOf, incidents } = resolvers;

  const PageInfo = new GraphQLObjectType({
    name: "PageInfo",
    fields: {
      hasNextPage: { type: required(GraphQLBoolean) },
      endCursor: { type: GraphQLString, description: "`after` of the next page" },
    },
  });
  const pageArgs = {
    first: { type: GraphQLInt, defaultValue: 50, description: "1 to 500" },
    after: { type: GraphQLString },
  };
  const bySite = { site: { type: GraphQLID, description: "of this site only" } };
  function connection(node: GraphQLObjectType): GraphQLObjectType {
    const edge = new GraphQLObjectType({
      name: `${node.name}Edge`,
      fields: { cursor: { type: required(GraphQLString) }, node: { type: required(node) } },
    });
    return new GraphQLObjectType({
      name: `${node.name}sConnection`,
      fields: {
        nodes: { type: required(new GraphQLList(required(node))) },
        edges: { type: required(new GraphQLList(required(edge))) },
        pageInfo: { type: required(PageInfo) },
      },
    });
  }

  const Site: GraphQLObjectType = types.define(
    new GraphQLObjectType<Item, GraphContext>({
      name: "Site",
      fields: () => ({
        ...types.outputFields(
          objectShape(SiteItem.omit({ encoders: true, streams: true })),
          "Site",
        ),
        id,
        ...Object.fromEntries(
          Object.entries(pages).map(([kind, type]) => [
            pluralOf(kind),
            {
              type: required(type),
              args: pageArgs,
              resolve: (source: Item, args: object, context: GraphContext) =>
                actors(context, kind, { ...args, site: source["id"] }),
            },
          ]),
        ),
      }),
    }),
  );
  const link = (kind: ActorKind, of: string): Field => ({
    type: byKind[kind],
    resolve: (source, _args, context) => actorOf(context, kind, source["site"], source[of]),
  });

  /** What is special about a kind; the rest is as its state says. */
  const linksOf: Record<ActorKind, () => Record<string, Field>> = {
    encoder: () => ({
      live: {
        type: Live,
        description: "The figures of the last second",
      },
    }),
    stream: () => ({
      destination: link("destination", "destination"),
      encoder: { ...link("encoder", "encoder"), description: "That carries it, or last did" },
      understudyEncoder: link("encoder", "understudyEncoder"),
      encoders: {
        type: new GraphQLList(required(byKind.encoder)),
        description: "In order of preference; the first is the primary",
        resolve: (source, _args, context) =>
          list(source["encoders"]).flatMap(
            (one) => actorOf(context, "encoder", source["site"], one) ?? [],
          ),
      },
      incident: {
        type: IncidentType,
        description: "Under way now",
        resolve: ({ site, incident }) => resolvers.incidentIn(site, incident),
      },
      incidents: {
        type: required(new GraphQLList(required(IncidentType))),
        description: "The last ones, newest first",
        args: { first: { type: GraphQLInt, defaultValue: 5, description: "1 to 50" } },
        resolve: resolvers.lastIncidents,
      },
    }),
    destination: () => ({}),
    storage: () => ({}),
  };
  const Live = new GraphQLObjectType({
    name: "LiveFigures",
    fields: {
      at: { type: DateTime },
      ...types.outputFields(objectShape(Telemetry.shape.encoders.valueType), "LiveFigures"),
    },
  });
  const makeActor = (kind: ActorKind) =>
    types.define(
      new GraphQLObjectType<Item, GraphContext>({
        name: nameOf(kind),
        fields: () => ({
          ...types.outputFields(objectShape(actorKinds[kind].state), nameOf(kind)),
          id: { ...id, description: "`<site>~<id>`", resolve: ({ ref }) => ref },
          localId: { ...id, description: "At its site", resolve: ({ id }) => id },
          site: { type: required(Site), resolve: ({ site: of }, _args, c) => site(c, of) },
          name: { type: GraphQLString },
          online: {
            type: required(GraphQLBoolean),
            description: "The site is online and its daemon reaches the device",
          },
          stale: {
            type: required(GraphQLBoolean),
            description: "The last thing known, not the truth",
          },
          receivedAt: { type: DateTime },
          ...linksOf[kind](),
        }),
      }),
    );
  const byKind: Record<ActorKind, GraphQLObjectType> = {
    encoder: makeActor("encoder"),
    stream: makeActor("stream"),
    destination: makeActor("destination"),
    storage: makeActor("storage"),
  };
  const IncidentType: GraphQLObjectType = types.define(
    new GraphQLObjectType<Item, GraphContext>({
      name: "Incident",
      fields: () => ({
        ...types.outputFields(objectShape(Incident), "Incident"),
        id: { ...id, description: "`<site>~<id>`", resolve: ({ ref }) => ref },
        localId: { ...id, description: "At its site", resolve: ({ id }) => id },
        site: { type: required(Site), resolve: ({ site: of }, _args, c) => site(c, of) },
        stream: link("stream", "stream"),
      }),
    }),
  );
  const pages = Object.fromEntries(
    Object.entries(byKind).map(([kind, type]) => [kind, connection(type)]),
  ) as Record<ActorKind, GraphQLObjectType>;
  const Command = new GraphQLObjectType({
    name: "Command",
    description: "What a site was asked for, and what it answers",
    fields: { ...types.outputFields(objectShape(CommandItem), "Command"), id },
  });

  const watch = { extensions: { access: "watch" } } as const;
  const query: Record<string, Field> = {
    sites: {
      ...{ type: required(connection(Site)), args: pageArgs, ...watch },
      resolve: (_root, args, context) => resolvers.sites(context, args),
    },
    site: {
      ...{ type: Site, args: { id }, ...watch },
      resolve: (_root, args, context) => resolvers.siteNamed(context, args),
    },
    incidents: {
      ...{ type: required(connection(IncidentType)), ...watch },
      args: {
        ...{ ...pageArgs, ...bySite, since: { type: DateTime } },
        stream: { type: GraphQLID, description: "stream id, or <site>~<stream>" },
      },
      resolve: (_root, args, context) => incidents(context, args),
    },
    incident: {
      ...{ type: IncidentType, args: { id }, ...watch },
      resolve: (_root, args, context) => resolvers.incidentNamed(context, args),
    },
    command: {
      ...{ type: Command, args: { id }, ...watch },
      resolve: (_root, args, context) => resolvers.commandNamed(context, args),
    },
  };
  for (const [kind, type] of Object.entries(byKind)) {
    query[pluralOf(kind)] = {
      ...{ type: required(pages[kind as ActorKind]), args: { ...pageArgs, ...bySite }, ...watch },
      resolve: (_root, args, context) => actors(context, kind, args),
    };
    query[kind] = {
      ...{ type, args: { id: { ...id, description: "`<site>~<id>`, or the id" } }, ...watch },
      resolve: (_root, args, context) => resolvers.actorNamed(context, kind, args),
    };
  }

  const argsInput = types.input(objectShape(CommandArgs), "CommandArgs");
  const mutation: Record<string, Field> = {};
  for (const [kind, access] of [
    ["encoder", "commandEncoder"],
    ["stream", "commandStream"],
    ["storage", "commandStorage"],
    ["site", "commandSite"],
  ] as const) {
    const args: GraphQLFieldConfigArgumentMap = {
      id,
      verb: { type: new GraphQLNonNull(types.words(`${nameOf(kind)}Verb`, verbsOf(kind))) },
      args: { type: argsInput },
      ttlMs: {
        ...{ type: GraphQLInt, defaultValue: 30_000 },
        description: "How long the site may take to begin; afterwards it refuses",
      },
      dryRun: {
        ...{ type: GraphQLBoolean, defaultValue: false },
        description: "Ask what would happen, and do nothing",
      },
      idempotencyKey: { type: GraphQLString, description: "The same key asks once" },
      waitS: {
        ...{ type: GraphQLFloat, defaultValue: 0 },
        description: "Wait so long, at most 15 s, until it is done or refused",
      },
    };
    mutation[`command${nameOf(kind)}`] = {
      ...{ type: required(Command), args, extensions: { access } },
      resolve: (_root, given, context) => resolvers.ask(context, kind, given),
    };
  }

  const subscription: Record<string, Field> = {
    siteChanged: { ...changed("site", Site), args: bySite },
    incidentChanged: {
      ...{ type: required(IncidentType), ...watch },
      args: { ...bySite, stream: { type: GraphQLID, description: "<site>~<stream>, or its id" } },
      subscribe: (_root, args, context) => resolvers.incidentChanges(context, args),
      resolve: (change) => resolvers.incidentIn(change["site"], change["incident"]),
    },
  };
  for (const [kind, type] of Object.entries(byKind)) {
    subscription[`${kind}Changed`] = {
      ...changed(kind, type),
      args: { id: { type: GraphQLID, description: "this one only" }, ...bySite },
    };
  }
  /** First each as it is now, then each that changes. */
  function changed(kind: string, type: GraphQLObjectType): Field {
    const Change = new GraphQLObjectType<Item, GraphContext>({
      name: `${type.name}Change`,
      fields: {
        id: { ...id, resolve: ({ ref }) => ref },
        [kind]: {
          ...{ type, description: "null: it is gone" },
          resolve: (change, _args, context) => resolvers.changedItem(context, change),
        },
      },
    });
    return {
      ...{ type: required(Change), ...watch },
      subscribe: (_root, args, context) => resolvers.changes(context, kind, args),
      resolve: (change) => change,
    };
  }

  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: "Query", fields: guarded("Query", query) }),
    mutation: new GraphQLObjectType({ name: "Mutation", fields: guarded("Mutation", mutation) }),
    subscription: new GraphQLObjectType({
      name: "Subscription",
      fields: guarded("Subscription", subscription),
    }),
  });

  /** Nothing at the root is reached by whom its row of the table does not name. */
  function guarded(of: string, fields: Record<string, Field>): Record<string, Field> {
    const made = Object.entries(fields).map(([name, field]): [string, Field] => {
      const { subscribe, resolve } = field;
      const access = field.extensions?.access;
      if (!access) throw new Error(`no \`access\` on ${of}.${name}`);
      const enter = (context: GraphContext) => context.allow(access, `graphql ${of}.${name}`);
      if (subscribe) {
        return [
          name,
          {
            ...field,
            subscribe: (root, args, context, info) => {
              enter(context);
              return subscribe(root, args, context, info);
            },
          },
        ];
      }
      return [
        name,
        {
          ...field,
          resolve: (root, args, context, info) => {
            enter(context);
            return resolve?.(root, args, context, info);
          },
        },
      ];
    });
    return Object.fromEntries(made);
  }
}

const pluralOf = (kind: string) => `${kind}s`;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
