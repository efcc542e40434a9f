import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createServer } from "node:tls";
import type { FarEnd } from "./far-end.ts";

export type BehindTls = {
  /** `rtmps://localhost:PORT/live` */
  readonly rtmpsUrl: string;
  /** How much a caller has told it, once it had shown its certificate. */
  heardBytes(): number;
  close(): void;
};

/** The same far end as platforms have it: TLS stands before it. */
export async function behindTls(
  { rtmpPort }: Pick<FarEnd, "rtmpPort">,
  certificate: { key: string; cert: string },
): Promise<BehindTls> {
  let heardBytes = 0;
  const server = createServer(certificate, (caller) => {
    const inside = connect(rtmpPort, "127.0.0.1");
    caller.on("data", ({ length }: Buffer) => (heardBytes += length));
    caller.pipe(inside).pipe(caller);
    caller.on("error", () => inside.destroy()).on("close", () => inside.destroy());
    inside.on("error", () => caller.destroy()).on("close", () => caller.destroy());
  });
  // Who does not like the certificate hangs up.
  server.on("tlsClientError", () => undefined);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    rtmpsUrl: `rtmps://localhost:${(server.address() as AddressInfo).port}/live`,
    heardBytes: () => heardBytes,
    close: () => void server.close(),
  };
}
