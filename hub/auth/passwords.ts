/** Passwords of people: scrypt, 32 MiB and about 0.2 s each, two at a time. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

type Cost = { N: number; r: number; p: number; maxmem: number };
const derive = promisify<string, Buffer, number, Cost, Buffer>(scrypt);
const cost = { N: 2 ** 15, r: 8, p: 3 };
/** A flood of logins waits in line instead of taking all memory; who would wait long is refused. */
const atOnce = 2;
const mostWaiting = 50;
let running = 0;
const line: (() => void)[] = [];

/** Too many logins at the moment. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (line.length >= mostWaiting) throw new BusyError("too many logins at once");
  if (running >= atOnce) await new Promise<void>((resolve) => line.push(resolve));
  else running += 1;
  try {
    return await work();
  } finally {
    const next = line.shift();
    if (next) next();
    else running -= 1;
  }
}

const hashOf = (password: string, salt: Buffer, { N, r, p }: Omit<Cost, "maxmem">) =>
  inTurn(() => derive(password.normalize("NFKC"), salt, 32, { N, r, p, maxmem: 256 * N * r }));

/** @returns `scrypt$N$r$p$salt$hash`: what it cost stands with it, so that it can be raised later */
export async function hashPassword(password: string, paid = cost): Promise<string> {
  const salt = randomBytes(16);
  const hash = await hashOf(password, salt, paid);
  const { N, r, p } = paid;
  return ["scrypt", N, r, p, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/** Takes as long where there is no password at all: a stranger cannot time which names exist. */
export async function isPassword(password: string, stored: string | null): Promise<boolean> {
  const [, N, r, p, salt = "", hash = ""] = (stored ?? "").split("$");
  const paid = stored === null ? cost : { N: Number(N), r: Number(r), p: Number(p) };
  const found = await hashOf(password, Buffer.from(salt, "base64url"), paid);
  const wanted = Buffer.from(hash, "base64url");
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}
