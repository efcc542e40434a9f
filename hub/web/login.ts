/** Who is at this page: a person who has logged in, or somebody with an API key. */

type Person = { name: string; access: string; refresh: string };
/** The key is asked for a token again when that has ended. */
type WithKey = { key: string; access?: string };
type Kept = WithKey | Person;
export type Grant = { access_token: string; refresh_token: string };

const place = "understudy-login";

/** For this tab, or for this device until somebody logs out. */
const stores = () => [sessionStorage, localStorage] as const;

function kept(): Kept | undefined {
  const text = stores()
    .map((store) => store.getItem(place))
    .find((found) => found !== null);
  return text === undefined || text === null ? undefined : (JSON.parse(text) as Kept);
}

export function keep(login: Kept, store: Storage): void {
  forget();
  store.setItem(place, JSON.stringify(login));
}

function forget(): void {
  for (const store of stores()) store.removeItem(place);
}

/** What goes along with each request and with the socket; undefined: nobody has logged in. */
export function token(): string | undefined {
  return kept()?.access;
}

/** Who it is, for people. */
export function whoIsHere(): string | undefined {
  const login = kept();
  return login && ("key" in login ? "by API key" : login.name);
}

const post = (path: string, body: unknown) =>
  fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });

/** What is in a key is no text for a header: then the hub would not know it either. */
const open = (key: string) =>
  fetch("/api/auth/key", {
    method: "POST",
    headers: { Authorization: `Bearer ${/^[\x21-\x7e]+$/.test(key) ? key : "none"}` },
    signal: AbortSignal.timeout(15_000),
  });

/**
 * @param name left empty, `secret` is an API key
 * @returns why not
 */
export async function logIn(
  { name, secret }: { name: string; secret: string },
  staysHere: boolean,
): Promise<string | undefined> {
  const store = staysHere ? localStorage : sessionStorage;
  const byKey = name === "";
  try {
    const response = byKey
      ? await open(secret)
      : await post("/api/auth/login", { name, password: secret });
    if (!response.ok) return await whyNot(response);
    const grant = (await response.json()) as Grant;
    keep(byKey ? { key: secret, access: grant.access_token } : personOf(name, grant), store);
    return undefined;
  } catch {
    return "the hub did not answer";
  }
}

/**
 * Somebody was invited and chooses a password.
 * @returns why not
 */
export async function accept(invitation: string, password: string): Promise<string | undefined> {
  try {
    const response = await post("/api/auth/accept", { invitation, password });
    return response.ok ? undefined : await whyNot(response);
  } catch {
    return "the hub did not answer";
  }
}

async function whyNot(response: Response): Promise<string> {
  const { detail } = (await response.json().catch(() => ({}))) as { detail?: string };
  const seconds = response.headers.get("Retry-After");
  return `${detail ?? `the hub answered ${response.status}`}${seconds ? `; try again in ${seconds} s` : ""}`;
}

export const personOf = (name: string, grant: Grant): Person => ({
  ...{ name, access: grant.access_token, refresh: grant.refresh_token },
});

export async function logOut(): Promise<void> {
  const login = kept();
  forget();
  if (!login || "key" in login) return;
  const headers = { Authorization: `Bearer ${login.access}` };
  // Without an answer the session ends by itself when its token is not renewed.
  await fetch("/api/auth/logout", { method: "POST", headers }).catch(() => undefined);
}

let renewing: Promise<boolean> | undefined;

/**
 * A token is good for an hour. What renews it is good for one use: two tabs must not use it both.
 * @param stale what the hub did not take any more
 * @returns whether there is a newer one now
 */
export function renew(stale: string | undefined): Promise<boolean> {
  const alone = () => renewOnce(stale);
  // Browsers have locks only where the page came by TLS or from this machine.
  const locks = (navigator as { locks?: LockManager }).locks;
  renewing ??= (locks ? locks.request(place, alone) : alone()).finally(() => {
    renewing = undefined;
  });
  return renewing;
}

async function renewOnce(stale: string | undefined): Promise<boolean> {
  const login = kept();
  if (!login) return false;
  if (login.access !== stale) return true;
  const store = stores().find((one) => one.getItem(place) !== null);
  const response =
    "key" in login
      ? await open(login.key)
      : await post("/api/auth/refresh", { refresh_token: login.refresh });
  if (!response.ok || !store) {
    if (response.status === 401 || response.status === 403) forget();
    return false;
  }
  const grant = (await response.json()) as Grant;
  const next =
    "key" in login ? { ...login, access: grant.access_token } : personOf(login.name, grant);
  keep(next, store);
  return true;
}
