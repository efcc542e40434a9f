import { expect, test } from "vitest";
import { hubFormat } from "../../config/hub.ts";
import { parseConfig } from "../../config/load.ts";

const hub =
  (provider: string, publicUrl = "publicUrl: https://hub.example.org") =>
  () =>
    parseConfig("hub.yaml", `${publicUrl}\nsignIn:\n  - ${provider}\n`, hubFormat).config;
const one = (issuer: string, more = "") =>
  `{id: idp, name: Idp, issuer: "${issuer}", clientId: x${more}}`;

test("a provider and the page are reached by https, in clear only on this machine", () => {
  expect(hub(one("https://idp.example.org"))().signIn).toMatchObject([
    { scopes: ["openid", "profile", "email"], emailDomains: [], attributes: {} },
  ]);
  expect(hub(one("http://127.0.0.1:4000"))).not.toThrow();
  for (const issuer of ["http://idp.example.org", "http://127.0.0.1.evil.org", "ftp://x"]) {
    expect(hub(one(issuer)), issuer).toThrow(/issuer/);
  }
  const good = one("https://idp.example.org");
  expect(hub(good, "publicUrl: https://hub.example.org/")().publicUrl).toBe(
    "https://hub.example.org",
  );
  for (const bad of ["http://hub.example.org", "https://hub.example.org/path"]) {
    expect(hub(good, `publicUrl: ${bad}`), bad).toThrow(/publicUrl/);
  }
  expect(hub(good, "")).toThrow(/signIn.*needs publicUrl/);
});

test("a client secret stands elsewhere, and openid is always asked for", () => {
  expect(hub(one("https://i.org", ", clientSecret: hunter2"))).toThrow(/must not be written here/);
  expect(hub(one("https://i.org", ", scopes: [email]"))).toThrow(/openid/);
});
