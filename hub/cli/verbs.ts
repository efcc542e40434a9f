/** What may be asked of a site, in a shell's words. */
import { InvalidArgumentError } from "commander";
import type { verbs } from "../../machines/command/command.contract.ts";
import type { Asked } from "../client/client.ts";
import { asNumber, type Option } from "./cli.ts";

type Args = NonNullable<Asked["args"]>;
export type Verb = {
  does: string;
  /** Beyond the subject, and what is made of them. */
  takes?: {
    usage?: string;
    options?: readonly Option[];
    /** @param extra what stands behind the subject */
    args: (options: Record<string, unknown>, extra: string | undefined) => Args | undefined;
  };
  /** A programme on air may end, or move: asked for first. */
  interrupts?: true;
};

type Verbs = typeof verbs;
/** `session` has these: what they take is sealed, or is more than an option says. */
type OfSessions = "open-session" | "change-session";

const text = (of: unknown) => (typeof of === "string" ? of : undefined);
const medium = {
  usage: "<medium>",
  args: (_options: unknown, extra: string | undefined) =>
    extra === undefined ? undefined : { medium: extra },
};

const boots = {
  options: [["--interrupt", "though a picture or a recording ends with it"]] as const,
  args: ({ interrupt }: Record<string, unknown>) =>
    interrupt === true ? { interrupt } : undefined,
};
const itsStream = {
  options: [["--stream <stream>", "where several may use it"]] as const,
  args: ({ stream }: Record<string, unknown>) =>
    text(stream) === undefined ? undefined : { stream: String(stream) },
};

export const siteVerbs: {
  [K in keyof Verbs]: { [V in Exclude<keyof Verbs[K], OfSessions>]: Verb };
} = {
  stream: {
    start: { does: "put it on air" },
    stop: { does: "take it off air, until it is started again", interrupts: true },
    failover: {
      does: "move it to its understudy now",
      interrupts: true,
      takes: {
        options: [
          ["--to <encoder>", "to this one"],
          ["--unproven", "though nothing proves the old one off: only if you have seen it off"],
        ],
        args: ({ to, unproven }) => ({
          ...(text(to) !== undefined && { to: String(to) }),
          ...(unproven === true && { unproven }),
        }),
      },
    },
    return: { does: "move it back to its primary", interrupts: true },
    drill: {
      does: "practise a failover: to its understudy and back, measured",
      interrupts: true,
      takes: {
        options: [["--consent <stream>", "its id, typed: its viewers may see it"]],
        args: ({ consent }) =>
          text(consent) === undefined ? undefined : { consent: String(consent) },
      },
    },
    abort: { does: "give up the move under way" },
    release: { does: "let it move by itself again, after it was held" },
    "add-window": {
      does: "plan when it is expected on air",
      takes: {
        options: [["--file <file>", "the window as JSON; - is stdin"]],
        args: (options) => ({ window: options["window"] as NonNullable<Args["window"]> }),
      },
    },
    "remove-window": {
      does: "forget a window that was planned so",
      takes: {
        usage: "<window>",
        args: (_options, extra) => (extra === undefined ? undefined : { windowId: extra }),
      },
    },
  },
  encoder: {
    maintenance: { does: "hands off: not chosen, repaired or switched off" },
    "in-service": { does: "after maintenance: may be chosen again" },
    repair: { does: "yes to the proposed repair, or try again" },
    "reject-repair": { does: "no to the proposed repair" },
    sync: { does: "set it as its stream wants it" },
    practise: { does: "put it on air where nobody watches, to see that it can" },
    release: { does: "a used spare goes back into the pool" },
    "restore-power": { does: "switch its outlet on again" },
    cooldown: { does: "one cooling step more, now" },
    reboot: { does: "boot it anew", interrupts: true, takes: boots },
    "power-cycle": { does: "its outlet off and on again", interrupts: true, takes: boots },
    "start-stream": { does: "put its stream on air from it", interrupts: true, takes: itsStream },
    "stop-stream": {
      does: "stop the stream that it carries",
      interrupts: true,
      takes: {
        options: [...itsStream.options, ...boots.options],
        args: (options) => ({ ...itsStream.args(options), ...boots.args(options) }),
      },
    },
    "start-recording": { does: "record", interrupts: true },
    "stop-recording": { does: "end the recording", interrupts: true },
    "recall-preset": {
      does: "work as this preset says",
      takes: {
        usage: "<number>",
        args: (_options, extra) => (extra === undefined ? undefined : { preset: asNumber(extra) }),
      },
    },
    "select-profile": {
      does: "work with this profile",
      interrupts: true,
      takes: {
        usage: "<number>",
        options: [...boots.options, ["--recording", "that of its recording, not of its stream"]],
        args: ({ recording, ...options }, extra) => ({
          ...(extra !== undefined && { profile: asNumber(extra) }),
          ...(recording === true && { of: "recording" }),
          ...boots.args(options),
        }),
      },
    },
    "list-clips": { does: "the newest files it has recorded" },
  },
  storage: {
    retire: { does: "take a medium out of use", takes: medium },
    "bring-back": { does: "use a retired medium again", takes: medium },
    "move-recording": {
      does: "record to another medium, now",
      takes: {
        options: [["--to <medium>", "else to the one that was proposed"]],
        args: ({ to }) => (text(to) === undefined ? undefined : { medium: String(to) }),
      },
    },
  },
  site: {
    "off-air": { does: "take everything of this site off air", interrupts: true },
    "override-freeze": {
      does: "let changes through in a change freeze",
      takes: {
        options: [["--why <reason>", "stands in the journal"]],
        args: ({ why }) => {
          if (typeof why === "string") return { why };
          throw new InvalidArgumentError("say --why <reason>");
        },
      },
    },
  },
};
