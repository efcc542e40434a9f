// breach: shipped-code-needs-listed-packages
import { test } from "vitest";

export const mine = test;
