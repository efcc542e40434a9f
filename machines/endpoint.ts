const host = "(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\\[[0-9A-Fa-f:.]{2,45}\\])";
const rtmpAddress = new RegExp(
  `^(?<scheme>rtmps?)://(?<host>${host})(?::(?<port>\\d{1,5}))?` +
    "/(?<app>[A-Za-z0-9._~-]{1,128}(?:/[A-Za-z0-9._~-]{1,128}){0,3})/?$",
);
/** What the relay of a stream reads, on this host. */
const spoolAddress = /^(?<scheme>spool):(?<app>(?:\/[A-Za-z0-9._-]{1,128}){2,16})$/;
const srtAddress = new RegExp(`^(?<scheme>srt)://(?<host>${host}):(?<port>\\d{1,5})/?$`);

/**
 * `host` may be an IPv6 address in brackets; `app` is empty for SRT. A spool has no host and no
 * port, and `app` is its folder.
 */
export type Endpoint = {
  scheme: "rtmp" | "rtmps" | "srt" | "spool";
  host: string;
  port: number;
  app: string;
};

/** Where an address leads, or undefined when it is none that can be published to. */
export function endpointOf(address: string): Endpoint | undefined {
  const found = (
    rtmpAddress.exec(address) ??
    srtAddress.exec(address) ??
    spoolAddress.exec(address)
  )?.groups;
  if (!found) return undefined;
  const scheme = found["scheme"] as Endpoint["scheme"];
  if (scheme === "spool") return { scheme, host: "", port: 0, app: found["app"]! };
  const port = Number(found["port"] ?? (scheme === "rtmps" ? 443 : 1935));
  if (port < 1 || port > 65_535) return undefined;
  return { scheme, host: found["host"] ?? "", port, app: found["app"] ?? "" };
}
