/**
 * How the actors of a site are stepped. XState's own way works out anew in each turn what of it
 * depends on the states alone, and the value of a machine with each assignment: a hundred boxes that
 * are read once a second pay for that. Here this is worked out once per configuration. What is
 * decided is the same (test/machines/stepping compares): charts, guards, actions and actors are
 * XState's.
 */
import type { AnyEventObject, AnyStateMachine, ContextFrom } from "xstate";
import { type Configuration, Configurations, type Taken } from "./configuration.ts";
import { type Course, courseOf, doAll, type Kind } from "./deeds.ts";
import type { Machine, Scope, Snapshot } from "./inside.ts";
import { type Step, stepOf } from "./step.ts";

/**
 * Makes `machine` step this way; it is the one returned.
 * @param copied the same context in another object: field by field costs a fraction of spreading it
 */
export function stepped<M extends AnyStateMachine>(
  machine: M,
  copied?: (context: ContextFrom<M>) => ContextFrom<M>,
): M {
  const inside = machine as unknown as Machine;
  const { transition } = inside;
  const known = new Configurations(inside, copied as Kind["copied"] | undefined);
  const { getInitialSnapshot } = inside;
  const first = firstSnapshot(inside, known);
  inside.transition = (snapshot, event, scope) =>
    (isByXState ? undefined : turn(known, snapshot, event, scope)) ??
    transition(snapshot, event, scope);
  inside.getInitialSnapshot = (scope, input) =>
    isByXState ? getInitialSnapshot(scope, input) : first(scope, input);
  return machine;
}

let isByXState = false;
/** For comparison: what is done in `work`, XState does its own way. */
export function byXState<T>(work: () => T): T {
  isByXState = true;
  try {
    return work();
  } finally {
    isByXState = false;
  }
}

/** Undefined: XState shall do it, and nothing has been done yet. */
function turn(
  known: Configurations,
  snapshot: Snapshot,
  event: AnyEventObject,
  scope: Scope,
): Snapshot | undefined {
  if (snapshot.status !== "active" || event.type === "xstate.stop") return undefined;
  const configuration = known.of(snapshot._nodes);
  const { context } = snapshot;
  const taken = configuration.taken({ context, event });
  // An error that nobody waits for ends the actor.
  if (taken.transitions.length === 0 && event.type.startsWith("xstate.error.actor"))
    return undefined;
  const course = courseOf(known, scope, event, snapshot, true);
  return settle(course, configuration, taken, known);
}

/** Takes these, then what is taken without an event or was raised, until it rests. */
function settle(
  course: Course,
  from: Configuration,
  first: Taken | undefined,
  known: Configurations,
): Snapshot {
  let configuration = from;
  if (first?.transitions.length) configuration = take(course, configuration, first, known);
  let mayMove = true;
  for (;;) {
    const { event, context } = course;
    let taken: Taken | undefined = mayMove
      ? configuration.eventless({ context, event })
      : undefined;
    const before: Snapshot | undefined = taken?.transitions.length ? course.before : undefined;
    if (!before) {
      const next = course.raised.shift();
      if (!next) return course.before;
      course.event = next;
      taken = configuration.taken({ context, event: next });
    }
    if (taken?.transitions.length) configuration = take(course, configuration, taken, known);
    mayMove = course.before !== before;
  }
}

/** One step; `course.before` is the snapshot after it then. */
function take(
  course: Course,
  configuration: Configuration,
  taken: Taken,
  known: Configurations,
): Configuration {
  const step = configuration.step(taken);
  const next = step.nodes ? known.of(step.nodes) : configuration;
  run(course, step, next, configuration);
  return next;
}

function run(course: Course, step: Step, next: Configuration, from?: Configuration): void {
  course.isWritten = false;
  doAll(course, step.left);
  doAll(course, step.done);
  for (const { deeds, invoked } of step.entered) doAll(course, deeds, invoked);
  if (next === from && !course.isWritten) return;
  course.before = snapshotIn(course, next);
}

// Field by field: spreading costs several times as much, and each turn does it.
function snapshotIn({ before, context, children }: Course, next: Configuration): Snapshot {
  return {
    status: before.status,
    output: before.output,
    error: before.error,
    machine: before.machine,
    context,
    _nodes: next.nodes,
    value: next.value,
    tags: next.tags,
    children,
    historyValue: before.historyValue,
    matches: before.matches,
    hasTag: before.hasTag,
    can: before.can,
    getMeta: before.getMeta,
    toJSON: before.toJSON,
  };
}

function firstSnapshot(machine: Machine, known: Configurations): Machine["getInitialSnapshot"] {
  const { root } = machine;
  const start = { source: root, target: [root], reenter: true, guard: undefined, actions: [] };
  // The states that a machine has before its first step are of no consequence.
  const bare = { ...machine.resolveState({ value: {}, context: {} }), _nodes: [] };
  let first: { step: Step; next: Configuration } | undefined;
  return (scope, input) => {
    const event = { type: "xstate.init", input };
    const course = courseOf(known, scope, event, bare, false);
    const { context } = machine.config;
    const args = { input, self: scope.self, spawn: course.spawn };
    course.context = typeof context === "function" ? context(args) : (context ?? {});
    if (!first) {
      const step = stepOf(machine, [root], [start], true);
      first = { step, next: known.of(step.nodes!) };
    }
    run(course, first.step, first.next);
    return settle(course, first.next, undefined, known);
  };
}
