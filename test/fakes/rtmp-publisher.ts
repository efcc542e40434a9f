import { spawn } from "node:child_process";
import { once } from "node:events";

export type RtmpPublisherOptions = {
  /** With the key: `rtmp://127.0.0.1:PORT/live/KEY`. */
  url: string;
  flashVer?: string;
  audio?: boolean;
  width?: number;
  fps?: number;
  /** Seconds between keyframes. */
  gopSeconds?: number;
  /** Constant rate of the picture, for tests that need a known load. */
  videoBps?: number;
};

/** A real ffmpeg that pushes a small test picture in real time. */
export interface RtmpPublisher {
  readonly pid: number;
  /** Resolves with the exit code, or null when killed by a signal. */
  readonly exited: Promise<number | null>;
  /** What ffmpeg complained about so far. */
  complaints(): string;
  signal(name: NodeJS.Signals): void;
  /** `kill -9` and gone. */
  kill(): Promise<void>;
}

/** @param maxSeconds ends by itself after that, so that a broken test leaves nothing behind */
export function startRtmpPublisher(options: RtmpPublisherOptions, maxSeconds = 120): RtmpPublisher {
  const { url, audio = false, width = 320, fps = 15, gopSeconds = 1, videoBps } = options;
  const picture = `testsrc2=size=${width}x${(width * 9) / 16}:rate=${fps}`;
  const rate = String(videoBps);
  // prettier-ignore
  const child = spawn("ffmpeg", [
    "-nostdin", "-hide_banner", "-loglevel", "error",
    "-re", "-f", "lavfi", "-i", picture,
    ...(audio ? ["-f", "lavfi", "-i", "sine=sample_rate=44100", "-c:a", "aac"] : []),
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1",
    "-pix_fmt", "yuv420p", "-g", String(Math.round(gopSeconds * fps)),
    ...(videoBps === undefined
      ? []
      : ["-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate,
         "-x264-params", "nal-hrd=cbr"]),
    "-t", String(maxSeconds),
    ...(options.flashVer === undefined ? [] : ["-rtmp_flashver", options.flashVer]),
    "-f", "flv", url,
  ], { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.on(
    "data",
    (text: Buffer) => (complaints = `${complaints}${text.toString()}`.slice(-4_000)),
  );
  const exited = once(child, "exit").then(([code]) => code as number | null);
  return {
    pid: child.pid ?? 0,
    exited,
    complaints: () => complaints,
    signal: (name) => void child.kill(name),
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
