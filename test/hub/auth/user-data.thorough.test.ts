import { expect, test } from "vitest";
import { withAStudio } from "../api/an-api.ts";
import { aPerson, from, password } from "./people.ts";

test("an admin is given all that the hub holds about one person, and nobody else's", async () => {
  const { ask, sessions } = await withAStudio();
  const anna = await aPerson({ name: "anna", email: "anna@example.org" });
  const bert = await aPerson({ name: "bert" });
  for (const one of [anna, bert]) await sessions.save(one);
  const { access_token: key } = await sessions.login("anna", password, from);
  await sessions.login("bert", password, { ...from, address: "10.0.0.8" });
  const path = `/api/users/${anna.id}/data`;
  expect((await ask("GET", path, { key })).status).toBe(403);
  const { status, body } = await ask("GET", path);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    user: { name: "anna", email: "anna@example.org" },
    sessions: [{ address: from.address, agent: from.agent }],
    audit: [{ type: "refused" }, { type: "login.ok", address: from.address }],
    auditIsWhole: true,
  });
  expect(JSON.stringify(body)).not.toMatch(/10\.0\.0\.8|bert|scrypt/);
  expect((await ask("GET", "/api/audit?type=user.data_given")).body["items"]).toMatchObject([
    { object: `user:${anna.id}`, outcome: "ok" },
  ]);
  await ask("DELETE", `/api/users/${anna.id}`);
  expect((await ask("GET", path)).status).toBe(404);
});
