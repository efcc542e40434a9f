import "./journal.ts";
