/** What a drill tells the journal, and whoever asked for it. */
import type { Decision } from "../../decision.ts";
import type { StreamContext } from "../stream.context.ts";
import type { DrillLeg, DrillReport } from "./drill.contract.ts";

export function drillBegun({ plan, memory }: StreamContext): Decision {
  const { from, to, command } = memory.drill.now!;
  return {
    type: "stream.drill",
    severity: "info",
    message: `${plan.id}: a drill of ${command.by} begins, from ${from} to ${to} and back`,
    data: { drill: "begun", from, to, by: command.by },
  };
}

const legSentence = ({ from, to, offAirMs }: DrillLeg) =>
  `${from} to ${to} ${offAirMs === null ? "off air for a time nobody could see" : `${(offAirMs / 1_000).toFixed(1)} s off air`}`;

const sentenceOf = ({ result, because, legs }: DrillReport) =>
  `the drill ${result === "broken" ? "was broken off" : result}${
    because === null ? "" : `: ${because}`
  }${legs.length === 0 ? "" : `; ${legs.map(legSentence).join(", ")}`}`;

/** @param context after it has ended, @param command of whoever asked */
export function drillEnded({ plan, memory }: StreamContext, command: string): Decision[] {
  const report = memory.drill.last!;
  const message = `${plan.id}: ${sentenceOf(report)}`;
  const answer = { drill: report };
  return [
    {
      type: "stream.drill",
      severity: report.result === "passed" ? "info" : "warning",
      message,
      data: { drill: report.result, report },
    },
    report.result === "passed"
      ? { type: "command.done", severity: "info", message, data: { command, answer } }
      : {
          ...{ type: "command.refused", severity: "warning", message },
          data: { command, code: `drill_${report.result}` },
        },
  ];
}
