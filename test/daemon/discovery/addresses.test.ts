import { expect, test } from "vitest";
import { addressesOf, RangeRefused } from "../../../daemon/discovery/addresses.ts";
import { portsOf } from "../../../daemon/discovery/ports.ts";

test("a /29 is its six hosts, without network and broadcast address", () => {
  expect(addressesOf(["192.168.7.8/29"])).toEqual(
    [9, 10, 11, 12, 13, 14].map((host) => `192.168.7.${host}`),
  );
});

test("one address is itself, also as /32, and is looked at once", () => {
  expect(addressesOf(["10.0.0.7", "10.0.0.7/32", "10.0.0.7/31"])).toEqual(["10.0.0.7", "10.0.0.6"]);
});

test.each(["8.8.8.8", "192.0.2.0/24", "172.32.0.0/24", "0.0.0.0/0", "9.0.0.0/7"])(
  "%s is refused: it is not all private",
  (range) => {
    expect(() => addressesOf([range])).toThrow(RangeRefused);
    expect(() => addressesOf([range])).toThrow("--allow-public");
  },
);

test("public addresses are looked at only when that is said", () => {
  expect(addressesOf(["192.0.2.1"], { public: true })).toEqual(["192.0.2.1"]);
});

test("1,024 addresses are a range, one more is not without --allow-large, and a /8 never", () => {
  expect(addressesOf(["10.0.0.0/22"])).toHaveLength(1_022);
  expect(() => addressesOf(["10.0.0.0/22", "10.9.0.1"])).toThrow("--allow-large");
  expect(addressesOf(["10.0.0.0/21"], { large: true })).toHaveLength(2_046);
  expect(() => addressesOf(["10.0.0.0/8"], { large: true })).toThrow("smaller ranges");
});

test.each(["fd00::/64", "helo-1", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0", "10.0.0.0/", ""])(
  "%j is not a range",
  (text) => expect(() => addressesOf([text])).toThrow("must be an IPv4 range"),
);

test("ports say what is spoken there", () => {
  expect(portsOf("http:80, http:8080,snmp:161")).toEqual([
    { over: "http", port: 80 },
    { over: "http", port: 8080 },
    { over: "snmp", port: 161 },
  ]);
  for (const wrong of ["80", "http:0", "http:70000", "ssh:22", "", "http:80,"])
    expect(portsOf(wrong)).toBeUndefined();
});
