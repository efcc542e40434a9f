/** People for tests, whose passwords cost little to check. */
import { randomUUID } from "node:crypto";
import { hashPassword } from "../../../hub/auth/passwords.ts";
import type { PersonRow } from "../../../hub/store/store.ts";

export const password = "tram over quiet water";
let hashed: Promise<string> | undefined;

export async function aPerson(over: Partial<PersonRow> & { name: string }): Promise<PersonRow> {
  return {
    ...{
      id: randomUUID(),
      role: "operator",
      password: await (hashed ??= hashPassword(password, { N: 1_024, r: 8, p: 1 })),
    },
    ...{
      email: null,
      identities: [],
      invitationSha256: null,
      invitationEndsAtMs: null,
      sites: null,
      department: null,
    },
    ...{ region: null, shifts: null, disabledAtMs: null, createdAtMs: 0, lastLoginAtMs: null },
    ...over,
  };
}
export const from = { address: "10.0.0.7", agent: "test" };
