/** A region that raises an alarm once its reason has lasted, and tells its end once that has lasted. */

export type AlarmName = "understudy" | "programme" | "carried" | "spare";

/** Names of what stream.setup.ts has for an alarm. */
type Parts<Lacks, NeedsNone, Has, Tell, Missing, EndHold> = {
  /** Guards: its reason is there; it is not; all is well again. */
  lacks: Lacks;
  needsNone: NeedsNone;
  has: Has;
  tell: Tell;
  /** Delays: how long it has to last, and its end. */
  missing: Missing;
  endHold: EndHold;
};

export function alarmRegion<
  const A extends AlarmName,
  const Lacks extends string,
  const NeedsNone extends string,
  const Has extends string,
  const Tell extends string,
  const Missing extends string,
  const EndHold extends string,
>(alarm: A, of: Parts<Lacks, NeedsNone, Has, Tell, Missing, EndHold>) {
  const lacks = { type: of.lacks };
  const raises = {
    target: "raised",
    actions: [
      { type: "noteRaise", params: alarm },
      { type: of.tell, params: false },
    ],
  } as const;
  const ends = [
    { guard: { type: of.has }, target: "off", actions: { type: of.tell, params: true } },
    /** Stopped, or nobody carries it: that is told as what it is. */
    { target: "off" },
  ] as const;
  return {
    initial: "off",
    states: {
      off: { always: { guard: lacks, target: "waiting" } },
      waiting: {
        always: { guard: { type: of.needsNone }, target: "off" },
        after: { [of.missing]: raises } as Record<Missing, typeof raises>,
      },
      raised: { always: { guard: { type: of.needsNone }, target: "ending" } },
      ending: {
        always: { guard: lacks, target: "raised" },
        after: { [of.endHold]: ends } as Record<EndHold, typeof ends>,
      },
    },
  } as const;
}
