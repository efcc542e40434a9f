import type { SiteConfig } from "../../config/site.schema.ts";
import { uplinkSentence } from "../../config/uplink.ts";
import { configWarnings } from "../../config/warnings.ts";
import { engineNotes } from "./engine-notes.ts";
import { hardwareNotes } from "./hardware-notes.ts";

/** What is said of a file in which nothing is wrong, in sentences. */
export const checkNotes = ({ config, said }: { config: SiteConfig; said: readonly string[] }) => [
  ...[uplinkSentence(config), ...said, ...configWarnings(config)],
  ...[...hardwareNotes(config), ...engineNotes(config)],
];
