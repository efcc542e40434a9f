/** Interlaced pictures as a real encoder makes them, 25 of two fields each: combed where they move. */

/** @param flagged as interlaced; otherwise nothing says what they are */
export const interlacedPictures = (flagged: boolean): string[] => [
  ...["-vf", `interlace=scan=tff:lowpass=off,${flagged ? "" : "setfield=prog,"}format=yuv420p`],
  ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1"],
  ...(flagged ? ["-flags", "+ildct+ilme"] : []),
  ...["-g", "25", "-b:v", "2M"],
];
export const interlacedSource = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=50"];
