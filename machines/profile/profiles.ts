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
