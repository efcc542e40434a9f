/** What a hub with one site would answer: one stream on air, one off air, one not known. */
const ago = (s: number) => new Date(Date.now() - s * 1_000).toISOString();
const inS = (s: number) => ago(-s);
const figure = (value: number, source = "device") => ({ value, at: ago(4), source });

/** Sunday by site.yaml, a concert by the calendar, and what was planned over the hub. */
export const schedule = {
  ...{ phase: "lineUp", startMissed: false },
  window: {
    ...{ name: "Sunday service", from: "configuration" },
    ...{ startsAt: inS(600), endsAt: inS(4_200) },
  },
  next: [
    { name: "Concert", startsAt: inS(90_000), endsAt: inS(93_600), from: "calendar" },
    {
      ...{ name: "Vespers", from: "command" },
      ...{ startsAt: "2030-03-30T17:00:00.000Z", endsAt: "2030-03-30T18:00:00.000Z" },
    },
  ],
  rules: [
    {
      ...{ id: "vespers", name: "Vespers", start: "2030-03-30T18:00", zone: "Europe/Vienna" },
      ...{ durationMs: 3_600_000, rrule: "FREQ=WEEKLY;BYDAY=SA" },
    },
  ],
};
const lineUp = {
  at: ago(300),
  items: [
    { item: "input", result: "ok", message: "helo-1 has a picture", source: "helo-1" },
    { item: "clock", result: "unknown", message: "nobody tells", source: null },
    { item: "fencePath", result: "notOk", message: "the outlet does not answer", source: "pdu" },
  ],
};
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
      clock: {
        ...{ state: "off", because: "chrony says so" },
        offset: { aheadMs: -2_400, exactToMs: 300, at: ago(12), source: "ntp.example" },
      },
      freeze: {
        events: [{ stream: "main", name: "Sunday service", endsAt: inS(4_200) }],
        override: null,
      },
    },
  ],
  streams: [
    stream("main", {
      ...{ name: "Main programme", carriage: "onAir", carrier: "carried", understudy: "none" },
      because: "software-1 ended by itself; it was proven off and helo-1 took over.",
      ...{ schedule, lineUp },
      understudies: [
        { encoder: "b", role: "spare", wants: "warm", is: "none", hindrance: "is failing" },
      ],
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
      connection: {
        ...{ breaker: "closed", healthScore: 55, burden: "latency", requestPressure: 82 },
        predicted: { what: "it gets slower", reachesMs: 900, inMs: 240_000, method: "a line" },
      },
      ...{ clock: "wrong", warnings: ["auto-recover is on"] },
      figures: {
        temperatureC: { value: 61.25, at: ago(2), source: "device" },
        ...{ clockAheadMs: figure(3_100, "HTTP Date"), clockExactToMs: figure(500, "HTTP Date") },
      },
    },
    {
      ...item("b"),
      ...{ identity: { vendor: "AJA" }, link: "reachable", thermal: "normal", thermalStep: 0 },
      ...{ service: "inService", input: "good", figures: {}, warnings: [], inUseFor: "third" },
      connection: { breaker: "open", healthScore: 10, requestPressure: 20 },
      outputs: [
        {
          ...{ id: "stream-1", state: "failing", progress: "frozen", sendQueue: "draining" },
          since: ago(60),
        },
      ],
      repair: {
        ...{ consent: "propose", state: "proposing", trouble: "failing", next: "reboot" },
        proposalEndsAt: inS(500),
      },
      wanted: {
        ...{ stream: "main", like: "helo-1", settings: {}, hash: "h", isAlarmed: true },
        ...{ sync: "propose", isProposed: true },
        drift: [{ setting: "videoBitrateBps", wanted: 4_000_000, actual: 8_000_000 }],
      },
    },
  ],
  incidents: [incident],
});
