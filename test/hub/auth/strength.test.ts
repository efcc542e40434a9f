import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { weakPassword, weakSecret } from "../../../hub/auth/strength.ts";
import {
  checkHubOptions,
  defaultHubOptions,
  HubOptionsError,
  takeGivenKeys,
} from "../../../hub/options.ts";

test("a password that is short, known, repeated or in a row is refused with the reason", () => {
  for (const [password, why] of [
    ["", "12 characters"],
    ["short-one", "12 characters"],
    ["Password1234", "everybody tries"],
    ["changeme-changeme", "everybody tries"],
    ["aaaaaaaaaaaaaaaa", "repeats"],
    ["kilo7!kilo7!kilo7!", "repeats"],
    ["abcdefghijklmnop", "alphabet"],
    ["qwertyuiopasdf", "keyboard"],
    ["xx-maria-2026-xx", "name"],
    ["x".repeat(201), "more than"],
  ] as const) {
    expect([password, weakPassword(password, "maria")]).toEqual([
      password,
      expect.stringContaining(why),
    ]);
  }
  for (const good of ["correct horse battery staple", "k9#Vd-tram-Lug2", "Nebel über dem Watt 7"]) {
    expect(weakPassword(good, "maria")).toBeUndefined();
  }
});

test("a hub does not start with an empty, short or default MASTER_API_KEY", () => {
  for (const secret of ["", "   ", "secret", "changeme", "test-key-123", "a".repeat(40)]) {
    const env = { MASTER_API_KEY: secret };
    const options = { ...defaultHubOptions({}), givenKeys: takeGivenKeys(env) };
    expect(() => checkHubOptions(options)).toThrow(HubOptionsError);
    expect(() => checkHubOptions(options)).toThrow(/MASTER_API_KEY is refused: .*openssl rand/);
    expect(env).toEqual({});
  }
  for (let i = 0; i < 200; i++) {
    expect(weakSecret(randomBytes(32).toString("base64"))).toBeUndefined();
    expect(weakSecret(randomBytes(16).toString("hex"))).toBeUndefined();
  }
});
