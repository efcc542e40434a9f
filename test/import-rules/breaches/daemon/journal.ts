import { site } from "../config/site.ts";

export const journal = site;
