import { expect, test } from "vitest";
import { openGuard } from "../../../hub/webhooks/guard.ts";

const guard = openGuard(["10.1.0.0/16"]);

test.each(["8.8.4.4", "2606:4700::1111", "::ffff:8.8.4.4", "10.1.2.3", "::ffff:10.1.2.3"])(
  "the hub may be sent to %s",
  (address) => expect(guard.isAllowed(address)).toBe(true),
);

test.each(["10.2.0.1", "127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1"])(
  "the hub is not sent to %s",
  (address) => expect(guard.isAllowed(address)).toBe(false),
);
