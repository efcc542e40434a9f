/** Every kind of box that can be found on a network: one line here, `recognise.ts` in its folder. */
import { recogniseHelo } from "./aja-helo/recognise.ts";
import { recognisePearl } from "./epiphan-pearl/recognise.ts";
import { recogniseMagewell } from "./magewell/recognise.ts";
import { recogniseApc, recogniseRaritan, recogniseSentry3 } from "./pdu/recognise.ts";
import type { Recogniser } from "./recogniser.ts";
import { recogniseAgent } from "./snmp/recognise.ts";
import { recogniseSynology } from "./synology/recognise.ts";

/** In the order in which they are tried; what fits any agent comes last. */
export const recognisers: readonly Recogniser[] = [
  recogniseHelo,
  recogniseMagewell,
  recognisePearl,
  recogniseApc,
  recogniseRaritan,
  recogniseSentry3,
  recogniseSynology,
  recogniseAgent,
];
