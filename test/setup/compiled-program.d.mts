import type { BuildOptions } from "esbuild";

export function buildProgram(from: string, to: string, options: BuildOptions): Promise<void>;
export function writeCodeCache(program: string): void;
