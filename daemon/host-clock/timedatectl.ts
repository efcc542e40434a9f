import type { ClockKeeper } from "../../machines/site/host-clock.ts";

/**
 * What `timedatectl show` prints. `NTPSynchronized` is the kernel's own flag, whoever sets it: it
 * stays for hours after the last time server was lost, hence the age.
 * @param server whom systemd-timesyncd follows, where it is the one
 * @param ageMs since systemd-timesyncd was last synchronised
 * @returns undefined where it could not tell (no systemd, a container)
 */
export function readTimedatectl(
  text: string,
  { server, ageMs }: { server?: string | undefined; ageMs?: number | undefined },
): ClockKeeper | undefined {
  const flags = new Map(text.split("\n").map((line) => line.split("=", 2) as [string, string]));
  const isSynchronised = { yes: true, no: false }[flags.get("NTPSynchronized") ?? ""];
  if (isSynchronised === undefined) return undefined;
  if (!isSynchronised) {
    const isOn = flags.get("NTP") === "yes";
    const why = isOn ? "it follows no time server" : "time synchronisation is switched off";
    return { isSynchronised, by: "systemd", why };
  }
  if (server === undefined) return { isSynchronised, by: "the kernel (told by systemd)" };
  const by = `systemd-timesyncd, ${server}`;
  return { isSynchronised, by, ...(ageMs !== undefined && { ageMs }) };
}
