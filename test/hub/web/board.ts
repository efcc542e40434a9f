/** What a hub with one site would answer: one stream on air, one off air, one not known. */
const ago = (s: number) => new Date(Date.now() - s * 1_000).toISOString();
const base = { site: "studio", online: true, stale: false, epoch: "e", seq: 9, session: "s" };
const item = (id: string) => ({ ...base, id, ref: `studio~${id}`, at: ago(1), receivedAt: ago(1) });

const certificate = {
  ...{ level: 2, encoder: "software-1", output: "stream-1", destination: "platform" },
  evidence: ["the lock of process 4711 is free", "0 bytes unsent to the destination"],
  at: ago(61),
};
const incident = {
  ...{ ref: "studio~i1", site: "studio", id: "i1", stream: "main", cause: "processExited" },
  ...{ openedAt: ago(62), closedAt: ago(60), outcome: "tookOver" },
  ...{ from: "software-1", to: "helo-1", offAirMs: 2_140, certificate },
  segments: { detectMs: 12, decideMs: 3, fenceMs: 25, startMs: 1_600, confirmMs: 500 },
  timeline: [
    { at: ago(62), what: "process of software-1 ended, signal KILL" },
    { at: ago(60), what: "far end sees helo-1" },
  ],
};
const stream = (id: string, more: object) => ({
  ...item(id),
  ...{ destination: "platform", takeover: "exclusive", encoder: "helo-1", output: "stream-1" },
  ...{ understudyEncoder: null, encoders: ["software-1", "helo-1"], keyGeneration: 3 },
  ...{ since: ago(200), incident: null, eventEndsAt: null, budgetLeft: 1, legs: [] },
  ...more,
});

export const board = () => ({
  sites: [
    {
      ...{ id: "studio", name: "Studio North", online: true, stale: false, lastSeen: ago(1) },
      ...{ quarantined: 0, lostEvents: 0, decider: "ok", journal: "ok", warnings: [] },
    },
  ],
  streams: [
    stream("main", {
      ...{ name: "Main programme", carriage: "onAir", carrier: "carried", understudy: "none" },
      because: "software-1 ended by itself; it was proven off and helo-1 took over.",
    }),
    stream("second", {
      ...{ carriage: "offAir", carrier: "waitingForFence", understudy: "ready" },
      ...{ because: "helo-1 does not answer, so it cannot be proven off.", understudyEncoder: "b" },
      eventEndsAt: new Date(Date.now() + 125_000).toISOString(),
      content: {
        views: [
          {
            ...{ of: "farEnd", picture: "seen", sound: "heard" },
            faults: [{ fault: "black", does: "act", since: ago(14) }],
          },
          { of: "b", picture: "unknown", sound: "unknown", faults: [] },
        ],
        comparison: {
          ...{ carrier: "helo-1", with: "b", word: "different" },
          ...{ because: "at best 12 % alike, motion 3 %", at: ago(25) },
        },
      },
    }),
    stream("third", { carriage: "notKnown", carrier: "starting", because: "Nobody looks." }),
  ],
  destinations: [
    {
      ...item("platform"),
      ...{ name: "The platform", state: "publishing", stalled: false, by: "helo-1" },
      ...{ source: "nginx-rtmp", observedAt: ago(0.4), since: ago(60), takeover: "exclusive" },
    },
  ],
  storage: [
    {
      ...item("helo-1"),
      ...{ name: "HELO in rack 1", state: "nearlyFull", warnings: [] },
      media: [
        {
          ...{ id: "sd", kind: "card", isNetwork: false, fileSystem: "exFAT", since: ago(300) },
          ...{ state: "nearlyFull", warnings: ["full in 12 min"] },
          figures: {
            freeRatio: { value: 0.123, at: ago(4), source: "device" },
            freeBytes: { value: 7.9e9, at: ago(4), source: "device" },
            totalBytes: { value: 64e9, at: ago(4), source: "device" },
            secondsToFull: { value: 725, at: ago(4), source: "last 10 min" },
          },
        },
        { ...{ id: "usb", state: "missing", since: ago(300), figures: {}, warnings: [] } },
      ],
    },
  ],
  encoders: [
    {
      ...item("helo-1"),
      ...{ name: "HELO in rack 1", identity: { vendor: "AJA" }, link: "reachable" },
      ...{ thermal: "normal", thermalStep: 0, service: "inService", input: "good" },
      outputs: [
        {
          ...{ id: "stream-1", state: "streaming", progress: "moving", sendQueue: "draining" },
          ...{ stream: "main", since: ago(60) },
        },
      ],
      figures: { temperatureC: { value: 61.25, at: ago(2), source: "device" } },
      warnings: ["auto-recover is on"],
    },
  ],
  incidents: [incident],
});
