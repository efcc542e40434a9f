/** The encoders of the hub benches: 20 to a site. */
export const perSite = 20;
export const siteOf = (encoder: number): string => `site-${Math.floor(encoder / perSite)}`;
export const idOf = (encoder: number): string => `enc-${encoder % perSite}`;
export const refOf = (encoder: number): string => `${siteOf(encoder)}~${idOf(encoder)}`;
