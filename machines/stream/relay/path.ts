/** A relayed stream that goes on without its relay is, to all of its machine, one on path direct. */
import type { StreamPlan } from "../../site/plan.ts";

/** The plan as it is on this path. A stream that cannot leave the one it is configured for stays. */
export function planOnPath(plan: StreamPlan, path: "relayed" | "direct"): StreamPlan {
  const { relay, fellBackFrom, ...rest } = plan;
  if (path === "relayed") return fellBackFrom ? { ...rest, ...fellBackFrom } : plan;
  if (!relay?.directly || relay.directly.length === 0) return plan;
  const { encoders } = plan;
  return { ...rest, encoders: relay.directly, fellBackFrom: { encoders, relay } };
}
