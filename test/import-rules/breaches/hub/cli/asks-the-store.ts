// breach: the-command-line-asks-as-everybody-does
import { feed } from "../feed.ts";

export const changes = feed;
