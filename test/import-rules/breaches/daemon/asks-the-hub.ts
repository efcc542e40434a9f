// breach: the-daemon-works-without-the-hub
import { feed } from "../hub/feed.ts";

export const mine = feed;
