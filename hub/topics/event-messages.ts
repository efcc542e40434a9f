/** An event of a site as those who subscribe to its subject are told it. */
import { topicFor, type TopicName } from "../../machines/contract.ts";
import type {
  AdBreakEvent,
  EncoderEvent,
  StreamEvent,
  SubjectEvent,
} from "../../machines/site/event-topics.contract.ts";
import { isoOf } from "../api/times.ts";
import type { NumberedEvent } from "../store/store.ts";

export type Message = { topic: string; payload: string };

/** What changes how a site is set, or says that somebody did. */
const ofConfig = new Set([
  ...["site.started", "site.changeFreeze", "site.freezeOverridden"],
  ...["encoder.drift", "encoder.sync", "encoder.changedElsewhere", "encoder.replaced"],
  ...["stream.lineUp", "stream.windowAdded", "stream.windowRemoved"],
  ...["session.opened", "session.notSetUp", "session.ended"],
]);

export function messagesOf({ site, event }: Omit<NumberedEvent, "n">): Message[] {
  const { epoch, seq, atMs, type, subject, severity, message, data } = event;
  const told = {
    id: `${site}.${epoch}.${seq}`,
    event_type: type,
    timestamp: isoOf(atMs) ?? new Date(0).toISOString(),
    metadata: { ...data, site_id: site, severity, message },
  };
  const { kind, id } = subject;
  const say = <T>(name: TopicName, payload: T): Message => ({
    topic: topicFor(site, name),
    payload: JSON.stringify(payload),
  });
  const about: SubjectEvent = { kind, subject_id: id, ...told };
  return [
    kind === "stream"
      ? say<StreamEvent>("streamingEvents", { stream_id: id, ...told })
      : kind === "encoder"
        ? say<EncoderEvent>("encoderEvents", { encoder_id: id, ...told })
        : kind === "ad-break"
          ? say<AdBreakEvent>("adBreakEvents", { ...adBreakOf(id, data), ...told })
          : say("systemEvents", about),
    ...(ofConfig.has(type) ? [say("configEvents", about)] : []),
    say("allEvents", about),
  ];
}

function adBreakOf(id: string, { stream, scheduledAtMs, durationMs }: Record<string, unknown>) {
  return {
    ad_break_id: id,
    stream_id: typeof stream === "string" ? stream : null,
    scheduled_time: typeof scheduledAtMs === "number" ? isoOf(scheduledAtMs) : null,
    duration: typeof durationMs === "number" ? durationMs / 1_000 : null,
  };
}
