// breach: shipped-code-does-not-import-tests
import { fake } from "../test/fake.ts";

export const mine = fake;
