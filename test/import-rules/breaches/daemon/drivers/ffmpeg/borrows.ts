// breach: a-driver-knows-only-the-driver-contract
import { params } from "../aja-helo/params.ts";

export const borrowed = params;
