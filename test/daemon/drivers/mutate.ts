/** A small generator of random numbers (mulberry32), so that a failure can be repeated. */
export function randomFrom(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    chance: (likelihood: number) => next() < likelihood,
    below: (limit: number) => Math.floor(next() * limit),
    of: <T>(choices: readonly T[]): T => choices[Math.floor(next() * choices.length)] as T,
  };
}
export type Random = ReturnType<typeof randomFrom>;

const insteadOfValues: readonly (() => unknown)[] = [
  () => null,
  () => 1e308,
  () => -1e308,
  () => -1,
  () => 0,
  () => 0.5,
  () => 2 ** 53,
  () => 2 ** 31,
  () => true,
  () => "",
  () => "1e308",
  () => "NaN",
  () => "-1",
  () => "0x10",
  () => "x".repeat(20_000),
  () => "\u0000\ud800",
  () => "🎬",
  () => [],
  () => [[[[]]]],
  () => Array.from({ length: 5_000 }, () => ({})),
  () => ({}),
  () => JSON.parse('{"__proto__":{"polluted":1},"toString":1,"length":-1}') as unknown,
];

/** An answer as a broken or strange box could give it: one to three things in it are wrong. */
export function mutated(answer: string, random: Random): string {
  let text = answer;
  for (let faults = 1 + random.below(3); faults > 0; faults -= 1)
    text = random.chance(0.75) ? wrongValue(text, random) : wrongBytes(text, random);
  return text;
}

function wrongValue(text: string, random: Random): string {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return wrongBytes(text, random);
  }
  const places: { in: Record<string, unknown>; key: string }[] = [];
  const walk = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node).slice(0, 50)) {
      places.push({ in: node as Record<string, unknown>, key });
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(root);
  if (places.length === 0) return JSON.stringify(random.of(insteadOfValues)());
  const { in: parent, key } = random.of(places);
  if (random.chance(0.15)) delete parent[key];
  else if (random.chance(0.1)) parent[`${key} `] = parent[key];
  else parent[key] = random.of(insteadOfValues)();
  return JSON.stringify(root);
}

function wrongBytes(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const upTo = at + random.below(40);
  switch (random.below(4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(upTo);
    case 2:
      return text.slice(0, upTo) + text.slice(at);
    default:
      return `${text.slice(0, at)}${String.fromCharCode(random.below(0x300))}${text.slice(at + 1)}`;
  }
}
