import { z } from "zod";

export const EncoderState = z.object({ state: z.string() });
