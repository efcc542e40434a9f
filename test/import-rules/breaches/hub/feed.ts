import { EncoderState } from "../machines/contract.ts";
import { EncoderState as Same } from "../machines/encoder/encoder.contract.ts";
import type { Id } from "../machines/id.ts";

export const feed: Record<Id, unknown> = { EncoderState, Same };
