// breach: a-driver-knows-only-the-driver-contract
import { journal } from "../../journal.ts";

export const mine = journal;
