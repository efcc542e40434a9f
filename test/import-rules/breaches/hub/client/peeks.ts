// breach: the-client-stands-alone
import { feed } from "../feed.ts";

export const changes = feed;
