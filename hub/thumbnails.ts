/** The newest small picture of each place that the sites look at, in memory only. */
import {
  Thumbnail,
  type ThumbnailKind,
  thumbnailKinds,
} from "../machines/content/thumbnail.contract.ts";
import type { ActorKey } from "./view.ts";

/** Older than this it is not shown any more: it would be taken for what is there now. */
export const shownForMs = 30_000;
/** A place that nobody has spoken of for so long is looked at no more. */
const rememberedMs = 24 * 3_600_000;
/** Sites may make ids up. */
const mostPlaces = 2_000;

export type Place = {
  site: string;
  kind: ThumbnailKind;
  id: string;
  /** The last picture, which may be too old to be shown. */
  picture: { jpeg: Buffer; takenAtMs: number } | null;
  /** Why there is none, as the site said it. */
  because: string | null;
  heardAtMs: number;
};

export type Thumbnails = {
  /** @returns why it is refused; undefined: it is kept */
  take(key: ActorKey, payload: Buffer): string | undefined;
  all(): Place[];
  find(key: ActorKey): Place | undefined;
};

/** What a picture is worth now: how old it is, and whether it may be shown. */
export function shownNow(
  { picture, because }: Place,
  nowMs: number,
): { ageMs: number | null; isShown: boolean; because: string | null } {
  if (!picture) return { ageMs: null, isShown: false, because: because ?? "none has come yet" };
  const ageMs = Math.max(0, nowMs - picture.takenAtMs);
  if (because !== null) return { ageMs, isShown: false, because };
  const isShown = ageMs <= shownForMs;
  return { ageMs, isShown, because: isShown ? null : "no new one has come" };
}

export function openThumbnails(now: () => number): Thumbnails {
  const places = new Map<string, Place>();
  const keyOf = ({ site, kind, id }: ActorKey) => `${site}/${kind}/${id}`;

  return {
    take(key, payload) {
      const kind = thumbnailKinds.find((one) => one === key.kind);
      if (kind === undefined) return "no such kind of place";
      const read = Thumbnail.safeParse(parse(payload));
      if (!read.success) return "not a thumbnail";
      const { jpeg, ageMs, because } = read.data;
      const before = places.get(keyOf(key));
      if (!before && places.size >= mostPlaces) return "too many places";
      const bytes = jpeg === null ? undefined : Buffer.from(jpeg, "base64");
      if (bytes && !isJpeg(bytes)) return "not a JPEG";
      const nowMs = now();
      places.set(keyOf(key), {
        ...{ site: key.site, kind, id: key.id, heardAtMs: nowMs },
        picture: bytes ? { jpeg: bytes, takenAtMs: nowMs - ageMs } : (before?.picture ?? null),
        because: bytes ? null : (because ?? "the site has none"),
      });
      return undefined;
    },
    all() {
      const oldest = now() - rememberedMs;
      for (const [key, { heardAtMs }] of places) if (heardAtMs < oldest) places.delete(key);
      return [...places.values()];
    },
    find: (key) => places.get(keyOf(key)),
  };
}

/** Browsers look at what is in it, whatever it is called. */
const isJpeg = (bytes: Buffer) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8"));
  } catch {
    return undefined;
  }
}
