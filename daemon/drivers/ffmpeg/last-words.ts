/**
 * Why a certificate was not taken, if that is how it ended. GnuTLS, as ffmpeg 5.1 has it, does not
 * tell one that is too old from one that a stranger has signed.
 */
export function certificateWords(lines: readonly string[]): string | undefined {
  const said = lines.join("\n");
  const host = /The certificate's owner does not match hostname (\S+)/.exec(said)?.[1];
  if (host !== undefined) return `the far end's certificate is for another name than ${host}`;
  return said.includes("Peer certificate failed verification")
    ? "the far end's certificate is out of date, or signed by nobody whom this host trusts (package ca-certificates)"
    : undefined;
}

/** Of an ffmpeg that publishes. */
export function lastWords(lines: readonly string[]): string[] {
  const certificate = certificateWords(lines);
  return certificate === undefined ? lines.slice(-3) : [certificate];
}
