import type { DestinationProfile } from "./destination-profile.ts";
import { facebook } from "./facebook.ts";
import { hls, rtmp, srt } from "./generic.ts";
import { twitch } from "./twitch.ts";
import { youtube } from "./youtube.ts";

/** Every destination profile there is, by id. */
export const profiles = { youtube, facebook, twitch, rtmp, srt, hls } as const satisfies Record<
  string,
  DestinationProfile
>;
export type ProfileId = keyof typeof profiles;
export const profileIds = Object.keys(profiles) as [ProfileId, ...ProfileId[]];

const platforms: readonly { host: RegExp; profile: ProfileId }[] = [
  { host: /(^|\.)youtube\.com$/, profile: "youtube" },
  { host: /(^|\.)facebook\.com$/, profile: "facebook" },
  { host: /(^|\.)(twitch\.tv|live-video\.net)$/, profile: "twitch" },
];

/** Whose rules apply where nobody says so: those of the platform that the host belongs to. */
export function profileAt(address: { protocol: string; hostname: string }): ProfileId {
  const { protocol, hostname } = address;
  const platform = platforms.find(({ host }) => host.test(hostname.toLowerCase()));
  return platform?.profile ?? (protocol === "srt:" ? "srt" : "rtmp");
}
