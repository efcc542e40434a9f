/**
 * A configuration: the states that a machine is in at once. What it is as a value, what may happen
 * to it and what a step out of it leaves and enters depends on nothing else, so it is worked out
 * once and shared by all actors that are in the same states.
 */
import type { Kind } from "./deeds.ts";
import { type Ask, askOf } from "./guards.ts";
import { ancestorsOf, type Args, isAtomic, type Machine, type StateNode } from "./inside.ts";
import type { Transition } from "./inside.ts";
import { type Step, stepOf } from "./step.ts";

type Candidate = { transition: Transition; ask: Ask };
/** From the inside out: the first that may is taken. */
type Chain = readonly Candidate[];
/** Of parallel regions each takes its own; the rest is asked when none of them does. */
type Selector = { chain: Chain } | { regions: readonly Selector[]; rest: Chain };
/** Transitions that are taken together, in the order of the chart, and what taking them does. */
export type Taken = {
  readonly transitions: readonly Transition[];
  step?: Step;
  /** These and one more. */
  readonly and: Map<Transition, Taken>;
};

export class Configuration {
  readonly machine: Machine;
  readonly nodes: readonly StateNode[];
  readonly value: unknown;
  readonly tags: ReadonlySet<string>;
  readonly #eventless: readonly Chain[];
  readonly #selectors = new Map<string, Selector | undefined>();
  readonly #nothing: Taken = { transitions: [], and: new Map() };

  constructor(machine: Machine, nodes: readonly StateNode[]) {
    this.machine = machine;
    this.nodes = nodes;
    this.value = valueOf(machine.root, new Set(nodes));
    this.tags = new Set(nodes.flatMap(({ tags }) => tags));
    this.#eventless = nodes
      .filter(isAtomic)
      .map((node) => this.#chain([node, ...ancestorsOf(node)].flatMap((n) => n.always ?? [])))
      .filter((chain) => chain.length > 0);
  }

  /** The transitions that `event` takes. */
  taken(args: Args): Taken {
    const selector = this.#selectorOf(args.event.type);
    return selector ? select(selector, args, this.#nothing) : this.#nothing;
  }

  /** The transitions that are taken without an event. */
  eventless(args: Args): Taken {
    let taken = this.#nothing;
    for (const chain of this.#eventless) {
      const transition = firstOf(chain, args);
      if (transition && !taken.transitions.includes(transition)) taken = withOne(taken, transition);
    }
    return taken;
  }

  /** What taking these does. */
  step(taken: Taken): Step {
    return (taken.step ??= stepOf(this.machine, this.nodes, taken.transitions));
  }

  #selectorOf(type: string): Selector | undefined {
    if (!this.#selectors.has(type)) {
      this.#selectors.set(type, this.#select(this.machine.root, type, new Set(this.nodes)));
    }
    return this.#selectors.get(type);
  }

  #select(node: StateNode, type: string, active: ReadonlySet<StateNode>): Selector | undefined {
    const own = this.#chain(node.transitions.get(type) ?? []);
    const inner = Object.values(node.states)
      .filter((child) => active.has(child))
      .map((child) => this.#select(child, type, active))
      .filter((selector) => selector !== undefined);
    if (inner.length === 0) return own.length > 0 ? { chain: own } : undefined;
    const [only] = inner;
    if (inner.length > 1 || !("chain" in only!)) return { regions: inner, rest: own };
    return { chain: [...only.chain, ...own] };
  }

  #chain(transitions: readonly Transition[]): Chain {
    const chain: Candidate[] = [];
    for (const transition of transitions) {
      const ask = askOf(transition.guard, this);
      if (ask === false) continue;
      chain.push({ transition, ask });
      if (ask === true) break;
    }
    return chain;
  }
}

/** A daemon that runs for months comes through more orders of the same states than it should keep. */
const mostKept = 2_000;

/** All that have been seen of one machine. */
export class Configurations implements Kind {
  readonly machine: Machine;
  readonly copied: Kind["copied"];
  readonly #byOrder = new Map<string, Configuration>();
  readonly #byNodes = new WeakMap<readonly StateNode[], Configuration>();
  readonly #hasEventless: ReadonlySet<StateNode>;

  constructor(machine: Machine, copied: Kind["copied"] = (context) => ({ ...context })) {
    refuseUnknown(machine);
    this.machine = machine;
    this.copied = copied;
    this.#hasEventless = new Set(
      [...machine.idMap.values()].filter(
        (node) => isAtomic(node) && [node, ...ancestorsOf(node)].some(({ always }) => always),
      ),
    );
  }

  of(nodes: readonly StateNode[]): Configuration {
    const known = this.#byNodes.get(nodes);
    if (known) return known;
    const configuration = this.#ofOrder(this.#inOrder(nodes));
    this.#byNodes.set(nodes, configuration);
    return configuration;
  }

  #ofOrder(nodes: readonly StateNode[]): Configuration {
    const order = nodes.map((node) => node.order).join();
    const known = this.#byOrder.get(order);
    if (known) return known;
    if (this.#byOrder.size >= mostKept) this.#byOrder.clear();
    const configuration = new Configuration(this.machine, nodes);
    this.#byOrder.set(order, configuration);
    this.#byNodes.set(nodes, configuration);
    return configuration;
  }

  /**
   * XState lists states as they were entered, and takes transitions without an event in that order.
   * Of the others the order says nothing, so there it is that of the chart.
   */
  #inOrder(nodes: readonly StateNode[]): StateNode[] {
    const plain = nodes.filter((node) => !this.#hasEventless.has(node));
    plain.sort((a, b) => a.order - b.order);
    return [...plain, ...nodes.filter((node) => this.#hasEventless.has(node))];
  }
}

/** What our machines do not use is not stepped. */
function refuseUnknown(machine: Machine): void {
  for (const { id, type, transitions } of machine.idMap.values()) {
    if (type === "final" || type === "history") throw new Error(`${id}: ${type} states`);
    for (const descriptor of transitions.keys()) {
      if (descriptor.includes("*")) throw new Error(`${id}: transitions of any event`);
    }
  }
}

/** `before`, and what this takes. */
function select(selector: Selector, args: Args, before: Taken): Taken {
  let taken = before;
  if ("regions" in selector) {
    for (const region of selector.regions) taken = select(region, args, taken);
    if (taken !== before) return taken;
  }
  const transition = firstOf("regions" in selector ? selector.rest : selector.chain, args);
  return transition ? withOne(before, transition) : before;
}

function withOne(taken: Taken, transition: Transition): Taken {
  let next = taken.and.get(transition);
  if (!next) {
    next = { transitions: [...taken.transitions, transition], and: new Map() };
    taken.and.set(transition, next);
  }
  return next;
}

function firstOf(chain: Chain, args: Args): Transition | undefined {
  for (const { ask, transition } of chain) {
    if (ask === true || (ask !== false && ask(args))) return transition;
  }
  return undefined;
}

function valueOf(node: StateNode, active: ReadonlySet<StateNode>): unknown {
  const inner = Object.values(node.states).filter((child) => active.has(child));
  if (node.type === "compound" && inner[0] && isAtomic(inner[0])) return inner[0].key;
  return Object.fromEntries(inner.map((child) => [child.key, valueOf(child, active)]));
}
