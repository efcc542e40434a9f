import { and, matchesState, not, or, type StateValue } from "xstate";
import type { Args, Condition, Guard, Machine, StateNode } from "./inside.ts";

/** How XState asks each kind; names do not survive a bundler. */
const checkOf = (guard: unknown) => (guard as Condition).check;
const checks = { and: checkOf(and([])), or: checkOf(or([])), not: checkOf(not("any")) };

/** A guard made ready for one configuration: there `stateIn` is known beforehand. */
export type Ask = boolean | ((args: Args) => boolean);

export function askOf(
  guard: Guard | undefined,
  here: { machine: Machine; nodes: readonly StateNode[]; value: unknown },
): Ask {
  if (guard === undefined) return true;
  const named = typeof guard === "function" ? undefined : guard;
  const name = typeof named === "object" ? named.type : named;
  const condition = name === undefined ? guard : here.machine.implementations.guards[name];
  if (condition === undefined) throw new Error(`Guard '${name}' is not implemented`);
  if (typeof condition !== "function") return askOf(condition, here);
  if (condition.check === undefined) {
    const params = typeof named === "object" ? named.params : undefined;
    return typeof params === "function"
      ? (args) => condition(args, (params as (args: Args) => unknown)(args))
      : (args) => condition(args, params);
  }
  if (condition.stateValue !== undefined) return isIn(condition.stateValue, here);
  const asks = (condition.guards ?? []).map((part) => askOf(part, here));
  if (condition.check === checks.not) return negated(asks[0]!);
  if (condition.check === checks.and) return all(asks);
  if (condition.check === checks.or) return negated(all(asks.map(negated)));
  throw new Error("a guard of a kind that stepping does not know");
}

function isIn(
  stateValue: unknown,
  { machine, nodes, value }: { machine: Machine; nodes: readonly StateNode[]; value: unknown },
): boolean {
  if (typeof stateValue === "string" && stateValue.startsWith("#")) {
    return nodes.includes(machine.getStateNodeById(stateValue));
  }
  return matchesState(stateValue as StateValue, value as StateValue);
}

function negated(ask: Ask): Ask {
  return typeof ask === "boolean" ? !ask : (args) => !ask(args);
}

function all(asks: readonly Ask[]): Ask {
  if (asks.includes(false)) return false;
  const open = asks.filter((ask) => typeof ask === "function");
  if (open.length <= 1) return open[0] ?? true;
  return (args) => {
    for (const ask of open) if (!ask(args)) return false;
    return true;
  };
}
