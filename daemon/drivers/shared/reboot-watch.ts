/** So many boots within `suspiciousWithinMs` of polling are a pattern. */
const suspiciousBoots = 3;
const suspiciousWithinMs = 20 * 60_000;
/** A trial at a slower pace lasts so long. */
const trialMs = 40 * 60_000;
/** At a quarter of the pace. */
export const trialShare = 0.25;

/**
 * Some small boxes reboot because they are asked too much (encoder-devices.md §5 item 2). Who
 * asks cannot see the quiet times before, so it tries: after three boots in 20 min the unit is
 * asked four times less. If it then boots no more for 40 min, asking was the cause and the slow
 * pace stays until the daemon restarts; if it goes on, asking is not the cause and the pace
 * is restored.
 */
export function openRebootWatch(now: () => number, slowTo: (share: number) => void) {
  let phase: "watching" | "trial" | "guilty" | "innocent" = "watching";
  let bootsAtMs: number[] = [];
  let trialSinceMs = 0;
  let seenInTrial = 0;

  function enter(next: typeof phase): void {
    phase = next;
    slowTo(next === "trial" || next === "guilty" ? trialShare : 1);
  }

  return {
    /** The unit has booted since it was asked before. */
    booted: (): void => {
      bootsAtMs = [...bootsAtMs.filter((atMs) => now() - atMs < suspiciousWithinMs), now()];
      if (phase === "watching" && bootsAtMs.length >= suspiciousBoots) {
        enter("trial");
        trialSinceMs = now();
        seenInTrial = 0;
      } else if (phase === "trial") {
        seenInTrial += 1;
        // One may still be on its way when the trial begins.
        if (seenInTrial >= 2) enter("innocent");
      }
    },
    /** A sentence for people, where there is something to say. */
    alarm: (): string | undefined => {
      if (phase === "trial" && now() - trialSinceMs >= trialMs) enter("guilty");
      if (phase === "trial")
        return (
          `it has booted ${suspiciousBoots} times within 20 min of being asked: ` +
          "asked four times less now, to see whether that is the cause"
        );
      if (phase === "guilty")
        return (
          "it rebooted again and again while it was asked at the usual pace, and not once " +
          "since it is asked four times less: that pace stays until the daemon restarts"
        );
      return undefined;
    },
  };
}
export type RebootWatch = ReturnType<typeof openRebootWatch>;
