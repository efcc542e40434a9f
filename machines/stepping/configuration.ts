/**
 * A configuration: the states that a machine is in at once. What it is as a value, what may happen
 * to it and what a step out of it leaves and enters depends on nothing else, so it is worked out
 * once and shared by all actors that are in the same states.
 */
import { type Ask, askOf } from "./guards.ts";
import { ancestorsOf, type Args, isAtomic, type Machine, type StateNode } from "./inside.ts";
import type { Transition } from "./inside.ts";
import { type Step, stepOf } from "./step.ts";

type Candidate = { transition: Transition; ask: Ask };
/** From the inside out: the first that may is taken. */
type Chain = readonly Candidate[];
/** Of parallel regions each takes its own; the rest is asked when none of them does. */
type Selector = { chain: Chain } | { regions: readonly Selector[]; rest: Chain };
type Steps = { step?: Step; after: Map<Transition, Steps> };

export class Configuration {
  readonly machine: Machine;
  readonly nodes: readonly StateNode[];
  readonly value: unknown;
  readonly tags: ReadonlySet<string>;
  readonly #eventless: readonly Chain[];
  readonly #selectors = new Map<string, Selector | undefined>();
  readonly #steps: Steps = { after: new Map() };

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

  /** The transitions that `event` takes, in the order of the chart. */
  taken(args: Args): Transition[] {
    const taken: Transition[] = [];
    const selector = this.#selectorOf(args.event.type);
    if (selector) select(selector, args, taken);
    return taken;
  }

  /** The transitions that are taken without an event. */
  eventless(args: Args): Transition[] {
    const taken: Transition[] = [];
    for (const chain of this.#eventless) {
      const transition = firstOf(chain, args);
      if (transition && !taken.includes(transition)) taken.push(transition);
    }
    return taken;
  }

  /** What taking these does. */
  step(transitions: readonly Transition[]): Step {
    let at = this.#steps;
    for (const transition of transitions) {
      let next = at.after.get(transition);
      if (!next) at.after.set(transition, (next = { after: new Map() }));
      at = next;
    }
    return (at.step ??= stepOf(this.machine, this.nodes, transitions));
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
export class Configurations {
  readonly #machine: Machine;
  readonly #byOrder = new Map<string, Configuration>();
  readonly #byNodes = new WeakMap<readonly StateNode[], Configuration>();
  readonly #hasEventless: ReadonlySet<StateNode>;

  constructor(machine: Machine) {
    refuseUnknown(machine);
    this.#machine = machine;
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
    const configuration = new Configuration(this.#machine, nodes);
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

function select(selector: Selector, args: Args, taken: Transition[]): void {
  if ("chain" in selector) {
    const transition = firstOf(selector.chain, args);
    if (transition) taken.push(transition);
    return;
  }
  const before = taken.length;
  for (const region of selector.regions) select(region, args, taken);
  if (taken.length > before) return;
  const transition = firstOf(selector.rest, args);
  if (transition) taken.push(transition);
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
