/**
 * Whom a provider's word lets in, and as what. Nobody comes in whom no admin has made a user: the
 * first time by the verified e-mail address that the user has here, from then on by the account.
 */
import type { SignInProvider } from "../../config/sign-in.schema.ts";
import type { Identity, PersonRow } from "../store/store.ts";

/** What a provider says of somebody: the claims of ID token and userinfo. */
export type Claims = { iss: string; sub: string } & Record<string, unknown>;
export type Rules = Pick<SignInProvider, "emailDomains" | "roles" | "attributes">;

export type NotAdmitted =
  | "email_not_verified"
  | "wrong_domain"
  | "unknown_person"
  | "other_account"
  | "no_role"
  | "no_attribute";

export type Admission =
  { person: PersonRow; changes: Partial<PersonRow> } | { refused: NotAdmitted; person?: PersonRow };

/** @param nowMs when an account is linked */
export function admission(
  { emailDomains, roles, attributes }: Rules,
  claims: Claims,
  people: readonly PersonRow[],
  nowMs: number,
): Admission {
  const email = verifiedEmail(claims);
  if (emailDomains.length > 0) {
    if (email === undefined) return { refused: "email_not_verified" };
    if (!emailDomains.includes(email.slice(email.lastIndexOf("@") + 1))) {
      return { refused: "wrong_domain" };
    }
  }
  const { iss: issuer, sub: subject } = claims;
  const linked = people.find((one) => isLinked(one, { issuer, subject }));
  if (!linked && email === undefined) return { refused: "email_not_verified" };
  const person = linked ?? people.find((one) => one.email === email);
  if (!person) return { refused: "unknown_person" };
  const changes: Partial<PersonRow> = {};
  if (!linked) {
    // Addresses are given to somebody else one day; the account a provider numbers is not.
    if (person.identities.some((one) => one.issuer === issuer)) {
      return { refused: "other_account", person };
    }
    changes.identities = [...person.identities, { issuer, subject, linkedAtMs: nowMs }];
  }
  if (roles) {
    const groups = [claims[roles.claim]].flat();
    const found = roles.groups.find(({ group }) => groups.includes(group));
    if (!found) return { refused: "no_role", person };
    if (found.role !== person.role) changes.role = found.role;
  }
  for (const name of ["department", "region"] as const) {
    const claim = attributes[name];
    if (claim === undefined) continue;
    const value = claims[claim];
    // Without a limit a person sees all: a claim that is missing must not mean that.
    if (typeof value !== "string" || value === "" || value.length > 80) {
      return { refused: "no_attribute", person };
    }
    if (value !== person[name]) changes[name] = value;
  }
  return { person, changes };
}

type Account = Pick<Identity, "issuer" | "subject">;
export const isLinked = ({ identities }: PersonRow, { issuer, subject }: Account) =>
  identities.some((one) => one.issuer === issuer && one.subject === subject);

/** Addresses are compared as everybody writes them, whatever the case. */
function verifiedEmail({ email, email_verified: verified }: Claims): string | undefined {
  if (typeof email !== "string" || !email.includes("@") || verified !== true) return undefined;
  return email.toLowerCase();
}
