/** A tab of a real browser that publishes a fake camera and a fake microphone by WHIP. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { chromium } from "playwright-core";
import { onTestFinished } from "vitest";

/** What a publisher's own page does: one offer, one answer, no candidates afterwards. */
const page = `<!doctype html><script>
  async function publish(address, key, codec) {
    const camera = await navigator.mediaDevices.getUserMedia({
      audio: true, video: { width: 640, height: 360, frameRate: 15 },
    });
    const peer = (window.peer = new RTCPeerConnection());
    for (const track of camera.getTracks()) {
      const sender = peer.addTransceiver(track, { direction: "sendonly" });
      if (track.kind === "audio") continue;
      const { codecs } = RTCRtpSender.getCapabilities("video");
      if (codec) sender.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === codec));
    }
    await peer.setLocalDescription();
    if (peer.iceGatheringState !== "complete") {
      await new Promise((done) => peer.addEventListener("icegatheringstatechange", () =>
        peer.iceGatheringState === "complete" && done()));
    }
    const response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: "Bearer " + key },
      body: peer.localDescription.sdp,
    });
    const text = await response.text();
    if (response.status === 201) await peer.setRemoteDescription({ type: "answer", sdp: text });
    return { status: response.status, text, location: response.headers.get("Location") };
  }
</script>`;

export type Told = { status: number; text: string; location: string | null };

export async function aBrowser() {
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html").end(page);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      ...["--no-sandbox", "--allow-loopback-in-peer-connection"],
      ...["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
    ],
  });
  onTestFinished(async () => {
    await browser.close();
    server.close();
  });
  return {
    async tab() {
      const tab = await browser.newPage();
      await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      return {
        publish: (address: string, key: string, codec?: string): Promise<Told> =>
          tab.evaluate(
            ([address, key, codec]) =>
              (globalThis as unknown as { publish(...p: unknown[]): Promise<Told> }).publish(
                address,
                key,
                codec,
              ),
            [address, key, codec] as const,
          ),
        /** What the browser thinks it may send, bit/s. */
        mayBps: (): Promise<number> => tab.evaluate(mayBps),
        close: () => tab.close(),
      };
    },
  };
}

async function mayBps(): Promise<number> {
  const { peer } = globalThis as unknown as { peer: { getStats(): Promise<Map<string, object>> } };
  const all = [...(await peer.getStats()).values()] as { availableOutgoingBitrate?: number }[];
  return all.find((it) => it.availableOutgoingBitrate !== undefined)?.availableOutgoingBitrate ?? 0;
}
