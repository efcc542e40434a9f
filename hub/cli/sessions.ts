/** A stream for whoever asks, for as long as it is needed. */
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { contentOf, type HubClient, type Schemas } from "../client/client.ts";
import { asMs, asNumber, type Noun, type Option } from "./cli.ts";
import { mayBeOnAir, mustBeMeant } from "./asking.ts";
import type { Column } from "./print.ts";

const opened: readonly Column<Schemas["StreamSession"]>[] = [
  ["Stream", (s) => s.stream_id],
  ["Session", (s) => s.session_id],
  ["Publish it", (s) => (s.input === "push" ? "you, to this address" : "the encoder does")],
  ["Address", (s) => s.rtmp_url],
  ["Stream key", (s) => s.stream_key],
  ["Encoder", (s) => s.encoder_id],
  ["Backup", (s) => s.backup_encoder_id],
  ["Why that one", (s) => s.because],
  ["Ends", (s) => ({ at: s.ends_at })],
  ["Warnings", (s) => s.warnings.join("; ")],
];
const kept: readonly Column<Schemas["StreamSessionConfig"]>[] = [
  ["Stream", (s) => s.stream_id],
  ["Session", (s) => s.session_id],
  ["Status", (s) => s.status],
  ["Resolution", (s) => s.resolution],
  ["Bit rate", (s) => s.bitrate],
  ["Frames a second", (s) => s.fps],
  ["Encoder", (s) => s.encoder_id],
  ["Backup", (s) => s.backup_encoder_id],
  ["Ends", (s) => ({ at: s.ends_at })],
];

type Wanted = { resolution?: string; bitrate?: number; fps?: number };
const wanted: readonly Option[] = [
  ["--resolution <size>", "like 1920x1080"],
  ["--bitrate <bit/s>", "like 5000000", asNumber],
  ["--fps <number>", "like 30", asNumber],
];

export function addSessions(stream: Noun): void {
  const session = stream.group(
    "session",
    "a stream kept for whoever asks",
    `
  understudy stream session open --resolution 1920x1080 --bitrate 5000000 --fps 30
  understudy stream session change studio~main --bitrate 3000000
  understudy stream session end studio~main`,
  );
  type Open = Wanted & { site?: string; push?: boolean; endsAfter?: number; dryRun?: boolean };
  session.verb<Open>(
    "open",
    "get a stream, its best free encoder and its key",
    async ({ hub, print }, { resolution, bitrate, fps, site, push, endsAfter, dryRun }) => {
      if (resolution === undefined || bitrate === undefined || fps === undefined)
        throw new Ending(exitCode.usage, "say --resolution, --bitrate and --fps");
      const answer = (await hub()).api.POST("/api/streams/init", {
        headers: { "Idempotency-Key": crypto.randomUUID() },
        body: {
          ...{ resolution, bitrate, fps, dry_run: dryRun === true },
          ...(site !== undefined && { site_id: site }),
          ...(push === true && { input: "push" as const }),
          ...(endsAfter !== undefined && { ends_after: endsAfter / 1_000 }),
        },
      });
      print.one(await contentOf(answer), opened);
    },
    [
      ...wanted,
      ["--site <site>", "else the best that you see"],
      ["--push", "you publish the picture to the site; else where it takes that"],
      ["--ends-after <time>", "else it lasts until its end is asked for", asMs],
      ["-n, --dry-run", "only say what would be chosen"],
    ],
  );
  session.verb(
    "show <stream>",
    "who has it, and how it is set",
    async ({ hub, print }, _, id = "") => {
      const path = { id };
      const { api } = await hub();
      print.one(await contentOf(api.GET("/api/streams/{id}/config", { params: { path } })), kept);
    },
  );
  session.verb<Wanted & { restart?: boolean; yes?: boolean }>(
    "change <stream>",
    "set it otherwise",
    async (cli, { yes, restart, ...settings }, id = "") => {
      const hub = await cli.hub();
      const params = { path: { id } };
      if (restart === true && yes !== true) await mustBeMeant(cli, await onAir(hub, id), "restart");
      const body = { ...settings, ...(restart === true && { restart }) };
      const answer = hub.api.PUT("/api/streams/{id}/config", { params, body });
      cli.print.one(await contentOf(answer), kept);
    },
    [
      ...wanted,
      ["--restart", "stop it for that where it must be"],
      ["-y, --yes", "do not ask, even if it is on air"],
    ],
  );
  session.verb<{ yes?: boolean }>(
    "end <stream>",
    "give it all back",
    async (cli, { yes }, id = "") => {
      const hub = await cli.hub();
      if (yes !== true) await mustBeMeant(cli, await onAir(hub, id), "end");
      const params = { path: { id } };
      const ended = await contentOf(hub.api.DELETE("/api/streams/{id}", { params }));
      cli.print.one(ended, [
        ["Stream", (s) => s.stream_id],
        ["Session", (s) => s.session_id],
        ["Status", (s) => s.status],
      ]);
    },
    [["-y, --yes", "do not ask, even if it is on air"]],
  );
}

async function onAir(hub: HubClient, id: string) {
  const params = { path: { id } };
  const stream = await contentOf(hub.api.GET("/api/streams/{id}", { params }));
  return mayBeOnAir(stream) ? [stream] : [];
}
