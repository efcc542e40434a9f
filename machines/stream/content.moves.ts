/** What a look and a comparison change in a stream, and what is told of it. */
import type { Decision } from "../decision.ts";
import {
  farEndView,
  type ToldFault,
  comparisonSentence,
  withComparison,
  withLook,
} from "./content.ts";
import { qualityAfter, qualityNews } from "./quality.ts";
import { sendsNoProgramme } from "./relay/better-input.ts";
import { type StreamContext, verdict } from "./stream.context.ts";
import type { StreamEvent } from "./stream.events.ts";

type Of<T extends StreamEvent["type"]> = Extract<StreamEvent, { type: T }>;
export type ContentEvent = Of<"content"> | Of<"compared"> | Of<"quality">;
type Step = { content: StreamContext["content"]; decisions: Decision[] };

const what: Record<ToldFault, { is: string; over: string }> = {
  black: { is: "the picture is black", over: "the picture is not black any more" },
  frozen: { is: "the picture stands still", over: "the picture moves again" },
  silent: { is: "there is no sound", over: "the sound is back" },
  loudness: {
    is: "the sound is too loud or too quiet",
    over: "the sound is as loud as it should be again",
  },
};

export function contentStep(context: StreamContext, event: ContentEvent): Step {
  switch (event.type) {
    case "content":
      return looked(context, event);
    case "compared":
      return compared(context, event);
    case "quality":
      return measured(context, event);
  }
}

function looked(context: StreamContext, { view, look }: Of<"content">): Step {
  const { content, plan, now } = context;
  const next = withLook(content.views[view], look, plan.content, now());
  const where = view === farEndView ? "at the far end" : `of ${view}`;
  const tell = (fault: ToldFault, isOver: boolean): Decision => {
    const seconds = Math.round((plan.content[fault]?.afterMs ?? 0) / 1_000);
    return {
      type: "stream.content",
      severity: isOver ? "info" : "warning",
      message: isOver
        ? `${plan.id}, ${where}: ${look.word === "seen" ? what[fault].over : "nothing can be seen any more"}`
        : `${plan.id}, ${where}: ${what[fault].is}, for ${seconds} s now`,
      data: { view, fault, isOver, does: plan.content[fault]?.does },
    };
  };
  return {
    content: { ...content, views: { ...content.views, [view]: next.view } },
    decisions: [
      ...next.began.map((fault) => tell(fault, false)),
      ...next.ended.map((fault) => tell(fault, true)),
    ],
  };
}

function measured(context: StreamContext, { look }: Of<"quality">): Step {
  const { content, plan, now } = context;
  const quality = qualityAfter(content.quality, look, plan.content.quality, now());
  return {
    content: { ...content, quality },
    decisions: qualityNews(context, content.quality, quality),
  };
}

function compared(context: StreamContext, event: Of<"compared">): Step {
  const { content, plan, now } = context;
  const { carrier, with: other } = event;
  // Who has lost the programme differs from everybody who has it: that is no reason to stay.
  const isFaulty = verdict(context).word === "content" || sendsNoProgramme(context);
  const isNoReason = event.comparison.word === "different" && isFaulty;
  const seen = isNoReason
    ? { word: "cannotTell" as const, because: "the carrier does not show its programme" }
    : event.comparison;
  const next = { ...seen, carrier, with: other, at: now() };
  const comparison = withComparison(content.comparison, next, plan.content);
  const before = content.comparison;
  const isNews =
    before?.word !== comparison.word || before.carrier !== carrier || before.with !== other;
  const tells = isNews && (comparison.word !== "cannotTell" || before?.word === "different");
  return {
    content: { ...content, comparison },
    decisions: tells
      ? [
          {
            type: "stream.compared",
            severity: comparison.word === "different" ? "critical" : "info",
            message: sentence(plan.id, comparison),
            data: { carrier, with: other, word: comparison.word, because: comparison.because },
          },
        ]
      : [],
  };
}

function sentence(
  stream: string,
  comparison: NonNullable<StreamContext["content"]["comparison"]>,
): string {
  const what = `${stream}: ${comparisonSentence(comparison)}`;
  if (comparison.word !== "different") return what;
  return `${what}: ${comparison.with} does not take over for a black, frozen or silent picture`;
}
