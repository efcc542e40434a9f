/** Coming in with a provider's account: where the page sends people, and what they come back with. */
import { keep, personOf, type Grant } from "./login.ts";

const place = "understudy-stays";

/** Those the hub works with, with the address to go to; none where it does not say. */
export async function providers(): Promise<{ name: string; url: string }[]> {
  try {
    const response = await fetch("/api/auth/oidc", { signal: AbortSignal.timeout(15_000) });
    const { items } = (await response.json()) as { items?: { name: string; url: string }[] };
    return items ?? [];
  } catch {
    // Passwords work without.
    return [];
  }
}

/** Somebody leaves for a provider: whether to stay logged in is not asked again. */
export function leave(staysHere: boolean): void {
  if (staysHere) sessionStorage.setItem(place, "yes");
  else sessionStorage.removeItem(place);
}

/** What the hub tells the page, in the part of the address that no server gets. */
const told = () => new URLSearchParams(location.hash.slice(1));
export const isBack = () => told().has("signed-in") || told().has("not-signed-in");

/**
 * Takes what the hub has for somebody who is back from a provider.
 * @returns why not
 */
export async function takeSession(): Promise<string | undefined> {
  const why = told().get("not-signed-in");
  history.replaceState(null, "", location.pathname);
  if (why !== null) return reasons.get(why) ?? "the provider did not let you in";
  const stays = sessionStorage.getItem(place) !== null;
  sessionStorage.removeItem(place);
  try {
    const limit = { signal: AbortSignal.timeout(15_000) };
    const response = await fetch("/api/auth/oidc/session", { method: "POST", ...limit });
    if (!response.ok) {
      const { code } = (await response.json()) as { code?: string };
      return reasons.get(code ?? "") ?? "the hub has no login for you; try again";
    }
    const grant = (await response.json()) as Grant;
    const headers = { Authorization: `Bearer ${grant.access_token}` };
    const me = (await (await fetch("/api/auth/me", { headers, ...limit })).json()) as {
      name: string;
    };
    keep(personOf(me.name, grant), stays ? localStorage : sessionStorage);
    return undefined;
  } catch {
    return "the hub did not answer";
  }
}

/** By the hub's words; what to do next. */
const reasons = new Map([
  ["provider_away", "The provider does not answer. Log in with your password, or try again."],
  ["cancelled", "The provider was not allowed to say who you are."],
  [
    "bad_answer",
    "The provider's answer is not valid. Try again; an admin finds why in the audit log.",
  ],
  ["expired", "That login was begun elsewhere, or too long ago. Try again."],
  ["unknown_person", "Nobody has invited that account. Ask an admin to make you a user here."],
  [
    "email_not_verified",
    "The provider has not verified your e-mail address. Verify it there first.",
  ],
  ["wrong_domain", "Accounts with that e-mail address may not come in here. Use another."],
  ["other_account", "Your user here is linked to another account. Use that, or ask an admin."],
  ["no_role", "The provider has you in no group that may come in here. Ask an admin."],
  ["no_attribute", "The provider does not tell your department or region. Ask an admin."],
  ["disabled", "This account is disabled. Ask an admin."],
  ["off_shift", "This is outside your shifts. An admin can change them."],
]);
