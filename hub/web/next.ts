/** What a person should do about a stream now, in one sentence; the site says what happened. */
import { faultWords } from "./content.ts";
import type { StreamItem } from "./items.ts";
import { encoderName, type Now } from "./now.ts";
import { clock } from "./words.ts";

const moving: Record<string, string> = {
  starting: "Wait: it is being put on air.",
  suspect: "Wait: the picture may be lost. If it is, the understudy takes over by itself.",
  remediating: "Wait: the same encoder is started again.",
  fencing: "Wait: the old encoder is being proven off, then the understudy starts.",
  takingOver: "Wait: the understudy is being started.",
  holding: "Wait: the slate is shown until an encoder is back.",
  returning: "Wait: it is going back to its primary.",
  waitingForFence:
    "Switch that encoder off or pull its cable: then the understudy starts by itself. " +
    "If you have seen that it is off, fail over without proof.",
  needsHuman:
    "It waits for you: put right what is said above, then fail over or release. " +
    "If you have seen that the encoder is off, fail over without proof.",
};

export function nextStep(stream: StreamItem, now: Now): string {
  const { carriage, carrier = "", schedule, latched = [] } = stream;
  if (now.stale || stream.stale) return staleStep(stream, now);
  if (carrier === "") return "Wait for the site. If nothing comes, look at its daemon.";
  if (schedule?.startMissed === true) return "Put it on air, or delete its window.";
  const missed = stream.missesProgramme?.cause;
  if (missed !== undefined) return programmeStep(missed);
  const step = moving[carrier];
  if (step !== undefined) return step;
  if (carrier === "stopped") {
    return carriage === "notExpected" ? "Nothing to do." : "Put it on air when it should be.";
  }
  if (carriage === "offAir") return "Wait: the far end lost it a moment ago.";
  if (carriage === "notKnown") return "Look at the far end yourself: nobody here can see it.";
  const asks = proposals(stream, now);
  if (asks !== undefined) return asks;
  if (latched.includes("moves")) return "Find out what made it flap, then release it.";
  return pictureStep(stream) ?? understudyStep(stream, now);
}

function programmeStep(cause: string): string {
  if (cause === "sourceLost")
    return "Look at its source and the way from there: when it sends again, all goes on by itself.";
  const fault = cause.replace(/^(input|shows)-/, "");
  return `Look at its source and the cable to it (${faultWords[fault] ?? fault}), or fail over to an encoder that has the programme.`;
}

function staleStep({ site, receivedAt }: StreamItem, { stale, board }: Now): string {
  if (stale) return "Nothing is known now. The sites go on by themselves; look at hub and network.";
  const since = `since ${clock(board.sites.find(({ id }) => id === site)?.lastSeen ?? receivedAt)}`;
  return `${site} was not heard ${since}. It goes on by itself; look at its uplink and at the far end.`;
}

function proposals({ site, encoders = [] }: StreamItem, now: Now): string | undefined {
  const asking = now.board.encoders.find(
    (e) => e.site === site && encoders.includes(e.id) && e.repair?.state === "proposing",
  );
  return asking && `Say yes or no to the repair of ${asking.name ?? asking.id}, below.`;
}

function pictureStep({ content }: StreamItem): string | undefined {
  const [fault] = content?.views.flatMap((view) => view.faults) ?? [];
  if (fault) return `Look at its source: ${faultWords[fault.fault] ?? fault.fault}.`;
  return content?.comparison?.word === "different"
    ? "Look at the sources: carrier and understudy show different programmes."
    : undefined;
}

function understudyStep(stream: StreamItem, now: Now): string {
  const { understudy, understudies = [], encoders = [], site } = stream;
  if (encoders.length < 2) return "It has no understudy: a failure would stay off air.";
  if (understudy === "ready") return "Nothing to do.";
  if (understudy === "warming") return "Wait: the understudy is getting ready.";
  const [first] = understudies.filter(({ hindrance }) => hindrance !== undefined);
  const why = first ? ` (${encoderName(now, site, first.encoder)}: ${first.hindrance})` : "";
  return `Get an understudy ready${why}: a failure now would stay off air.`;
}
