/** Wrong logins cost time: per name and address, per address, and per name from anywhere. */
const windowMs = 15 * 60_000;
const most = { pair: 5, address: 20, name: 50 } as const;
/** More subjects than this are an attack; the oldest are forgotten. */
const mostSubjects = 20_000;

export type Throttle = {
  /** Seconds until another try is looked at; 0 = now. */
  waitS(address: string, name: string): number;
  /** One try. @returns call it when the login was right: the try is taken back */
  tried(address: string, name: string): () => void;
};

export function openThrottle(now: () => number): Throttle {
  const tries = new Map<string, { count: number; endsAtMs: number }>();
  const subjects = (address: string, name: string) =>
    [
      [JSON.stringify([address, name]), most.pair],
      [`address ${address}`, most.address],
      [`name ${name}`, most.name],
    ] as const;
  return {
    waitS: (address, name) => {
      const nowMs = now();
      const waits = subjects(address, name).map(([subject, limit]) => {
        const held = tries.get(subject);
        return held && held.count >= limit ? held.endsAtMs - nowMs : 0;
      });
      return Math.max(0, Math.ceil(Math.max(...waits) / 1_000));
    },
    tried: (address, name) => {
      const nowMs = now();
      const counted = subjects(address, name).map(([subject]) => {
        const held = tries.get(subject);
        const fresh =
          held && nowMs < held.endsAtMs ? held : { count: 0, endsAtMs: nowMs + windowMs };
        fresh.count += 1;
        tries.delete(subject);
        tries.set(subject, fresh);
        return fresh;
      });
      while (tries.size > mostSubjects) tries.delete(tries.keys().next().value ?? "");
      return () => {
        for (const one of counted) one.count -= 1;
      };
    },
  };
}
