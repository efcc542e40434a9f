import { setup } from "xstate";
import type { Id } from "../id.ts";

export const encoderMachine = setup({}).createMachine({ id: "encoder" satisfies Id });
