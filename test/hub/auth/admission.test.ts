import { expect, test } from "vitest";
import { admission, type Rules } from "../../../hub/auth/admission.ts";
import type { PersonRow } from "../../../hub/store/store.ts";
import { aPerson } from "./people.ts";

const rules: Rules = { emailDomains: [], attributes: {} };
const said = { iss: "https://idp", sub: "7", email: "ANNA@example.org", email_verified: true };

const anAnna = (over: Partial<PersonRow> = {}) =>
  aPerson({ name: "anna", password: null, email: "anna@example.org", ...over });
async function outcome(claims: object, over: Partial<Rules> = {}, who: Partial<PersonRow> = {}) {
  const people = [await aPerson({ name: "bert", password: null }), await anAnna(who)];
  const found = admission({ ...rules, ...over }, { ...said, ...claims }, people, 5);
  return "refused" in found ? found.refused : found.changes;
}

test("a verified address links the account; only the word true verifies", async () => {
  const identities = [{ issuer: "https://idp", subject: "7", linkedAtMs: 5 }];
  expect(await outcome({})).toEqual({ identities });
  expect(await outcome({ email_verified: "true" })).toBe("email_not_verified");
  expect(await outcome({ email: null })).toBe("email_not_verified");
  expect(await outcome({ email: "" })).toBe("email_not_verified");
  expect(await outcome({ email: "bert@example.org" })).toBe("unknown_person");
  // Users without an address are nobody's.
  expect(await outcome({ email: "null" })).toBe("email_not_verified");
});

test("a linked account needs no address, unless its domain counts", async () => {
  const identities = [{ issuer: "https://idp", subject: "7", linkedAtMs: 1 }];
  const linked = { identities, email: null };
  expect(await outcome({ email: undefined }, {}, linked)).toEqual({});
  const emailDomains = ["example.org"];
  expect(await outcome({ email: undefined }, { emailDomains }, linked)).toBe("email_not_verified");
  expect(await outcome({ email: "a@b@evil.org" }, { emailDomains }, linked)).toBe("wrong_domain");
  expect(await outcome({}, { emailDomains }, linked)).toEqual({});
  // The same number at another issuer is somebody else.
  expect(await outcome({ iss: "https://other", email: undefined }, {}, linked)).toBe(
    "email_not_verified",
  );
});

test("the first group that has a role counts, also where the claim is a single word", async () => {
  const roles = {
    claim: "groups",
    groups: [
      { group: "chiefs", role: "admin" as const },
      { group: "crew", role: "viewer" as const },
    ],
  };
  expect(await outcome({ groups: ["crew", "chiefs"] }, { roles })).toMatchObject({ role: "admin" });
  expect(await outcome({ groups: "crew" }, { roles })).toMatchObject({ role: "viewer" });
  expect(await outcome({ groups: ["others"] }, { roles })).toBe("no_role");
  expect(await outcome({}, { roles })).toBe("no_role");
});

test("a claim that limits must be there: without it a person would see all", async () => {
  const attributes = { region: "zone" };
  expect(await outcome({ zone: "north" }, { attributes })).toMatchObject({ region: "north" });
  for (const zone of [undefined, "", null, ["north"], 7]) {
    expect(await outcome({ zone }, { attributes })).toBe("no_attribute");
  }
});
