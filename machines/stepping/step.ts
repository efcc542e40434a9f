/**
 * What taking transitions leaves and enters, and what is done meanwhile: the algorithm of SCXML
 * (https://www.w3.org/TR/scxml/#AlgorithmforSCXMLInterpretation) as XState has it.
 */
import { spawnChild, stopChild } from "xstate";
import { type Deed, deedsOf } from "./deeds.ts";
import { ancestorsOf, isBelow, type Machine, type StateNode, type Transition } from "./inside.ts";

export type Step = {
  left: readonly Deed[];
  done: readonly Deed[];
  entered: readonly { deeds: readonly Deed[]; invoked: readonly string[] }[];
  /** What is active then; undefined: the same as before. */
  nodes: readonly StateNode[] | undefined;
};

export function stepOf(
  machine: Machine,
  nodes: readonly StateNode[],
  all: readonly Transition[],
  isFirst = false,
): Step {
  const active = new Set(nodes);
  const transitions = isFirst ? all : withoutConflicts(all, active);
  const left = isFirst ? [] : byOrder(exitsOf(transitions, active)).reverse();
  const { entered, byDefault } = entriesOf(transitions);
  if (isFirst) byDefault.add(machine.root);
  for (const node of left) active.delete(node);
  for (const node of byOrder(entered)) active.add(node);
  const isSame = active.size === nodes.length && nodes.every((node) => active.has(node));
  return {
    left: left.flatMap(({ exit, invoke }) =>
      deedsOf(machine, [...exit, ...invoke.map(({ id }) => stopChild(id))]),
    ),
    done: transitions.flatMap(({ actions }) => deedsOf(machine, actions)),
    entered: byOrder(entered)
      .map((node) => ({
        deeds: deedsOf(machine, [
          ...node.entry,
          ...node.invoke.map(({ src, ...rest }) =>
            spawnChild(src, { ...rest, syncSnapshot: rest.onSnapshot !== undefined }),
          ),
          ...(byDefault.has(node) && node.type === "compound" ? node.initial.actions : []),
        ]),
        invoked: node.invoke.map(({ id }) => id),
      }))
      .filter(({ deeds }) => deeds.length > 0),
    nodes: isSame ? undefined : [...active],
  };
}

const byOrder = (nodes: Iterable<StateNode>) => [...nodes].sort((a, b) => a.order - b.order);

/** The innermost state that the transition stays within; undefined: it leaves the root, too. */
function domainOf({ source, target = [], reenter }: Transition): StateNode | undefined {
  if (!reenter && target.every((node) => node === source || isBelow(node, source))) return source;
  const [first, ...others] = [...new Set(target), source];
  const common = ancestorsOf(first!).find((above) => others.every((node) => isBelow(node, above)));
  if (common) return common;
  return reenter ? undefined : rootOf(source);
}

function rootOf(node: StateNode): StateNode {
  return node.parent ? rootOf(node.parent) : node;
}

function exitsOf(
  transitions: Iterable<Transition>,
  active: ReadonlySet<StateNode>,
): Set<StateNode> {
  const left = new Set<StateNode>();
  for (const transition of transitions) {
    if (!transition.target?.length) continue;
    const domain = domainOf(transition);
    if (domain && transition.reenter && transition.source === domain) left.add(domain);
    for (const node of active) if (isBelow(node, domain)) left.add(node);
  }
  return left;
}

/** Of two that leave the same state, the inner one goes first, then the one named first. */
function withoutConflicts(
  transitions: readonly Transition[],
  active: ReadonlySet<StateNode>,
): Transition[] {
  const kept = new Set<Transition>();
  for (const transition of transitions) {
    const leaves = exitsOf([transition], active);
    const rivals = [...kept].filter((other) =>
      [...exitsOf([other], active)].some((node) => leaves.has(node)),
    );
    if (!rivals.every(({ source }) => isBelow(transition.source, source))) continue;
    for (const rival of rivals) kept.delete(rival);
    kept.add(transition);
  }
  return [...kept];
}

function entriesOf(transitions: readonly Transition[]) {
  const entered = new Set<StateNode>();
  /** Entered because they come first, or were aimed at: their first actions are done. */
  const byDefault = new Set<StateNode>();
  const isEmpty = (region: StateNode) => ![...entered].some((node) => isBelow(node, region));

  function enterBelow(node: StateNode): void {
    if (node.type === "compound") {
      const first = node.initial.target[0]!;
      entered.add(first);
      byDefault.add(first);
      enterBelow(first);
      enterAbove(ancestorsOf(first, node), undefined);
    }
    if (node.type !== "parallel") return;
    for (const region of Object.values(node.states).filter(isEmpty)) {
      entered.add(region);
      byDefault.add(region);
      enterBelow(region);
    }
  }

  function enterAbove(ancestors: readonly StateNode[], within: StateNode | undefined): void {
    for (const node of ancestors) {
      if (!within || isBelow(node, within)) entered.add(node);
      if (node.type !== "parallel") continue;
      for (const region of Object.values(node.states).filter(isEmpty)) {
        entered.add(region);
        enterBelow(region);
      }
    }
  }

  for (const transition of transitions) {
    const { source, target = [], reenter } = transition;
    const domain = domainOf(transition);
    for (const node of target) {
      if (source !== node || source !== domain || reenter) {
        entered.add(node);
        byDefault.add(node);
      }
      enterBelow(node);
    }
    for (const node of new Set(target)) {
      const above = ancestorsOf(node, domain);
      if (domain?.type === "parallel") above.push(domain);
      enterAbove(above, !source.parent && reenter ? undefined : domain);
    }
  }
  return { entered, byDefault };
}
