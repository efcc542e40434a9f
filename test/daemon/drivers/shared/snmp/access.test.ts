import { describe, expect, test } from "vitest";
import { inlineSecrets } from "../../../../../config/secrets.ts";
import { vendors } from "../../../../../daemon/drivers/index.ts";
import { outletVendors } from "../../../../../daemon/drivers/outlets.ts";
import { isSpoofable, SnmpAccess } from "../../../../../daemon/drivers/shared/snmp/access.ts";
import { storageVendors } from "../../../../../daemon/drivers/storages.ts";

const v3 = { version: "v3", user: "u", authPassword: "12345678", privPassword: "87654321" };

describe("the options of SNMP devices", () => {
  test("keep communities and passwords out of the config file", () => {
    const written = { host: "pdu-1", access: { version: "v2c", community: "public" } };
    expect(inlineSecrets(written).map(({ path }) => path)).toEqual([["access", "community"]]);
    expect(inlineSecrets({ access: v3 }).map(({ path }) => path)).toEqual([
      ["access", "authPassword"],
      ["access", "privPassword"],
    ]);
    const referred = { access: { version: "v2c", community: "credential:pdu-1" } };
    expect(inlineSecrets(referred)).toEqual([]);
  });

  test("sign with SHA-256 and encrypt with AES where v3 says nothing else", () => {
    expect(SnmpAccess.parse(v3)).toMatchObject({ authProtocol: "sha256", privProtocol: "aes" });
  });

  test("know which versions others on the network could forge", () => {
    const of = (access: unknown) => isSpoofable(SnmpAccess.parse(access));
    expect(of({ version: "v1", community: "c" })).toBe(true);
    expect(of({ version: "v2c", community: "c" })).toBe(true);
    expect(of(v3)).toBe(false);
  });

  test.each([
    { name: "snmp", vendor: vendors["snmp"]! },
    { name: "synology", vendor: storageVendors["synology"]! },
    ...["pdu-apc", "pdu-raritan", "pdu-sentry3"].map((name) => ({
      name,
      vendor: outletVendors[name]!,
    })),
  ])(
    "of $name refuse what they do not know, an empty community and a short password",
    ({ vendor }) => {
      const parse = (more: object) => {
        const place = { host: "box-1", access: { version: "v2c", community: "c" } };
        return [undefined, 3, "1.1.3"].some((where) => {
          const options = { ...place, ...(where !== undefined && { outlet: where }), ...more };
          return vendor.options.safeParse(options).success;
        });
      };
      expect(parse({})).toBe(true);
      expect(parse({ comunity: "typo" })).toBe(false);
      expect(parse({ access: { version: "v2c", community: "" } })).toBe(false);
      expect(parse({ access: { version: "v3", user: "u", authPassword: "short" } })).toBe(false);
    },
  );
});
