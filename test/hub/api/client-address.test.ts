import { expect, test } from "vitest";
import { clientAddress } from "../../../hub/api/client-address.ts";

const asked = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  }) as Parameters<ReturnType<typeof clientAddress>>[0];

test("a socket is counted for who is connected, and for whom a trusted proxy speaks", () => {
  const direct = clientAddress([]);
  expect(direct(asked("203.0.113.7", "1.2.3.4"))).toBe("203.0.113.7");
  expect(direct(asked("::ffff:203.0.113.7"))).toBe("203.0.113.7");
  const behind = clientAddress(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);
  expect(behind(asked("127.0.0.1", "203.0.113.7"))).toBe("203.0.113.7");
  expect(behind(asked("fd00::1", "2001:db8::7, 10.1.2.3"))).toBe("2001:db8::7");
  // What a client says of itself is not believed: only the last address before the proxies counts.
  expect(behind(asked("127.0.0.1", "1.2.3.4, 203.0.113.7, 10.1.2.3"))).toBe("203.0.113.7");
  expect(behind(asked("203.0.113.7", "1.2.3.4"))).toBe("203.0.113.7");
  expect(behind(asked("127.0.0.1", "nonsense"))).toBe("127.0.0.1");
  expect(behind(asked("127.0.0.1"))).toBe("127.0.0.1");
});
