/** What the file alone shows to be weak, though nothing in it is wrong. */
import { isLoopback } from "./fields.ts";
import type { SiteConfig } from "./site.schema.ts";

/** Sentences for the start log, `--check` and the site's warnings. */
export const configWarnings = (config: SiteConfig): string[] => [
  ...commandKeyWarnings(config),
  ...fencePathWarnings(config),
  ...sourceWarnings(config),
];

/** Whoever can publish to a broker that others reach commands this site, unless it knows its hub. */
function commandKeyWarnings({ mqtt }: SiteConfig): string[] {
  const { hostname } = new URL(mqtt.url);
  const isHere = isLoopback(hostname.replace(/^\[|\]$/g, ""));
  return mqtt.commandKeys.length > 0 || isHere
    ? []
    : [
        `no \`commandKeys\` are named under mqtt: whoever may publish to ${hostname} commands this site; \`understudy hub-key list\` says the hub's`,
      ];
}

/** Is the way to an outlet worth something when its box is in trouble? */
export function fencePathWarnings({ encoders, outlets }: SiteConfig): string[] {
  const unsaid: string[] = [];
  const shared = encoders.flatMap(({ id, outlet: outletId, network }) => {
    const outlet = outlets.find((known) => known.id === outletId);
    if (!outlet) return [];
    if (network === undefined || outlet.network === undefined) unsaid.push(id);
    return network !== undefined && network === outlet.network
      ? [
          `${id} and its outlet ${outlet.id} hang on the same switch (${network}): when that fails, neither answers`,
        ]
      : [];
  });
  const [first, ...more] = unsaid;
  if (first === undefined) return shared;
  const all = more.length > 0 ? `${first} and ${more.length} more` : first;
  return [
    ...shared,
    `no \`network\` is named for ${all} or the outlet: nobody can tell whether one switch takes both away`,
  ];
}

/** A lost input moves a programme only to a box that is known to be fed by the same source. */
function sourceWarnings({ encoders, streams }: SiteConfig): string[] {
  const sourceOf = new Map(encoders.map(({ id, source }) => [id, source]));
  return streams.flatMap(({ id, encoders: chosen }) => {
    const names = chosen.map(({ encoder }) => encoder);
    const without = names.filter((name) => sourceOf.get(name) === undefined);
    if (names.length < 2 || without.length === 0) return [];
    return [
      `${id}: no \`source\` is named for ${without.join(", ")}, so a lost input or a black picture never moves it there`,
    ];
  });
}
