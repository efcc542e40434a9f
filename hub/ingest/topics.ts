import { parseTopic, type ParsedTopic } from "../../machines/contract.ts";

/** A site may speak on as many topics as it likes. */
const mostTopics = 200_000;

/** `parseTopic` that knows what it has been asked before: the same topics come again and again. */
export function openTopics(): typeof parseTopic {
  const known = new Map<string, ParsedTopic>();
  return (topic) => {
    const held = known.get(topic);
    if (held !== undefined) return held;
    const parsed = parseTopic(topic);
    if (known.size >= mostTopics) known.clear();
    if (parsed) known.set(topic, parsed);
    return parsed;
  };
}
