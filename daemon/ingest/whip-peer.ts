/** The WebRTC side of one publisher. Loaded when the first one comes: the package takes its time. */
import {
  type MediaStreamTrack,
  RTCPeerConnection,
  type RtcpPacket,
  RtcpSrPacket,
  type RTCRtpReceiver,
  useH264,
  useOPUS,
  useTransportWideCC,
} from "werift";
import { type Addressed, Arrivals } from "./arrivals.ts";
import type { Arrived, Report, Track } from "./rtp-feed.ts";
import { inStereo } from "./whip-offer.ts";

/** A browser sends a keyframe when it is asked, and else hardly any. */
const keyframeEveryMs = 2_000;
/** UDP ports for the media begin with the number of the TCP port. */
const mediaPorts = 10;

export type Peer = {
  answer: string;
  askForKeyframe(): void;
  close(): void;
};

type Heard = {
  packet(track: Track, packet: Arrived): void;
  report(track: Track, report: Report): void;
  /** It will not send anything more. */
  gone(): void;
};

/** Rejects when the offer is one that it cannot answer. */
export async function connectPeer(
  offer: string,
  { host, port }: { host: string; port: number },
  heard: Heard,
): Promise<Peer> {
  const own = { [host.includes(":") ? "udp6" : "udp4"]: host };
  const isAny = host === "0.0.0.0" || host === "::";
  const connection = new RTCPeerConnection({
    codecs: { video: [useH264()], audio: [useOPUS()] },
    // By these a browser learns how much of what it sends arrives, and sends more.
    headerExtensions: { video: [useTransportWideCC()], audio: [useTransportWideCC()] },
    iceServers: [],
    icePortRange: [port, Math.min(65_535, port + mediaPorts - 1)],
    // At its own address alone, which may be one that is not looked for, such as loopback.
    ...(isAny ? {} : { iceAdditionalHostAddresses: [host], iceInterfaceAddresses: own }),
    iceUseIpv4: isAny,
    iceUseIpv6: host === "::",
  });
  let askForKeyframe = () => undefined as void;
  const timer = setInterval(() => askForKeyframe(), keyframeEveryMs);
  const arrivals = new Arrivals(
    () => addressedIn(connection),
    (report) => {
      const packet = { serialize: () => report } as unknown as RtcpPacket;
      void connection.dtlsTransports[0]?.sendRtcp([packet]).catch(() => undefined);
    },
  );
  const close = () => {
    clearInterval(timer);
    arrivals.close();
    void connection.close().catch(() => undefined);
  };
  connection.connectionStateChange.subscribe((state) => {
    if (state === "failed" || state === "closed") heard.gone();
  });
  connection.onRemoteTransceiverAdded.subscribe(({ receiver, kind }) => {
    // The package's own reports leave out what the other track got: a browser takes them for loss.
    receiver.receiverTWCC = arrivals as unknown as NonNullable<typeof receiver.receiverTWCC>;
    receiver.onRtcp.subscribe((packet) => {
      if (!(packet instanceof RtcpSrPacket)) return;
      const { ntpTimestamp, rtpTimestamp } = packet.senderInfo;
      heard.report(kind as Track, { ntp: ntpTimestamp, timestamp: rtpTimestamp });
    });
  });
  connection.onTrack.subscribe((track) => {
    const receiver = receiverOf(connection, track);
    track.onReceiveRtp.subscribe(({ header, payload }) => {
      if (track.kind === "video") {
        askForKeyframe = () => void receiver?.sendRtcpPLI(header.ssrc).catch(() => undefined);
      }
      const { sequenceNumber, timestamp, marker } = header;
      heard.packet(track.kind as Track, { sequenceNumber, timestamp, marker, payload });
    });
  });
  try {
    await connection.setRemoteDescription({ type: "offer", sdp: offer });
    await connection.setLocalDescription(await connection.createAnswer());
    // The candidates are in it: whoever publishes is told all at once.
    const answer = inStereo(connection.localDescription?.sdp ?? "");
    return { answer, askForKeyframe: () => askForKeyframe(), close };
  } catch (error) {
    close();
    throw error;
  }
}

const receiverOf = (
  connection: RTCPeerConnection,
  track: MediaStreamTrack,
): RTCRtpReceiver | undefined =>
  connection.getTransceivers().find(({ receiver }) => receiver.tracks.includes(track))?.receiver;

function addressedIn(connection: RTCPeerConnection): Addressed | undefined {
  const [receiver] = connection.getTransceivers().map((it) => it.receiver);
  const mediaSsrc = receiver?.tracks[0]?.ssrc;
  return receiver && mediaSsrc !== undefined
    ? { senderSsrc: receiver.rtcpSsrc, mediaSsrc }
    : undefined;
}
