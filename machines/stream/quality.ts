/**
 * What a stream knows of what its encoder on air has lost of the source's pictures. It is shown and
 * told; nobody is put on air or taken off for it.
 */
import type { QualityLook, QualityPolicy } from "../content/quality.ts";
import type { Decision } from "../decision.ts";
import { elapsedMs, type Stamp } from "../time.ts";
import type { StreamQuality } from "./content.ts";
import { isOnSlate } from "./relay/relay.ts";
import type { StreamContext } from "./stream.context.ts";

/** Whose pictures go out and can be compared with what it gets, or why there are none. */
export function seenOnAir(context: StreamContext): { encoder: string } | { because: string } {
  if (isOnSlate(context)) return { because: "the slate is on air" };
  const encoder = context.relay?.selected ?? null;
  if (encoder === null) return { because: "its relay sends nobody's pictures" };
  const feed = context.facts[encoder]?.feed;
  if (feed?.flow.word === "lost") return { because: `${feed.ingest} sends nothing` };
  // One picture is made of two, or two of one.
  return feed?.combed ? { because: `the pictures of ${feed.ingest} are interlaced` } : { encoder };
}

/** What cannot be measured is neither better nor worse than before. */
export function qualityAfter(
  before: StreamQuality | undefined,
  look: QualityLook,
  policy: QualityPolicy | undefined,
  now: Stamp,
): StreamQuality {
  const { lowSince = null, told = false } = before ?? {};
  if (look.word === "notAvailable") return { look, at: now, lowSince, told };
  if (!policy || look.ssim >= policy.leastSsim)
    return { look, at: now, lowSince: null, told: false };
  const since = lowSince ?? now;
  return { look, at: now, lowSince: since, told: elapsedMs(since, now) >= policy.afterMs };
}

export function qualityNews(
  { plan }: Pick<StreamContext, "plan">,
  before: StreamQuality | undefined,
  { look, told }: StreamQuality,
): Decision[] {
  const policy = plan.content.quality;
  if (told === (before?.told ?? false) || look.word !== "measured" || !policy) return [];
  const { encoder, ssim, psnrDb } = look;
  const is = `SSIM ${ssim.toFixed(3)}, PSNR ${psnrDb.toFixed(1)} dB`;
  return [
    {
      type: "stream.content",
      severity: told ? "warning" : "info",
      message: told
        ? `${plan.id}: ${encoder} loses too much of its source's pictures (${is}; wanted is SSIM ${policy.leastSsim}), for ${Math.round(policy.afterMs / 1_000)} s now`
        : `${plan.id}: its pictures are like those of its source again (${encoder}: ${is})`,
      data: { view: encoder, fault: "quality", isOver: !told, does: "observe", ssim, psnrDb },
    },
  ];
}
