/** What a publisher offers by WebRTC, and what is said to it. */

/** @returns why it cannot be taken in; undefined: it can */
export function unfit(offer: string): string | undefined {
  if (!offer.startsWith("v=0")) return "the body is not SDP";
  const sections = offer.split(/^m=/m).slice(1);
  const of = (kind: string) => sections.filter((section) => section.startsWith(`${kind} `));
  if (of("video").length !== 1) return "one picture is taken in: the offer needs one video part";
  if (of("audio").length > 1) return "one sound is taken in: the offer has several audio parts";
  if (!has(of("video"), "H264")) return "the picture must be H.264, which the offer does not have";
  if (!has(of("audio"), "opus")) return "the sound must be Opus, which the offer does not have";
  const wrong = [...of("video"), ...of("audio")].find((part) =>
    /^a=(recvonly|inactive)/m.test(part),
  );
  return wrong && "the offer must send what it has (sendonly)";
}

const has = (parts: string[], codec: string) =>
  parts.every((part) => new RegExp(`^a=rtpmap:\\d+ ${codec}/`, "im").test(part));

export const hasSound = (offer: string): boolean => /^m=audio /m.test(offer);

/** A browser sends both sides of a sound only to whom says that it wants them. */
export const inStereo = (answer: string): string =>
  answer.replace(/^(a=fmtp:\d+ .*useinbandfec=1)/gm, "$1;stereo=1");
