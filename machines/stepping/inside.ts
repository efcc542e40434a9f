/**
 * What stepping uses of the inside of XState (5.33.3, pinned in package.json): its state nodes, its
 * actions and what an actor lends to its machine. The types that XState exports hide most of it.
 */
import type { AnyActorRef, AnyEventObject } from "xstate";

export type StateNode = {
  id: string;
  key: string;
  type: "atomic" | "compound" | "parallel" | "final" | "history";
  /** Its place in the chart as it is written. */
  order: number;
  parent: StateNode | undefined;
  states: Record<string, StateNode>;
  entry: readonly Action[];
  exit: readonly Action[];
  invoke: readonly Invoked[];
  always: readonly Transition[] | undefined;
  transitions: ReadonlyMap<string, readonly Transition[]>;
  initial: { target: StateNode[]; actions: readonly Action[] };
  tags: readonly string[];
};

export type Transition = {
  source: StateNode;
  /** Undefined: it stays where it is. */
  target: readonly StateNode[] | undefined;
  reenter: boolean;
  guard: Guard | undefined;
  actions: readonly Action[];
};

export type Invoked = { src: string; id: string; onSnapshot?: unknown };

export type Args = { context: Context; event: AnyEventObject };
export type Context = Record<string, unknown>;

type Named<Params> = string | { type: string; params?: Params | ((args: Args) => Params) };
export type Action = Named<unknown> | BuiltIn;
export type Guard = Named<unknown> | Condition;

/** A function that is asked, or one of `and`, `or`, `not` and `stateIn`. */
export type Condition = ((args: Args, params: unknown) => boolean) & {
  check?: unknown;
  guards?: readonly Guard[];
  stateValue?: unknown;
};

/** `assign`, `emit`, `sendTo`, `raise` and so on; a function without `resolve` is just called. */
export type BuiltIn = ((args: ActionArgs, params: unknown) => void) & {
  type: string;
  assignment?: unknown;
  sendId?: unknown;
  event?: unknown;
  delay?: unknown;
  id?: string;
  resolve?: (
    scope: Scope,
    snapshot: Snapshot,
    args: ActionArgs,
    params: unknown,
    action: BuiltIn,
    extra: { internalQueue: AnyEventObject[]; deferredActorIds: readonly string[] | undefined },
  ) => [Snapshot, unknown, readonly Action[] | undefined];
  execute?: (scope: Scope, params: unknown) => void;
  retryResolve?: (scope: Scope, snapshot: Snapshot, params: unknown) => void;
};

export type ActionArgs = Args & { self: AnyActorRef; system: System; spawn: unknown };

export type Scheduler = {
  schedule: (
    source: AnyActorRef,
    target: AnyActorRef,
    event: AnyEventObject,
    delayMs: number,
    id?: string,
  ) => void;
  cancel: (source: AnyActorRef, id: string) => void;
  cancelAll: (source: AnyActorRef) => void;
};

export type System = { scheduler: Scheduler };

export type Scope = {
  self: AnyActorRef;
  system: System;
  /** Done when the new snapshot is in place. */
  defer: (work: () => void) => void;
  actionExecutor: (action: {
    type: string;
    info: ActionArgs;
    params: unknown;
    exec: ((args: ActionArgs, params: unknown) => void) | undefined;
  }) => void;
};

export type Machine = {
  config: { context?: Context | ((args: object) => Context) };
  implementations: {
    guards: Record<string, Guard>;
    actions: Record<string, BuiltIn>;
    delays: Record<string, number | ((args: ActionArgs, params: unknown) => number)>;
  };
  root: StateNode;
  idMap: ReadonlyMap<string, StateNode>;
  getStateNodeById(id: string): StateNode;
  transition: (snapshot: Snapshot, event: AnyEventObject, scope: Scope) => Snapshot;
  getInitialSnapshot: (scope: Scope, input: unknown) => Snapshot;
  resolveState(p: { value: unknown; context?: unknown }): Snapshot;
};

export type Snapshot = {
  status: "active" | "done" | "error" | "stopped";
  output: unknown;
  error: unknown;
  machine: Machine;
  context: Context;
  _nodes: readonly StateNode[];
  value: unknown;
  tags: ReadonlySet<string>;
  children: Record<string, unknown>;
  historyValue: object;
  matches: unknown;
  hasTag: unknown;
  can: unknown;
  getMeta: unknown;
  toJSON: unknown;
};

export const isAtomic = ({ type }: StateNode): boolean => type === "atomic";

/** Below `above`; undefined: above the root. */
export function isBelow(node: StateNode, above: StateNode | undefined): boolean {
  let at = node;
  while (at.parent && at.parent !== above) at = at.parent;
  return at.parent === above;
}

/** From its parent up, `top` not included. */
export function ancestorsOf(node: StateNode, top?: StateNode): StateNode[] {
  const ancestors: StateNode[] = [];
  if (node === top) return ancestors;
  for (let at = node.parent; at && at !== top; at = at.parent) ancestors.push(at);
  return ancestors;
}
