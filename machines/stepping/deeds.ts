/** The actions of a machine, made ready to be done: named ones are looked up once. */
import { type AnyEventObject, assign } from "xstate";
import type {
  Action,
  ActionArgs,
  Args,
  BuiltIn,
  Context,
  Machine,
  Scope,
  Snapshot,
} from "./inside.ts";

export type Deed = {
  type: string;
  /** Undefined: the machine names it and nobody provides it. */
  action: BuiltIn | undefined;
  params: unknown;
};

/** What all actors of a machine share. */
export type Kind = {
  readonly machine: Machine;
  /** The same context in an object of its own. */
  readonly copied: (context: Context) => Context;
};

/** A turn of one actor as far as it has come. */
export type Course = {
  kind: Kind;
  scope: Scope;
  event: AnyEventObject;
  /** As it was before the step under way. */
  before: Snapshot;
  context: Context;
  children: Record<string, unknown>;
  /** Context or children were written, be it with the same. */
  isWritten: boolean;
  /** Lent to its assignments. */
  spawn: (...what: unknown[]) => unknown;
  /** What it told itself meanwhile. */
  raised: AnyEventObject[];
  /** False while the actor is being made: then even actions wait. */
  isRunning: boolean;
};

export function courseOf(
  kind: Kind,
  scope: Scope,
  event: AnyEventObject,
  before: Snapshot,
  isRunning: boolean,
): Course {
  const { context, children } = before;
  const course: Course = {
    kind,
    scope,
    event,
    before,
    context,
    children,
    isWritten: false,
    spawn: (...what) => spawned(course, what),
    raised: [],
    isRunning,
  };
  return course;
}

export function deedsOf(machine: Machine, actions: readonly unknown[]): Deed[] {
  return (actions as readonly Action[]).map((action) => {
    if (typeof action === "function") return { type: action.type, action, params: undefined };
    const { type, params } =
      typeof action === "string" ? { type: action, params: undefined } : action;
    return { type, action: machine.implementations.actions[type], params };
  });
}

/** @param invoked the children that come to be with it, where it is the entry of a state */
export function doAll(course: Course, deeds: readonly Deed[], invoked?: readonly string[]): void {
  if (deeds.length === 0) return;
  const retries: [BuiltIn, unknown][] = [];
  for (const deed of deeds) perform(course, deed, invoked, retries);
  if (!invoked) return;
  for (const [action, params] of retries) {
    action.retryResolve!(course.scope, snapshotOf(course), params);
  }
}

function perform(
  course: Course,
  { type, action, params: given }: Deed,
  invoked: readonly string[] | undefined,
  retries: [BuiltIn, unknown][],
): void {
  const { scope, event, context } = course;
  const args = { context, event, self: scope.self, system: scope.system, spawn: course.spawn };
  const params = typeof given === "function" ? (given as (args: Args) => unknown)(args) : given;
  if (action?.type === "xstate.assign") {
    write(course, updateOf(action.assignment, args, params));
    return;
  }
  if (action && course.isRunning && isDeadline(course, action, args)) return;
  if (!action?.resolve) {
    scope.actionExecutor({ type, info: args, params, exec: action });
    return;
  }
  const shown = isOfChildren(action) ? { ...snapshotOf(course), _nodes: [] } : snapshotOf(course);
  const extra = { internalQueue: course.raised, deferredActorIds: invoked };
  const [next, resolved, more] = action.resolve(scope, shown, args, params, action, extra);
  if (next !== shown) {
    course.context = next.context;
    course.children = next.children;
    course.isWritten = true;
  }
  if (action.retryResolve) retries.push([action, resolved]);
  if (action.execute) {
    const exec = action.execute.bind(null, scope, resolved);
    scope.actionExecutor({ type: action.type, info: args, params: resolved, exec });
  }
  if (!more) return;
  for (const deed of deedsOf(course.kind.machine, more)) perform(course, deed, invoked, retries);
}

/** XState works out the value of each snapshot that these make, which nobody looks at. */
const isOfChildren = ({ type }: BuiltIn) =>
  type === "xstate.spawnChild" || type === "xstate.stopChild";

/** XState lends what spawns to assignments only; what was spawned becomes a child. */
function spawned(course: Course, what: readonly unknown[]): unknown {
  let ref: unknown;
  const { scope, event } = course;
  const lent = assign(({ spawn }) => {
    ref = (spawn as (...what: unknown[]) => unknown)(...what);
    return {};
  }) as unknown as BuiltIn;
  const args = { context: {}, event, self: scope.self, system: scope.system, spawn: undefined };
  const before = { ...snapshotOf(course), _nodes: [] };
  const extra = { internalQueue: course.raised, deferredActorIds: undefined };
  course.children = lent.resolve!(scope, before, args, undefined, lent, extra)[0].children;
  return ref;
}

function updateOf(assignment: unknown, args: ActionArgs, params: unknown): Context {
  type Assign<T> = (args: ActionArgs, params: unknown) => T;
  if (typeof assignment === "function") return (assignment as Assign<Context>)(args, params);
  const update: Context = {};
  for (const [key, value] of Object.entries(assignment as Context)) {
    update[key] = typeof value === "function" ? (value as Assign<unknown>)(args, params) : value;
  }
  return update;
}

function write(course: Course, update: Context): void {
  course.isWritten = true;
  const { context } = course;
  let written: Context | undefined;
  for (const key in update) {
    if (update[key] === context[key] && key in context) continue;
    written ??= course.kind.copied(context);
    written[key] = update[key];
  }
  if (written) course.context = written;
}

/** A deadline set or taken back, which each reading of each box does: without XState's detours. */
function isDeadline(
  { kind: { machine }, scope }: Course,
  action: BuiltIn,
  args: ActionArgs,
): boolean {
  const { self, system } = scope;
  if (action.type === "xstate.cancel") {
    const { sendId } = action;
    if (typeof sendId !== "string") return false;
    scope.defer(() => system.scheduler.cancel(self, sendId));
    return true;
  }
  if (action.type !== "xstate.raise" || typeof action.event !== "object") return false;
  const { event, id, delay: named } = action;
  const delay = typeof named === "string" ? machine.implementations.delays[named] : named;
  const ms: unknown =
    typeof delay === "function" ? (delay as (a: ActionArgs) => number)(args) : delay;
  if (typeof ms !== "number") return false;
  scope.defer(() => system.scheduler.schedule(self, self, event as AnyEventObject, ms, id));
  return true;
}

/** As actions see it: the states are still those of before. */
export function snapshotOf({ before, context, children }: Course): Snapshot {
  return context === before.context && children === before.children
    ? before
    : { ...before, context, children };
}
