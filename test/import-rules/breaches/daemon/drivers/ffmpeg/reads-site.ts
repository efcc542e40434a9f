// breach: a-driver-knows-only-the-driver-contract
import { site } from "../../../config/site.ts";

export const mine = site;
