/** What may be asked of an encoder now, and what will happen then. */
import type { EncoderItem } from "./items.ts";
import { practiceOffers } from "./practice.ts";
import { repairOffers } from "./repair.ts";
import type { Offer } from "./talk.ts";

export function encoderOffers(encoder: EncoderItem): Offer[] {
  const { power, figures } = encoder;
  return [
    ...repairOffers(encoder),
    ...readinessOffers(encoder),
    ...practiceOffers(encoder),
    ...(power === "cut" || power === "unknown" ? [restorePower(encoder)] : []),
    serviceOffer(encoder),
    ...(figures?.temperatureC === undefined ? [] : [coolDown]),
    ...recordingOffers(encoder),
    ...profileOffers(encoder),
    ...bootOffers(encoder),
  ];
}

const nameOf = ({ name, id }: EncoderItem) => name ?? id;

function serviceOffer(encoder: EncoderItem): Offer {
  const box = nameOf(encoder);
  if (encoder.service === "maintenance") {
    return {
      verb: "in-service",
      label: "Back in service",
      will: `${box} may be chosen, set and repaired by itself again.`,
    };
  }
  const carries = encoder.outputs?.flatMap(({ stream }) => stream ?? []) ?? [];
  const stays =
    carries.length === 0
      ? "It carries nothing now."
      : `It goes on carrying ${carries.join(", ")}: fail over first if you want to work on it.`;
  return {
    verb: "maintenance",
    label: "Maintenance",
    will: `${box} is not chosen, repaired or switched off until it is back in service. ${stays}`,
  };
}

function readinessOffers(encoder: EncoderItem): Offer[] {
  const { wanted, inUseFor, outputs } = encoder;
  const isIdle = outputs?.every(({ stream }) => stream === undefined) === true;
  return [
    ...(wanted?.isProposed === true
      ? [
          {
            verb: "sync",
            label: "Set as wanted",
            will: `${nameOf(encoder)} is set as ${wanted.stream} wants it. It carries nothing now.`,
          },
        ]
      : []),
    ...(inUseFor !== undefined && isIdle
      ? [
          {
            verb: "release",
            label: "Release spare",
            will: `${nameOf(encoder)} is not kept for ${inUseFor} any more: every stream it is a spare of may use it.`,
          },
        ]
      : []),
  ];
}

const restorePower = (encoder: EncoderItem): Offer => ({
  verb: "restore-power",
  label: "Restore power",
  will: `The outlet of ${nameOf(encoder)} is switched on. A box that streams at power-up may publish by itself: be sure that it may.`,
});

const boots = [
  ["reboot", "reboot", "Reboot", "boots anew"],
  ["powerCycle", "power-cycle", "Power cycle", "loses its power, and gets it back seconds later"],
] as const;

/** Who carries or records is booted only after that was ticked. */
function bootOffers(encoder: EncoderItem): Offer[] {
  const box = nameOf(encoder);
  const busy = (encoder.outputs ?? []).flatMap(({ stream }) => stream ?? []);
  const recording = encoder.recording?.state;
  const ends = [...busy, ...(recording === "streaming" ? ["its recording"] : [])].join(", ");
  return boots
    .filter(([control]) => encoder.controls?.includes(control) === true)
    .map(([, verb, label, does]) => ({
      ...{ verb, label, will: `${box} ${does}, and is away for a minute or two.` },
      ...(ends !== "" && { vouch: `I know that this ends ${ends}`, args: { interrupt: true } }),
    }));
}

/** Whose stream stops for it is asked for that; who records has to end that first. */
function profileOffers(encoder: EncoderItem): Offer[] {
  const { controls, profiles, outputs = [], recording } = encoder;
  if (controls?.includes("selectProfile") !== true) return [];
  const ends = outputs.flatMap(({ stream }) => stream ?? []).join(", ");
  const isRecording = recording !== undefined && recording.state !== "idle";
  return (["stream", "recording"] as const).flatMap((of) => {
    const { number, names = [] } =
      (of === "stream" ? profiles?.streaming : profiles?.recording) ?? {};
    const from = names
      .map((name, at) => ({ value: at + 1, text: `${at + 1}: ${name}` }))
      .filter(({ value }) => value !== number);
    if (from.length === 0 || (of === "recording" && isRecording)) return [];
    const stops = of === "stream" && ends !== "";
    return {
      ...{ verb: "select-profile", label: `Profile of its ${of}` },
      will: `${nameOf(encoder)} works with the settings of another profile; where it publishes to stays.`,
      choose: { arg: "profile", called: "Which one", from },
      ...(stops && { vouch: `I know that this stops ${ends}` }),
      args: { of, ...(stops && { interrupt: true }) },
    };
  });
}

const coolDown: Offer = {
  verb: "cooldown",
  label: "Cool down",
  will: "One cooling step more is taken now, where there is one left; the picture may get coarser.",
};

function recordingOffers({ recording, controls = [] }: EncoderItem): Offer[] {
  const isRecording = recording?.state === "streaming" || recording?.state === "failing";
  const linked =
    recording?.isLinked === true ? " On this box that starts or stops its stream, too." : "";
  return [
    ...(controls.includes("startRecording") && !isRecording
      ? [{ verb: "start-recording", label: "Record", will: `It begins to record.${linked}` }]
      : []),
    ...(controls.includes("stopRecording") && isRecording
      ? [{ verb: "stop-recording", label: "Stop recording", will: `The file ends here.${linked}` }]
      : []),
  ];
}
