import { createPublicKey, verify } from "node:crypto";
import { Signatures, signedText } from "../machines/command/signature.contract.ts";

const hourMs = 3_600_000;
/** The same again within this time is counted and told with the next; each time that grows tenfold. */
const quietAtFirstMs = 60_000;

export type SignatureCheck = {
  /** @returns why this request must not be obeyed */
  refuse: (topic: string, payload: unknown) => string | undefined;
  /** For an hour after the last that was refused. */
  warnings: () => string[];
  close: () => void;
};

/**
 * Whether a request comes from the hub: from who holds the private half of a key that is pinned
 * here. Whoever else may publish to the broker, with whatever password, is refused and told of.
 *
 * @param pinned as `mqtt.commandKeys` has them
 */
export function signatureCheck(p: {
  pinned: readonly string[];
  monoMs: () => number;
  /** `count` since it was told last. */
  tell: (refused: { count: number; topic: string }) => void;
  /** The warnings are others now. */
  changed: () => void;
}): SignatureCheck {
  const keys = p.pinned.map((text) =>
    createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: text.slice("ed25519:".length) },
      format: "jwk",
    }),
  );
  let [refused, untold, toldMs, lastMs] = [0, 0, -Infinity, -Infinity];
  let quietMs = quietAtFirstMs;
  let calming: NodeJS.Timeout | undefined;

  function problem(topic: string, payload: unknown): string | undefined {
    if (typeof payload !== "object" || payload === null) return undefined;
    const said = payload as Record<string, unknown>;
    const given = Signatures.safeParse(said["signatures"] ?? []);
    if (!given.success || given.data.length === 0) return "it is not signed";
    const bytes = Buffer.from(signedText(topic, said));
    const isSigned = given.data.some((signature) =>
      keys.some((key) => verify(null, bytes, key, Buffer.from(signature, "base64url"))),
    );
    return isSigned ? undefined : "no key that is pinned at this site has signed it as it came";
  }

  return {
    refuse(topic, payload) {
      const why = problem(topic, payload);
      if (why === undefined) return undefined;
      refused += 1;
      untold += 1;
      // A stranger who goes on all night calls a few times, not each minute.
      if (p.monoMs() - lastMs > hourMs) [quietMs, toldMs] = [quietAtFirstMs, -Infinity];
      lastMs = p.monoMs();
      if (lastMs - toldMs >= quietMs) {
        if (toldMs !== -Infinity) quietMs = Math.min(10 * quietMs, hourMs);
        toldMs = lastMs;
        p.tell({ count: untold, topic });
        untold = 0;
        clearTimeout(calming);
        calming = setTimeout(p.changed, hourMs + quietMs).unref();
        p.changed();
      }
      return why;
    },
    warnings() {
      if (p.monoMs() - lastMs > hourMs) return [];
      return [
        `${refused} command(s) that the hub has not signed were refused: somebody else may publish to the broker, or the hub's key was replaced`,
      ];
    },
    close: () => clearTimeout(calming),
  };
}
